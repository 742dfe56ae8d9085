"""The evaluated template of the launch role, with its boundary and the permissions of the roles of a launch."""

from __future__ import annotations

from typing import Any

import samples
from access.packs import BY_PACK

from smtemplates.evaluate import Stack

PACKS = [pack for pack in BY_PACK if pack != "SharedSpaces"]
# The boundary always allows this pack, whose actions roles without packs also have.
NO_PACKS = {"WorkflowPacks": "SharedSpaces"}


def stack_of(template: dict[str, Any], parameters: dict[str, str], region: str = "us-east-1") -> Stack:
    """Evaluate the template with these parameters, in a Region."""
    return Stack(
        template,
        parameters,
        pseudo={"AWS::AccountId": samples.ACCOUNT, "AWS::Region": region},
        physical=lambda name, attribute: attribute or name,
    )


def boundary_of(template: dict[str, Any], buckets: str = "", packs: str = "") -> dict[str, Any]:
    """Return the permissions boundary of the roles of launches."""
    parameters = {"BringableBucketArns": buckets, "LaunchWorkflowPacks": packs}
    boundary = stack_of(template, parameters).resources["LaunchBoundary"]
    document: dict[str, Any] = boundary["Properties"]["PolicyDocument"]
    return document


def allow_statements(stack: Stack) -> list[dict[str, Any]]:
    """Return all Allow statements of the roles of a launch."""
    listed = []
    for body in stack.resources.values():
        properties = body["Properties"]
        documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
        documents += [properties["PolicyDocument"]] if body["Type"] == "AWS::IAM::ManagedPolicy" else []
        listed += [each for policy in documents for each in policy["Statement"] if each["Effect"] == "Allow"]
    return listed
