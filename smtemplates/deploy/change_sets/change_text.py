"""Sentences on the change of a resource: the change itself, its cause, the data that it deletes, and its drift."""

from __future__ import annotations

from collections.abc import Sequence

from smtemplates.aws_data import deployments
from smtemplates.aws_data.data_loss import SNAPSHOT_TYPES, can_be_copied, contains_data, data_loss, snapshot_sentence
from smtemplates.deploy.change_sets.change_plan import Fate, PropertyChange, ResourceChange

TEXTS: dict[Fate, str] = {
    "create": "will be created",
    "update": "will be updated in place",
    "replace": "will be replaced",
    "may replace": "may be replaced",
    "delete": "will be deleted",
    "leave the stack": "will be retained and removed from the stack",
    "import": "exists already and will be imported into the stack",
    "record": "will not be changed, only the record of it in CloudFormation",
    "may change": "may change, depending on other resources",
}

# The words for values that a plan cannot show.
ABSENT = "(none)"
NOT_REPORTED = "not reported by AWS"
KNOWN_LATER = "known after the deployment"

# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html
DRIFT = {
    "MODIFIED": "It was changed outside CloudFormation.",
    "DELETED": "It was deleted outside CloudFormation.",
    "UNKNOWN": "AWS could not determine whether it was changed outside CloudFormation.",
    "UNSUPPORTED": "AWS cannot determine whether resources of this type were changed outside CloudFormation.",
}
NO_DRIFT = ("", "IN_SYNC", "NOT_CHECKED")

# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceDriftIgnoredAttribute.html
IGNORED = {
    "MANAGED_BY_AWS": "an AWS service manages it",
    "WRITE_ONLY_PROPERTY": "AWS does not return its value",
    "SENSITIVE_PROPERTY": "its value is sensitive",
}


def describe_change(change: ResourceChange) -> str:
    """Return a text on the effect of a change and its cause."""
    text = TEXTS[change.fate]
    if change.removes_stack_instances:
        text += ", and its stacks in the removed accounts, organizational units and Regions will be deleted"
    if change.keeps_old and change.fate in ("replace", "may replace"):
        text += ", and the existing resource will be retained outside the stack"
    causing = [item for item in change.properties if item.recreation != "Never"]
    if change.fate in ("replace", "may replace") and causing:
        named = ", ".join(
            f"{item.path.split('/')[-1]} changes" + (f" ({', '.join(item.causes)})" if item.causes else "")
            for item in causing
        )
        text += f", because {named}"
    return text


def warnings(change: ResourceChange) -> tuple[str, ...]:
    """Return sentences on the data that a change deletes, on new deployments, and on effects that cannot be seen."""
    found = [text for text in (lost_data(change), _redeployment(change)) if text]
    for lost in change.stack_set_losses:
        verb = "replaces" if lost.replaced else "deletes"
        text = f"In the stacks of stack set {change.id}, this change {verb} {lost.logical_id} ({lost.type})."
        found.append(f"{text} {data_loss(lost.type, lost.logical_id)}".rstrip())
    if change.unseen:
        found.append(f"The effect of this change cannot be seen. {change.unseen}")
    return tuple(found)


def lost_data(change: ResourceChange) -> str:
    """Return a sentence on the data that a change deletes; '' if it deletes none."""
    if change.keeps_old or change.fate not in ("delete", "replace", "may replace"):
        return ""
    loss = (snapshot_sentence if change.snapshot else data_loss)(change.type, change.id)
    if not loss or change.fate != "may replace" or not change.destructive:
        return loss if change.destructive else ""
    return f"If it is replaced: {loss}"


def path_of(item: PropertyChange) -> str:
    """Return the path of a property as in the template, such as Tags.0.Value."""
    return item.path.strip("/").removeprefix("Properties/").replace("/", ".")


def property_of(item: PropertyChange) -> str:
    """Return the name of the property of the resource that a path belongs to, such as Tags."""
    return path_of(item).partition(".")[0]


def is_reported(item: PropertyChange) -> bool:
    """Return whether AWS reports a value of a changed property, or that the value is not known yet."""
    return item.before is not None or item.after is not None or not item.known


def loses_data(change: ResourceChange) -> bool:
    """Return whether a change deletes data that the templates do not describe, also in the stacks of a stack set."""
    if change.removes_stack_instances or any(contains_data(lost.type) for lost in change.stack_set_losses):
        return True
    if not lost_data(change) or (change.snapshot and change.type in SNAPSHOT_TYPES):
        return False
    return contains_data(change.type)


def how_to_keep(change: ResourceChange) -> str:
    """Return a sentence on how to keep the data that a change deletes; '' if it deletes none.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatereplacepolicy.html
    """
    if not loses_data(change) or change.fate not in ("delete", "replace", "may replace"):
        return ""
    causes = {cause for item in change.properties if item.recreation != "Never" for cause in item.causes}
    parameters = sorted(cause.removeprefix("parameter ") for cause in causes if cause.startswith("parameter "))
    ways = ["copy it before you deploy"] if can_be_copied(change.type) else []
    if parameters:
        ways.append(f"leave {'parameter' if len(parameters) == 1 else 'parameters'} {joined(parameters)} unchanged")
    attribute = "DeletionPolicy" if change.fate == "delete" else "UpdateReplacePolicy"
    ways.append(f"first deploy the resource with {attribute}: Retain")
    return f"To keep the data, {', or '.join(ways)}."


def joined(words: Sequence[str]) -> str:
    """Return words as a list, such as "a, b and c"."""
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last


def _redeployment(change: ResourceChange) -> str:
    """Return a sentence on an update that deploys an endpoint again; '' for other changes."""
    path = f"/Properties/{deployments.PROPERTIES.get(change.type, '')}"
    if change.fate != "update" or not any(item.path == path for item in change.properties):
        return ""
    return deployments.redeployment(change.type, change.id)


def drift_notes(change: ResourceChange) -> tuple[str, ...]:
    """Return sentences on the drift of a resource and on attributes whose drift AWS ignores."""
    notes = [] if change.drift in NO_DRIFT else [DRIFT.get(change.drift, f"Its drift status is {change.drift}.")]
    notes += [
        f"AWS ignores the drift of {one.path.strip('/').replace('/', '.')}: {IGNORED.get(one.reason, one.reason)}."
        for one in change.ignored_drift
    ]
    return tuple(notes)
