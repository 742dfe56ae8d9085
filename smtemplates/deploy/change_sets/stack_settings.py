"""The settings of a stack itself: its tags, notification topics, rollback alarms, monitoring time and service role."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from smtemplates.deploy.operations import states
from smtemplates.deploy.operations.stack import Stack
from smtemplates.deploy.requests.request import Request

ALARM = "AWS::CloudWatch::Alarm"
SYSTEM_TAGS = "aws:"


@dataclass(frozen=True, kw_only=True)
class SettingChange:
    """The change of one setting of the stack itself.

    `name` is "tag KEY", "notification topics", "rollback alarms", "monitoring minutes" or "service role". `before` and
    `after` are a text, a list of ARNs or a number of minutes, or None if the setting is absent.
    """

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, kw_only=True)
class StackSettings:
    """The settings of a stack. `alarms` are the types of the rollback triggers by ARN."""

    tags: Mapping[str, str] = field(default_factory=dict)
    topics: tuple[str, ...] = ()
    alarms: Mapping[str, str] = field(default_factory=dict)
    monitoring_minutes: int = 0
    role_arn: str | None = None


def settings_of(stack: Stack | None) -> StackSettings:
    """Return the settings of a stack, without the tags that only AWS can change."""
    if stack is None:
        return StackSettings()
    return StackSettings(
        tags={key: value for key, value in stack.tags.items() if not key.startswith(SYSTEM_TAGS)},
        topics=stack.notification_arns,
        alarms=stack.rollback_alarms,
        monitoring_minutes=stack.monitoring_minutes,
        role_arn=stack.role_arn,
    )


def requested(request: Request, before: StackSettings, *, new: bool) -> StackSettings:
    """Return the settings that a stack has after a deployment.

    Settings that the request does not contain are unchanged. Tags in a parameter file are the complete set. The tags of
    this deployer are unchanged in any case: only a new stack gets them, because a tag that is added or removed later
    changes every resource of the stack, and replaces the resources whose tags cannot be updated.
    """
    settings = request.settings
    project = {states.PROJECT_TAG: request.project} if request.project else {}
    mark = {states.PRODUCT_TAG: "deploy", **project} if new else {}
    kept = {
        key: value
        for key, value in before.tags.items()
        if key in (states.PRODUCT_TAG, states.PROJECT_TAG) or not (settings.all_tags or key in settings.removed_tags)
    }
    after = replace(before, tags={**kept, **settings.tags, **mark})
    if request.notification_arns is not None:
        after = replace(after, topics=request.notification_arns)
    if request.rollback_alarms is not None:
        after = replace(after, alarms={arn: before.alarms.get(arn, ALARM) for arn in request.rollback_alarms})
    if request.monitoring_minutes is not None:
        after = replace(after, monitoring_minutes=request.monitoring_minutes)
    return replace(after, role_arn=request.role_arn or before.role_arn)


def arguments(request: Request, after: StackSettings) -> dict[str, Any]:
    """Return the arguments for these settings in a call of CreateChangeSet or UpdateStack.

    AWS keeps topics, triggers and the role if they are absent, and removes topics and triggers if the list is empty.
    It does not document this for absent tags in a change set, so they are always sent. A rollback configuration is
    sent as a whole, because an absent member could have its default value.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html
    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_RollbackConfiguration.html
    Source: https://github.com/aws/aws-cdk/pull/32163
    """
    sent: dict[str, Any] = {"Tags": [{"Key": key, "Value": value} for key, value in sorted(after.tags.items())]}
    if request.notification_arns is not None:
        sent["NotificationARNs"] = list(after.topics)
    if request.rollback_alarms is not None or request.monitoring_minutes is not None:
        triggers = [{"Arn": arn, "Type": kind} for arn, kind in after.alarms.items()]
        sent["RollbackConfiguration"] = {"RollbackTriggers": triggers}
        if request.monitoring_minutes is not None or after.monitoring_minutes:
            sent["RollbackConfiguration"]["MonitoringTimeInMinutes"] = after.monitoring_minutes
    if request.role_arn:
        sent["RoleARN"] = request.role_arn
    return sent


def described(answer: Mapping[str, Any], before: StackSettings) -> StackSettings:
    """Return the settings in an answer of DescribeChangeSet; an absent one is unchanged.

    AWS also returns an empty list of tags or topics for a change set that was created without them, and then keeps
    those of the stack. An empty list is therefore not shown as a removal.
    """
    after = before
    if tags := answer.get("Tags"):
        after = replace(after, tags={item["Key"]: item["Value"] for item in tags})
    if topics := answer.get("NotificationARNs"):
        after = replace(after, topics=tuple(topics))
    if rollback := answer.get("RollbackConfiguration"):
        if "RollbackTriggers" in rollback:
            after = replace(after, alarms={item["Arn"]: item["Type"] for item in rollback["RollbackTriggers"]})
        after = replace(after, monitoring_minutes=rollback.get("MonitoringTimeInMinutes", before.monitoring_minutes))
    return after


def changes(before: StackSettings, after: StackSettings, *, new: bool = False) -> tuple[SettingChange, ...]:
    """Return the settings that differ. The tags of a new stack are left out: a plan lists all tags anyway."""
    keys = [] if new else sorted(before.tags.keys() | after.tags.keys())
    found = [
        *((f"tag {key}", before.tags.get(key), after.tags.get(key)) for key in keys),
        ("notification topics", list(before.topics) or None, list(after.topics) or None),
        ("rollback alarms", list(before.alarms) or None, list(after.alarms) or None),
        ("monitoring minutes", before.monitoring_minutes, after.monitoring_minutes),
        ("service role", before.role_arn, after.role_arn),
    ]
    return tuple(SettingChange(name=name, before=one, after=other) for name, one, other in found if _differ(one, other))


def _differ(before: Any, after: Any) -> bool:
    """Return whether two values differ; the order of a list does not matter to AWS."""
    if isinstance(before, list) and isinstance(after, list):
        return sorted(before) != sorted(after)
    return bool(before != after)
