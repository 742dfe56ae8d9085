"""An AWS account for the SDKs: Moto, with a stand-in for IAM that answers from the policies of the execution role."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

import samples
from access.simulator import NO_REGION, Policies, Request, verdicts
from deploying.proxy import Proxy

Answer = tuple[int, list[tuple[str, str]], bytes]
ROLE_NAME = samples.physical("ExecutionRole", None)
ADMINISTRATOR = f"arn:aws:iam::{samples.ACCOUNT}:user/ana"
SESSION = f"arn:aws:sts::{samples.ACCOUNT}:assumed-role/{ROLE_NAME}/SageMaker"
# Calls that the SDKs make although the role does not allow them. The test checks this list with the policies.
REFUSED = frozenset({"ListBuckets", "SimulatePrincipalPolicy"})


class Account(Proxy):
    """Forwards calls to Moto. The access key of a caller is `role.NAME` or `administrator.NAME`; NAME is a stack."""

    def __init__(self, upstream: str, policies: Mapping[str, Policies]) -> None:
        super().__init__(upstream)
        self.policies = policies
        self.decisions: dict[tuple[str, str, str], bool] = {}

    def call_name(self, method: str, path: str, headers: dict[str, str], body: bytes) -> str:
        name = super().call_name(method, path, headers, body)
        return "ListBuckets" if method == "GET" and path.partition("?")[0] == "/" else name

    def answer(
        self, fault: str | None, call: str, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> Answer | None:
        """Return the answer of the stand-in, or of Moto."""
        caller, _, stack = headers["Authorization"].partition("Credential=")[2].partition("/")[0].partition(".")
        if call == "GetCallerIdentity":
            return _xml(call, f"<Arn>{SESSION if caller == 'role' else ADMINISTRATOR}</Arn>{_account()}")
        if call in REFUSED and caller == "role":
            error = f"<Error><Code>AccessDenied</Code><Message>{SESSION} may not call {call}</Message></Error>"
            return 403, [("Content-Type", "text/xml")], f"<ErrorResponse>{error}</ErrorResponse>".encode()
        if call == "SimulatePrincipalPolicy":
            return _xml(call, self.simulate(stack, parse_qs(body.decode())))
        found = super().answer(fault, call, method, path, headers, body)
        assert found is not None
        # Moto returns empty objects for unspecified parameters, which SDK 3 rejects
        return found[0], found[1], re.sub(rb', "(VpcConfig|DataCaptureConfig)": \{\}', b"", found[2])

    def simulate(self, stack: str, form: Mapping[str, list[str]]) -> str:
        """Return the results of a simulation, which has the context of the request only, so no Region."""
        names = [values[0] for key, values in form.items() if key.startswith("ActionNames.")]
        resource = form.get("ResourceArns.member.1", ["*"])[0]
        self.decide(stack, names, resource)
        results = "".join(
            f"<member><EvalActionName>{name}</EvalActionName><EvalResourceName>{escape(resource)}</EvalResourceName>"
            f"<EvalDecision>{'allowed' if self.decisions[stack, name, resource] else 'implicitDeny'}</EvalDecision>"
            "</member>"
            for name in names
        )
        return f"<IsTruncated>false</IsTruncated><EvaluationResults>{results}</EvaluationResults>"

    def decide(self, stack: str, names: list[str], resource: str) -> None:
        """Evaluate the actions that were not evaluated yet, in one process."""
        new = [name for name in names if (stack, name, resource) not in self.decisions]
        found = verdicts([(self.policies[stack], Request(name, resource, NO_REGION)) for name in new])
        self.decisions |= {(stack, name, resource): found[number] for number, name in enumerate(new)}


def _account() -> str:
    return f"<UserId>AIDACKCEVSQ6C2EXAMPLE</UserId><Account>{samples.ACCOUNT}</Account>"


def _xml(call: str, result: str) -> Answer:
    text = f"<{call}Response><{call}Result>{result}</{call}Result></{call}Response>"
    return 200, [("Content-Type", "text/xml")], text.encode()
