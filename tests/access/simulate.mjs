// Reads [{policies, principal, action, resource, account, context, resourcePolicy}] from standard input, where policies
// are statements, and writes one result for each request: "Allowed", "ImplicitlyDenied", "ExplicitlyDenied", or {error}.
import { readFileSync } from "node:fs";
import { runSimulation, runUnsafeSimulation } from "@cloud-copilot/iam-simulate";

const requests = JSON.parse(readFileSync(0, "utf8"));
const keyPolicy = (account) => ({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: "kms:*", Resource: "*" }],
});
const NOTHING = [{ Effect: "Deny", Action: "a4b:*", Resource: "*" }]; // a policy contains at least one statement
const verdicts = [];
for (const { policies, principal, action, resource, account, context, resourcePolicy } of requests) {
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
  if (found.resultType === "error") verdicts.push({ error: found.errors });
  // The data set lacks the policy variables of Studio, and the simulator ignores context keys that are not listed.
  else if ("sagemaker:UserProfileName" in context) verdicts.push(runUnsafeSimulation(simulation, {}));
  else verdicts.push(found.resultType === "single" ? found.result.analysis.result : found.overallResult);
}
process.stdout.write(JSON.stringify(verdicts));
