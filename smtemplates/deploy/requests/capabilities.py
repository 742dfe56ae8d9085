"""Determine the capabilities that a template requires, as far as its text shows them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from smtemplates.evaluate.sections import nested
from smtemplates.synth import declarations

IAM, NAMED_IAM, AUTO_EXPAND = "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"

# The resource types that require CAPABILITY_IAM, and the property that requires CAPABILITY_NAMED_IAM.
# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html (Capabilities)
IAM_NAMES = {
    "AWS::IAM::AccessKey": None,
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Policy": None,
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
    "AWS::IAM::UserToGroupAddition": None,
}

# The types of AWS SAM for which it generates roles or policies, and the property that replaces the role.
# Source: https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources.html
SAM_ROLES = {
    "AWS::Serverless::Function": "Role",
    "AWS::Serverless::StateMachine": "Role",
    "AWS::Serverless::CapacityProvider": "OperatorRole",
    "AWS::Serverless::Connector": None,
    "AWS::Serverless::GraphQLApi": None,
}


# The type, the properties and the whole declaration of a resource.
Resource: TypeAlias = tuple[str, Mapping[str, Any], Mapping[str, Any]]


def required(template: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the capabilities that a template requires.

    Only AWS knows the capabilities that nested stacks, modules, macros and included files require.
    """
    declared = list(_resources(template))
    needed = []
    if any(IAM_NAMES.get(type_) in properties for type_, properties, _ in declared):
        needed.append(NAMED_IAM)
    elif any(type_ in IAM_NAMES for type_, _, _ in declared) or _generates_roles(template, declared):
        needed.append(IAM)
    if template.get("Transform") or _contains(template, "Fn::Transform"):
        needed.append(AUTO_EXPAND)
    return tuple(needed)


def _resources(template: Mapping[str, Any]) -> Iterator[Resource]:
    """Yield the resources, also those in the loops of `Fn::ForEach`."""
    pending = [declarations.mapping(template.get("Resources"))]
    while pending:
        for name, body in pending.pop().items():
            if name.startswith("Fn::ForEach::") and isinstance(body, list):
                pending += [declarations.mapping(body[-1])] if body else []
            elif isinstance(declarations.mapping(body).get("Type"), str):
                yield body["Type"], declarations.mapping(body.get("Properties")), body


def _generates_roles(template: Mapping[str, Any], declared: list[Resource]) -> bool:
    """Return whether AWS SAM generates roles or policies for the resources."""
    globals_ = declarations.mapping(declarations.mapping(template.get("Globals")).get("Function"))
    return any(
        "Connectors" in body
        or (type_ in SAM_ROLES and _is_optional(SAM_ROLES[type_], properties))
        or (type_ == "AWS::Serverless::Function" and _has_deployment_role({**globals_, **properties}))
        or any(_has_event_role(type_, event) for event in declarations.entries(properties, "Events").values())
        for type_, properties, body in declared
    )


def _is_optional(role: str | None, properties: Mapping[str, Any]) -> bool:
    """Return whether a property that contains a role can be absent after all conditions are evaluated."""
    value = properties.get(role or "")
    return value is None or (_contains(value, "Fn::If") and "AWS::NoValue" in str(value))


def _has_deployment_role(function: Mapping[str, Any]) -> bool:
    preference = function.get("DeploymentPreference")
    return preference is not None and "Role" not in declarations.mapping(preference)


def _has_event_role(type_: str, event: Mapping[str, Any]) -> bool:
    """Return whether AWS SAM generates a role with which an event starts the function or the state machine."""
    if type_ == "AWS::Serverless::StateMachine" or event.get("Type") == "ScheduleV2":
        return "RoleArn" not in declarations.mapping(event.get("Properties"))
    return False


def _contains(value: Any, name: str) -> bool:
    return any(isinstance(part, dict) and name in part for part in nested(value))
