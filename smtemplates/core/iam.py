"""IAM statements and policy documents with awacs, short enough to read as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import awacs.sts
from awacs.aws import Action, Allow, Condition, Deny, Principal, Statement, StringEquals
from troposphere import AWS_ACCOUNT_ID, AWS_REGION, AWSHelperFn, If, Ref, Sub

# A statement. awacs accepts no intrinsic function as Resource or Condition, so such a statement is a plain mapping.
Grant = Statement | dict[str, Any]


def actions(service: str, *names: str) -> list[Action]:
    """Return several actions of one service."""
    return [Action(service, name) for name in names]


def allow(
    sid: str,
    what: Sequence[Action],
    resources: Sequence[Any] | AWSHelperFn,
    condition: Condition | If | None = None,
) -> Grant:
    """Build a statement that allows actions on resources."""
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
    """Build a statement that denies actions on all resources if the condition is true."""
    return Statement(Sid=sid, Effect=Deny, Action=list(what), Resource=["*"], Condition=condition)


def policy_document(*statements: Grant | If) -> dict[str, Any]:
    """Build a policy document. It is a plain mapping, because awacs accepts no statement inside Fn::If."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def regional_arns(service: str, *resources: str, **values: Any) -> list[Sub]:
    """Return the ARNs of resources of a service in this account and Region.

    Pass everything except pseudo parameters as a value. Linters resolve pseudo parameters first, and do not try all
    combinations of Regions for a value that they cannot resolve then.
    """
    prefix = f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:"
    return [Sub(prefix + name, **values) for name in resources]


def in_this_region() -> Condition:
    """Build a condition: the request is for this Region. Use it for actions whose resources have no Region.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    return Condition(StringEquals({"aws:RequestedRegion": Ref(AWS_REGION)}))


def trust_policy(service: str, condition: Condition | None = None) -> dict[str, Any]:
    """Build a trust policy that allows a service to assume the role."""
    more = {"Condition": condition} if condition else {}
    return policy_document(
        Statement(Effect=Allow, Principal=Principal("Service", service), Action=[awacs.sts.AssumeRole], **more)
    )


def for_this_account() -> Condition:
    """Build a condition: the service acts for a resource of this account. It prevents a confused deputy.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/security-confused-deputy-prevention.html
    """
    return Condition(StringEquals({"aws:SourceAccount": Ref(AWS_ACCOUNT_ID)}))
