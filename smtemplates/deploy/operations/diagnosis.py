"""Explain why an operation failed: the first cause, also in nested stacks, and the log of a custom resource."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from smtemplates.aws.errors import CloudError, sentence
from smtemplates.aws.session import Cloud
from smtemplates.console import program
from smtemplates.deploy.operations import causes, events
from smtemplates.deploy.operations.causes import Cause
from smtemplates.deploy.operations.events import STACK_TYPE, Event
from smtemplates.deploy.operations.stack import find
from smtemplates.deploy.operations.watcher import Watch

LOG_LINES = 12
MOST_LEVELS = 20
STACK_ARN = re.compile(r"arn:aws[a-z-]*:cloudformation:[^:\s]+:\d+:stack/[^\s,]+")

# AWS writes this reason for a call of DeleteStack, and another one if it deletes a stack because its creation failed.
REQUESTED = "User Initiated"


@dataclass(frozen=True, kw_only=True)
class Located:
    """A cause, the logical IDs from the stack down to it, and the events of all stacks on the way.

    `unread` is the reason why the events of a nested stack could not be read, or ''.
    """

    cause: Cause
    path: tuple[str, ...]
    events: tuple[Event, ...]
    unread: str = ""


def explain(cloud: Cloud, watch: Watch) -> str:
    """Return the first cause of a failure and what to do, in a few lines."""
    found = _operation(cloud, watch)
    cause = causes.first_cause(found, tokens=watch.tokens or None)
    if cause is None:
        return _without_cause(cloud, watch, found)
    lines = _lines(cloud, "The first cause is", _leaf(cloud, found, cause))
    if later := causes.later_cause(found, cause):
        undoing = "deletion" if found[-1].status.startswith("DELETE") else "rollback"
        lines += _lines(cloud, f"The {undoing} failed too. Its first cause is", _leaf(cloud, found, later))
    return "\n".join(lines)


def _without_cause(cloud: Cloud, watch: Watch, found: Sequence[Event]) -> str:
    """Return the last reason that AWS returned anywhere, for an operation without an event that contains a cause."""
    try:
        stack = find(cloud, watch.stack_id)
    except CloudError:
        stack = None
    status_reason = "" if stack is None or causes.ROUTINE.match(stack.reason) else stack.reason
    reason = cloud.masked(status_reason or causes.last_reason(found))
    if not reason:
        return (
            f"AWS returned no reason. To see the events, run: {program.command('status', watch.stack_id.split('/')[1])}"
        )
    lines = ["AWS reported no failed resource.", f"  Last reason from AWS: {reason}"]
    if advice := causes.advice(reason):
        lines.append(f"  What to do: {advice}")
    return "\n".join(lines)


def _lines(cloud: Cloud, intro: str, located: Located) -> list[str]:
    cause, event = located.cause, located.cause.event
    if event.deletes_stack:
        lines = [f"{intro} a deletion of the stack that this run did not start ({event.time:%Y-%m-%d %H:%M:%S %Z})."]
        advice: str | None = "Find the caller of DeleteStack in AWS CloudTrail. Then deploy again."
    elif not located.path:
        lines = [f"{intro} the stack itself, not a resource ({event.status})."]
        advice = cause.advice
    else:
        place = f", property {cause.property}" if cause.property else ""
        lines = [f"{intro} {'/'.join(located.path)} ({event.type}){place}."]
        advice = cause.advice
    lines.append(f"  Reason from AWS: {cloud.masked(cause.reason) or 'none'}")
    if located.unread:
        lines.append(f"  The events of this nested stack could not be read. {sentence(located.unread)}")
    if advice:
        lines.append(f"  What to do: {advice}")
    return lines + [f"  Log: {line}" for line in log_lines(cloud, located.events, cause)]


def _leaf(cloud: Cloud, found: Sequence[Event], cause: Cause) -> Located:
    """Return the cause in the nested stack in which the failure began, at most MOST_LEVELS down.

    The events of a nested stack are read by its ARN, which works after its deletion too.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackEvents.html
    """
    path = [] if cause.event.of_stack else [cause.event.logical_id]
    known, began = list(found), found[0].time
    for _ in range(MOST_LEVELS):
        nested = None if cause.event.of_stack else _nested_stack(cause.event, known)
        if nested is None:
            break
        try:
            inside = _since(cloud, nested, began)
        except CloudError as error:
            return Located(cause=cause, path=tuple(path), events=tuple(known), unread=str(error))
        inner = causes.first_cause(inside)
        if inner is None:
            break
        cause, known = inner, [*known, *inside]
        path += [] if cause.event.of_stack else [cause.event.logical_id]
    return Located(cause=cause, path=tuple(path), events=tuple(known))


def _nested_stack(event: Event, known: Sequence[Event]) -> str | None:
    """Return the ARN of the nested stack of an event; None for another resource, or if AWS has not created it."""
    if event.type != STACK_TYPE:
        return None
    named = [one.physical_id for one in (*known, event) if one.logical_id == event.logical_id and one.physical_id]
    found = STACK_ARN.search(" ".join([*named[-1:], event.reason]))
    return found.group() if found else None


def _since(cloud: Cloud, stack_id: str, began: datetime) -> list[Event]:
    """Return the events of a stack since a time, oldest first."""
    found = []
    for event in _newest_first(cloud, stack_id):
        if event.time < began:
            break
        found.append(event)
    return events.oldest_first(found)


def _operation(cloud: Cloud, watch: Watch) -> list[Event]:
    """Return the events of the operation, oldest first, with those before the first look of the watch.

    If AWS deletes a stack because its creation failed, the first look can find the deletion in progress already. The
    events of the creation are then read here.
    """
    known = watch.events
    if known and (watch.cancelled or not known[0].deletes_stack or known[0].reason == REQUESTED):
        return known
    found, deletion = [], 0
    try:
        for event in _newest_first(cloud, watch.stack_id):
            found.append(event)
            if event.starts and not event.deletes_stack:
                break
            if event.deletes_stack and not deletion:
                deletion = len(found)
    except CloudError:
        return known
    # the creation belongs to the operation if this run started it, or if AWS started the deletion itself
    if deletion and found[-1].token not in watch.tokens and found[deletion - 1].reason in ("", REQUESTED):
        found = found[:deletion]
    return events.oldest_first(found) or known


def _newest_first(cloud: Cloud, stack_id: str) -> Iterator[Event]:
    items = cloud.pages("cloudformation", "describe_stack_events", "StackEvents", StackName=stack_id)
    return (events.read(item) for item in items)


def log_lines(cloud: Cloud, all_events: Sequence[Event], cause: Cause) -> list[str]:
    """Return the last lines of the log of a custom resource; empty for other resources or without a log."""
    if "Custom" not in cause.event.type.split("::")[0] and not cause.event.type.endswith("CustomResource"):
        return []
    stream = causes.log_stream(cause.event.reason)
    functions = {
        event.physical_id for event in all_events if event.type == "AWS::Lambda::Function" and event.physical_id
    }
    groups = {event.physical_id for event in all_events if event.type == "AWS::Logs::LogGroup" and event.physical_id}
    for group in sorted({f"/aws/lambda/{name}" for name in functions} | groups):
        found = _lines_of(cloud, group, stream)
        if found:
            return found[-LOG_LINES:]
    return []


def _lines_of(cloud: Cloud, group: str, stream: str | None) -> list[str]:
    arguments = {"logGroupName": group, **({"logStreamNames": [stream]} if stream else {})}
    try:
        answer = cloud.call("logs", "filter_log_events", **arguments)
    except CloudError:
        return []
    return [cloud.masked(item["message"]).rstrip() for item in answer["events"] if item.get("message", "").strip()]
