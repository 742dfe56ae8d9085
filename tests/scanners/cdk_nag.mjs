// Reads templates from standard input. Writes the rules that apply to a resource, and each violation:
// {checked: [rule], violations: [[index of the template, rule, logical ID]]}.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, Stack } from "aws-cdk-lib";
import { CfnInclude } from "aws-cdk-lib/cloudformation-include";
import { AwsSolutionsChecks, NIST80053R5Checks, NagRuleCompliance } from "cdk-nag";

const checked = new Set();
const violations = [];

// Without this method, a pack reports neither the rules that a resource passes nor the errors of rules.
function applyRule(index) {
  return function ({ ruleSuffixOverride, rule, node }) {
    const result = rule(node);
    if (result === NagRuleCompliance.NOT_APPLICABLE) return;
    const id = `${this.packName}-${ruleSuffixOverride ?? rule.name}`;
    checked.add(id);
    // A rule with several findings returns a list of them.
    const passed = Array.isArray(result) ? result.length === 0 : result === NagRuleCompliance.COMPLIANT;
    if (!passed) violations.push([index, id, node.node.id]);
  };
}

const folder = mkdtempSync(join(tmpdir(), "cdk-nag-"));
try {
  JSON.parse(readFileSync(0, "utf8")).forEach((template, index) => {
    const templateFile = join(folder, `${index}.json`);
    writeFileSync(templateFile, JSON.stringify(template));
    const stack = new Stack(new App(), "Stack");
    new CfnInclude(stack, "Template", { templateFile });
    for (const pack of [new AwsSolutionsChecks(), new NIST80053R5Checks()]) {
      pack.applyRule = applyRule(index);
      pack.validateScope(stack);
    }
  });
} finally {
  rmSync(folder, { recursive: true });
}
process.stdout.write(JSON.stringify({ checked: [...checked].sort(), violations }));
