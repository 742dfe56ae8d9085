"""Read the findings of AWS on a change set: validations, hooks and provisioning errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from smtemplates.aws.errors import DENIED, TRANSIENT, CloudError, sentence
from smtemplates.aws.session import Cloud
from smtemplates.deploy.operations import causes

Source = Literal["validation", "hook", "provisioning"]

# The event types with findings, and where each stores its reason.
# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_OperationEvent.html
SOURCES: dict[str, tuple[Source, str]] = {
    "VALIDATION_ERROR": ("validation", "ValidationStatusReason"),
    "HOOK_INVOCATION_ERROR": ("hook", "HookStatusReason"),
    "PROVISIONING_ERROR": ("provisioning", "ResourceStatusReason"),
}

FAILED_HOOKS = ("HOOK_COMPLETE_FAILED", "HOOK_FAILED")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A finding of AWS on a change set; `fatal` if the execution of the change set would fail.

    `path` is the path in the template, or '' if AWS returned none. `name` is the name of the validation, or the type
    of the hook.
    """

    resource: str
    path: str
    reason: str
    fatal: bool
    source: Source = "validation"
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Validation:
    """The findings on a change set; `unread` is the reason why AWS did not return them, or ''."""

    findings: tuple[Finding, ...] = ()
    unread: str = ""

    def causes(self) -> tuple[Finding, ...]:
        """Return the findings because of which AWS could not create the change set."""
        return tuple(one for one in self.findings if one.fatal or one.source == "provisioning") or self.findings


def read_validation(cloud: Cloud, change_set_id: str) -> Validation:
    """Return the findings on a change set, also on one that AWS could not create.

    `change_set_id` is its ARN: AWS does not accept the name alone.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/validate-stack-deployments.html
    Source: https://github.com/aws-cloudformation/cloudformation-cli/issues/1116
    """
    try:
        items = list(cloud.pages("cloudformation", "describe_events", "OperationEvents", ChangeSetName=change_set_id))
    except CloudError as error:
        # an endpoint that does not know this operation has no findings
        return Validation(unread=str(error) if error.code in DENIED | TRANSIENT else "")
    found = [_finding(cloud, item) for item in items if item.get("EventType") in SOURCES]
    return Validation(findings=tuple(dict.fromkeys(found)))


def with_hook_results(cloud: Cloud, change_set_id: str, reason: str, found: Validation) -> Validation:
    """Return the findings on a change set that AWS could not create, with those of Hooks that are not in its events.

    `reason` is the reason of AWS, which names the Hooks.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListHookResults.html
    Source: https://github.com/aws/aws-cdk-cli/pull/1768
    """
    if "hook" not in reason.lower() or any(one.fatal for one in found.findings):
        return found
    target = {"TargetType": "CHANGE_SET", "TargetId": change_set_id}
    try:
        items = list(cloud.pages("cloudformation", "list_hook_results", "HookResults", **target))
    except CloudError as error:
        return found if found.findings else replace(found, unread=found.unread or str(error))
    hooks = tuple(
        Finding(
            resource="",
            path="",
            reason=cloud.masked(item.get("HookStatusReason", "")),
            fatal=True,
            source="hook",
            name=item.get("TypeName", ""),
        )
        for item in items
        if item.get("Status") in FAILED_HOOKS and item.get("FailureMode") == "FAIL"
    )
    return replace(found, findings=found.findings + hooks)


def _finding(cloud: Cloud, item: Mapping[str, Any]) -> Finding:
    source, reason = SOURCES[item["EventType"]]
    return Finding(
        resource=item.get("LogicalResourceId", ""),
        path=item.get("ValidationPath", ""),
        reason=cloud.masked(item.get(reason) or item.get("ResourceStatusReason") or ""),
        fatal=_fatal(source, item),
        source=source,
        name=item.get("HookType" if source == "hook" else "ValidationName", ""),
    )


def _fatal(source: Source, item: Mapping[str, Any]) -> bool:
    """Return whether an event means that the execution of the change set would fail.

    A validation can also be skipped, and a validation or hook can be configured to warn only. A provisioning error
    belongs to a change set that AWS could not create; it does not predict the result of another one.
    """
    if source == "validation":
        return item.get("ValidationStatus") == "FAILED" and item.get("ValidationFailureMode") == "FAIL"
    return (
        source == "hook"
        and item.get("HookFailureMode") == "FAIL"
        and item.get("HookStatus", FAILED_HOOKS[0]) in FAILED_HOOKS
    )


def describe_finding(one: Finding) -> str:
    """Return a finding in one line: the resource, the path, the reason, and the name of the validation or hook."""
    place = " ".join(filter(None, (one.resource, one.path)))
    name = {"hook": f" (hook {one.name})", "validation": f" ({one.name})"}.get(one.source, "") if one.name else ""
    return f"{place + ': ' if place else ''}{one.reason or 'AWS returned no reason'}{name}"


def refusal(reason: str, found: Validation) -> str:
    """Return a message on a change set that AWS could not create, with the reasons of validations and hooks."""
    lines = [f"AWS could not create the change set: {sentence(reason or 'AWS returned no reason')}"]
    lines += [f"  {describe_finding(one)}" for one in found.causes()]
    if found.unread:
        lines.append(f"The findings of validations and hooks could not be read. {found.unread}")
    advice = causes.missing_capabilities(reason) or "Correct the template or the parameters, then repeat this command."
    lines.append(f"Nothing was changed. {advice}")
    return "\n".join(lines)
