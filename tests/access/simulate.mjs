// Reads lines of [{policies, principal, action, resource, account, context, resourcePolicy}], where policies are
// statements, and writes a line of JSON for each, with one result for each request: "Allowed", "ImplicitlyDenied",
// "ExplicitlyDenied", or {error}.
import { createInterface } from "node:readline";
import { runSimulation, runUnsafeSimulation } from "@cloud-copilot/iam-simulate";

const keyPolicy = (account) => ({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: "kms:*", Resource: "*" }],
});
const NOTHING = [{ Effect: "Deny", Action: "a4b:*", Resource: "*" }]; // a policy contains at least one statement

async function simulated({ policies, principal, action, resource, account, context, resourcePolicy }) {
  const policy = { Version: "2012-10-17", Statement: policies.length ? policies : NOTHING };
  const identityPolicies = [{ name: "all", policy }];
  const simulation = {
    identityPolicies,
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    request: { action, principal, resource: { resource, accountId: account }, contextVariables: context },
    // The key policy must delegate decisions to IAM policies, as that of the workspace does.
    ...(resourcePolicy || action.startsWith("kms:") ? { resourcePolicy: resourcePolicy ?? keyPolicy(account) } : {}),
  };
  const found = await runSimulation(simulation, {});
  if (found.resultType === "error") return { error: found.errors };
  // The data set lacks the policy variables of Studio, and the simulator ignores context keys that are not listed.
  if ("sagemaker:UserProfileName" in context) return runUnsafeSimulation(simulation, {});
  return found.resultType === "single" ? found.result.analysis.result : found.overallResult;
}

for await (const line of createInterface({ input: process.stdin })) {
  const verdicts = [];
  for (const request of JSON.parse(line)) verdicts.push(await simulated(request));
  process.stdout.write(`${JSON.stringify(verdicts)}\n`);
}
