"""Check that the execution role of a workspace does not need more managed policies than IAM allows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from smtemplates.errors import Error
from smtemplates.evaluate import Stack
from smtemplates.synth import declarations

ROLE = "ExecutionRole"
MOST = 10
"""Managed policies of a role by default. Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""


def problems(template: Mapping[str, Any], values: Mapping[str, str], region: str) -> Iterator[str]:
    """Yield a sentence if the role of a workspace would have too many policies. `values` are those of its parameters.

    CloudFormation would otherwise find this only while it attaches the policies.
    """
    with suppress(Error):  # reported by the check of the parameters
        stack = Stack(template, values, pseudo={"AWS::Region": region})
        role = stack.resources.get(ROLE, {}).get("Properties", {})
        arns = role.get("ManagedPolicyArns", [])
        names = [name for name in stack.resources if _attaches(declarations.resources(template)[name])]
        if isinstance(arns, list) and len(names) + len(arns) > MOST:
            yield (
                f"The execution role would have {len(names) + len(arns)} managed policies, but IAM allows {MOST} by "
                f"default. The stack creates {', '.join(names)}. The parameters add {', '.join(map(str, arns))}. "
                "Remove policies from AdditionalPolicyArns, or packs from WorkflowPacks."
            )


def _attaches(resource: Mapping[str, Any]) -> bool:
    """Return whether a resource is a policy that attaches itself to the role."""
    roles = resource.get("Properties", {}).get("Roles", [])
    return resource.get("Type") == "AWS::IAM::ManagedPolicy" and {"Ref": ROLE} in roles
