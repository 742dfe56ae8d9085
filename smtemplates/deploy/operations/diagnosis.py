"""Explain why an operation failed: the first cause, and the log of the custom resource if it was one."""

from __future__ import annotations

from smtemplates.aws.errors import CloudError
from smtemplates.aws.session import Cloud
from smtemplates.deploy.operations import events
from smtemplates.deploy.operations.events import Cause, Event
from smtemplates.deploy.operations.watcher import Watch
from smtemplates.deploy.wording import PROGRAM

LOG_LINES = 12


def explain(cloud: Cloud, watch: Watch) -> str:
    """Return the first cause of a failure and what to do, in a few lines."""
    cause = events.first_cause(watch.events)
    if cause is None:
        return f"AWS returned no reason. To see the events, run: {PROGRAM} status {watch.stack_id.split('/')[1]}"
    event = cause.event
    located = f", property {cause.property}" if cause.property else ""
    lines = [f"The first cause is {event.logical_id} ({event.type}){located}."]
    lines.append(f"  Reason from AWS: {event.reason or 'none'}")
    if cause.advice:
        lines.append(f"  What to do: {cause.advice}")
    lines += [f"  Log: {line}" for line in log_lines(cloud, watch.events, cause)]
    return "\n".join(lines)


def log_lines(cloud: Cloud, all_events: list[Event], cause: Cause) -> list[str]:
    """Return the last lines of the log of a custom resource; empty for other resources or without a log."""
    if "Custom" not in cause.event.type.split("::")[0] and not cause.event.type.endswith("CustomResource"):
        return []
    stream = events.log_stream(cause.event.reason)
    functions = {
        event.physical_id for event in all_events if event.type == "AWS::Lambda::Function" and event.physical_id
    }
    groups = {event.physical_id for event in all_events if event.type == "AWS::Logs::LogGroup" and event.physical_id}
    for group in sorted({f"/aws/lambda/{name}" for name in functions} | groups):
        found = _lines(cloud, group, stream)
        if found:
            return found[-LOG_LINES:]
    return []


def _lines(cloud: Cloud, group: str, stream: str | None) -> list[str]:
    arguments = {"logGroupName": group, **({"logStreamNames": [stream]} if stream else {})}
    try:
        answer = cloud.call("logs", "filter_log_events", **arguments)
    except CloudError:
        return []
    return [cloud.masked(item["message"]).rstrip() for item in answer["events"] if item.get("message", "").strip()]
