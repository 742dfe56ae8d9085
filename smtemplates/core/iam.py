"""IAM statements with awacs, short enough to read as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import awacs.sts
from awacs.aws import Action, Allow, Condition, Deny, Principal, Statement, StringEquals
from troposphere import AWS_ACCOUNT_ID, AWS_REGION, AWSHelperFn, If, Ref, Sub

# A statement; one with a function in place of resources or condition is a plain mapping: awacs takes none there.
Grant = Statement | dict[str, Any]


def actions(service: str, *names: str) -> list[Action]:
    """Name several actions of one service."""
    return [Action(service, name) for name in names]


def allow(
    sid: str,
    what: Sequence[Action],
    resources: Sequence[Any] | AWSHelperFn,
    condition: Condition | If | None = None,
) -> Grant:
    """Allow actions on resources."""
    statement: dict[str, Any] = {
        "Sid": sid,
        "Effect": Allow,
        "Action": list(what),
        "Resource": resources if isinstance(resources, AWSHelperFn) else list(resources),
    }
    if condition:
        statement["Condition"] = condition
    return statement if any(isinstance(value, AWSHelperFn) for value in statement.values()) else Statement(**statement)


def deny(sid: str, what: Sequence[Action], condition: Condition) -> Grant:
    """Deny actions on everything where the condition holds."""
    return Statement(Sid=sid, Effect=Deny, Action=list(what), Resource=["*"], Condition=condition)


def document(*statements: Grant | If) -> dict[str, Any]:
    """Join statements; one behind Fn::If makes this a plain mapping, for awacs takes statements only."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def regional(service: str, *resources: str, **values: Any) -> list[Sub]:
    """Name resources of a service in this account and Region.

    What is not a pseudo parameter comes as a value: validators resolve those first, and try no combination of Regions
    for what they then cannot resolve.
    """
    here = f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:"
    return [Sub(here + name, **values) for name in resources]


def this_region() -> Condition:
    """Hold for requests to this Region only, for actions that take no resource with a Region in its name.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    return Condition(StringEquals({"aws:RequestedRegion": Ref(AWS_REGION)}))


def trust(service: str, condition: Condition | None = None) -> dict[str, Any]:
    """Let a service assume a role."""
    more = {"Condition": condition} if condition else {}
    return document(
        Statement(Effect=Allow, Principal=Principal("Service", service), Action=[awacs.sts.AssumeRole], **more)
    )


def this_account() -> Condition:
    """Hold for requests on behalf of this account's resources only (no confused deputy).

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/security-confused-deputy-prevention.html
    """
    return Condition(StringEquals({"aws:SourceAccount": Ref(AWS_ACCOUNT_ID)}))
