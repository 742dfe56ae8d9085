"""Check that the execution role of a workspace does not need more managed policies than IAM allows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from typing import Any

from smtemplates.errors import Error
from smtemplates.evaluate import Stack
from smtemplates.synth import declarations

ROLE, TYPE = "ExecutionRole", "AWS::IAM::ManagedPolicy"
MOST = 10
"""Managed policies of a role by default. Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""


def problems(
    template: Mapping[str, Any], values: Mapping[str, str], region: str, removed: Collection[str] = ()
) -> Iterator[str]:
    """Yield a sentence if the role of a workspace would have too many policies. `values` are those of its parameters.

    CloudFormation would otherwise find this only while it attaches the policies. `removed` are the policies that an
    update deletes. CloudFormation deletes them last, so the role has them together with the new ones.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
    """
    with suppress(Error):  # reported by the check of the parameters
        stack = Stack(template, values, pseudo={"AWS::Region": region})
        role = stack.resources.get(ROLE, {}).get("Properties", {})
        arns = role.get("ManagedPolicyArns", [])
        names = [name for name in stack.resources if _attaches(declarations.resources(template)[name])]
        total = len(names) + len(arns) if isinstance(arns, list) else 0
        if total > MOST:
            yield (
                f"The execution role would have {total} managed policies, but IAM allows {MOST} by "
                f"default. The stack creates {', '.join(names)}. The parameters add {', '.join(map(str, arns))}. "
                "Remove policies from AdditionalPolicyArns, or packs from WorkflowPacks."
            )
        elif total and total + len(removed) > MOST:
            yield (
                f"During the update, the execution role would have {total + len(removed)} managed policies, but IAM "
                f"allows {MOST} by default: CloudFormation deletes {', '.join(removed)} only after it has created all "
                "others. Update the stack twice: first without new entries in WorkflowPacks and AdditionalPolicyArns "
                "and without Isolation=Project, and then with them."
            )


def _attaches(resource: Mapping[str, Any]) -> bool:
    """Return whether a resource is a policy that attaches itself to the role."""
    roles = resource.get("Properties", {}).get("Roles", [])
    return resource.get("Type") == TYPE and {"Ref": ROLE} in roles
