// Reads {policies: {id: {name: document}}, requests: [{policies, action, resource, account, context}]} from standard
// input and writes one verdict a request: "Allowed", "ImplicitlyDenied", "ExplicitlyDenied", or {error}.
import { readFileSync } from "node:fs";
import { runSimulation, runUnsafeSimulation } from "@cloud-copilot/iam-simulate";

const { policies, requests } = JSON.parse(readFileSync(0, "utf8"));
const iamDecides = (account) => ({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: "kms:*", Resource: "*" }],
});
const verdicts = [];
for (const { policies: id, principal, action, resource, account, context } of requests) {
  const identityPolicies = Object.entries(policies[id]).map(([name, policy]) => ({ name, policy }));
  const simulation = {
    identityPolicies,
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    request: { action, principal, resource: { resource, accountId: account }, contextVariables: context },
    // a key's own policy must let IAM decide, and the workspace's does
    ...(action.startsWith("kms:") ? { resourcePolicy: iamDecides(account) } : {}),
  };
  const found = await runSimulation(simulation, {});
  if (found.resultType === "error") verdicts.push({ error: found.errors });
  // the data set lists no policy variables of Studio's, and a key that it does not list for an action is dropped
  else if ("sagemaker:UserProfileName" in context) verdicts.push(runUnsafeSimulation(simulation, {}));
  else verdicts.push(found.resultType === "single" ? found.result.analysis.result : found.overallResult);
}
process.stdout.write(JSON.stringify(verdicts));
