// Reads {policies: {id: {name: document}}, requests: [{policies, action, resource, account, context}]} from standard
// input and writes one verdict a request: "Allowed", "ImplicitlyDenied", "ExplicitlyDenied", or {error}.
import { readFileSync } from "node:fs";
import { runSimulation } from "@cloud-copilot/iam-simulate";

const { policies, requests } = JSON.parse(readFileSync(0, "utf8"));
const verdicts = [];
for (const { policies: id, principal, action, resource, account, context } of requests) {
  const identityPolicies = Object.entries(policies[id]).map(([name, policy]) => ({ name, policy }));
  const found = await runSimulation(
    {
      identityPolicies,
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      request: { action, principal, resource: { resource, accountId: account }, contextVariables: context },
    },
    {},
  );
  const decided = found.resultType === "single" ? found.result.analysis : found.overallResult && { result: found.overallResult };
  verdicts.push(found.resultType === "error" ? { error: found.errors } : decided.result);
}
process.stdout.write(JSON.stringify(verdicts));
