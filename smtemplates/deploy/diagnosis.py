"""Say why an operation failed: the first cause, and what the custom resource itself had logged."""

from __future__ import annotations

from smtemplates.aws.errors import CloudError
from smtemplates.aws.session import Cloud
from smtemplates.deploy import events
from smtemplates.deploy.events import Cause, Event
from smtemplates.deploy.watcher import Watch

LOG_LINES = 12


def explain(cloud: Cloud, watch: Watch) -> str:
    """Return the first cause and what to do, in a few lines."""
    cause = events.first_cause(watch.events)
    if cause is None:
        return f"AWS gives no reason; see its events with: scripts/deploy.py status {watch.stack_id.split('/')[1]}"
    event = cause.event
    lines = [f"the first cause is {event.logical_id} ({event.type})"]
    lines[0] += f", property {cause.property}" if cause.property else ""
    lines.append(f"  AWS says: {event.reason or 'nothing'}")
    if cause.advice:
        lines.append(f"  what to do: {cause.advice}")
    lines += [f"  log: {line}" for line in logged(cloud, watch.events, cause)]
    return "\n".join(lines)


def logged(cloud: Cloud, all_events: list[Event], cause: Cause) -> list[str]:
    """Fetch the last lines that a custom resource logged, if it is one and its log is still there."""
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
