"""Find the first cause of a failed operation in its events."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from smtemplates.aws.errors import CloudError, sentence
from smtemplates.console import program
from smtemplates.deploy.operations.events import Event

# What to do about a failure, by a regular expression for the reason. The first match counts.
ADVICE = (
    (
        r"following hook\(s\)|^Hook \S+::",
        (
            "A CloudFormation Hook of this account rejected the change. Change the template or the parameters, or "
            "contact the owner of the Hook."
        ),
    ),
    (
        r"\b(?-i:ALARM)\b",
        (
            "Find the cause of the alarm in CloudWatch, then deploy again. To remove the alarm from the stack, add "
            "--rollback-alarm none."
        ),
    ),
    (
        r"cannot be (deleted|updated) as it is in use by",
        (
            "Other stacks import this output. Remove the import (Fn::ImportValue) from these stacks, then repeat the "
            "command."
        ),
    ),
    # a denied KMS action such as kms:CreateGrant, or the message of a service such as "The provided KMS key ..."
    (
        (
            r"(?!.*kms:CreateKey\b)"
            r"(?=.*(AccessDenied|not authorized|not have permission|not allowed|insufficient|inaccessible))"
            r"(?=.*(kms:|\bKMS\b|AWSKMS|arn:aws[a-z-]*:kms))"
        ),
        (
            "The policy of the KMS key does not allow this action. Add the statements in the section "
            "'Key policy for an existing KMS key' of the reference, which "
            f"{program.command('reference')} prints. "
            "Allow the deploying role (or the role of --role-arn) to use the key. Then deploy again."
        ),
    ),
    (
        r"AccessDenied|not authorized to perform|is not allowed",
        "Allow this action for the deploying role (or the role of --role-arn). Then deploy again.",
    ),
    (
        r"already exists|AlreadyExists",
        "The resource already exists. Delete it, or choose another name. --import-existing can import some resources.",
    ),
    (
        r"ResourceLimitExceeded|LimitExceeded|quota|limit of",
        "Request a quota increase in Service Quotas, or choose another instance type.",
    ),
    (r"custom resource|CloudWatch Log Stream", "See the log of the custom resource in the lines below."),
    (
        r"not supported in|Unrecognized resource type",
        "The Region does not support this. Render the template with --without FEATURE, or use another Region.",
    ),
    (r"not empty", "Empty the bucket first, or run destroy with --delete-data."),
    (
        r"rollback requested by user",
        (
            "A user or program cancelled the operation. Find the call in AWS CloudTrail (CancelUpdateStack or "
            "RollbackStack), then deploy again."
        ),
    ),
    (r"has a dependent object|in use|still has", "Delete the resources that still use it, then repeat the command."),
)

# The statuses of a stack in which AWS undoes an operation.
UNDOING = {"ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS", "IMPORT_ROLLBACK_IN_PROGRESS", "DELETE_IN_PROGRESS"}

# A reason that only repeats which resources failed. Their own events contain the causes.
SUMMARY = re.compile(r"The following resource\(s\) failed to", re.IGNORECASE)

# Reasons that are not about a failure.
ROUTINE = re.compile(r"^(user initiated|resource \w+ initiated|transformation succeeded)?\.?$", re.IGNORECASE)


# AWS writes this text if a request does not contain the capabilities that a template requires.
# Source: https://github.com/aws/serverless-application-model/issues/51 (CreateChangeSet and ExecuteChangeSet)
REQUIRED_CAPABILITIES = re.compile(r"Requires capabilities\s*:\s*\[[^\]]*CAPABILITY_[^\]]*\]", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Cause:
    """The cause of a failed operation: the first failure that does not result from another failure.

    `reason` is the reason of AWS, with the reasons of the Hooks that rejected the resource.
    """

    event: Event
    reason: str
    property: str | None
    advice: str | None


def first_cause(events: Sequence[Event], *, tokens: AbstractSet[str] | None = None) -> Cause | None:
    """Return the cause among the events of one operation, oldest first; None if no event contains one.

    `tokens` are the tokens of the operations that this run started. If it is given, a deletion that begins during the
    operation with another token is a cause too.
    """
    candidates = list(_candidates(events, tokens))
    event = next((one for one in candidates if not SUMMARY.search(one.reason)), candidates[0] if candidates else None)
    return None if event is None else _cause(event, events)


def later_cause(events: Sequence[Event], first: Cause) -> Cause | None:
    """Return the cause for which the undoing of a failed operation failed too; None if it did not fail."""
    own = [number for number, event in enumerate(events) if event.of_stack]
    starts = [number for number in own if events[number].status in UNDOING]
    if not starts or not events[own[-1]].failed:
        return None
    found = first_cause(events[starts[-1] + 1 :])
    return None if found is None or events.index(first.event) > starts[-1] else found


def _candidates(events: Sequence[Event], tokens: AbstractSet[str] | None) -> Iterator[Event]:
    """Yield the events that can be the first cause.

    A rollback by an alarm or a user, and an export in use, have their reason in an event of the stack itself. AWS ends
    the deletion of a stack with an export in use in the previous status, such as UPDATE_COMPLETE.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-rollback-triggers.html
    Source: https://github.com/boto/botocore/issues/2590
    """
    deleting = bool(events) and events[0].deletes_stack
    for number, event in enumerate(events):
        if not event.of_stack:
            found = event.rejected_by_hook or (event.failed and not event.cancelled)
        elif event.deletes_stack:
            found = number > 0 and tokens is not None and event.token not in tokens
        else:
            undone = event.failed or event.status in UNDOING
            ended = deleting and event.ends and event.status != "DELETE_COMPLETE"
            found = event.rejected_by_hook or (bool(event.reason) and (undone or ended))
        if found:
            yield event


def _cause(event: Event, events: Sequence[Event]) -> Cause:
    hooks = [one for one in events if one.logical_id == event.logical_id and one.rejected_by_hook]
    texts = [f"Hook {one.hook}: {one.hook_reason}" for one in hooks if one.hook_reason]
    if event.reason and event.reason not in [one.hook_reason for one in hooks]:
        texts.insert(0, event.reason)
    reason = " ".join(dict.fromkeys(texts))
    return Cause(event=event, reason=reason, property=_property(reason), advice=advice(reason))


def advice(reason: str) -> str | None:
    """Return a text on what to do about a failure; None if the reason is not a known one."""
    if missing := missing_capabilities(reason):
        return missing
    return next((text for pattern, text in ADVICE if re.search(pattern, reason, re.IGNORECASE)), None)


def missing_capabilities(reason: str) -> str | None:
    """Return a text on how to acknowledge the capabilities that an error of AWS contains; None for other errors.

    CAPABILITY_AUTO_EXPAND has no effect on change sets.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html (Capabilities)
    """
    if not (found := REQUIRED_CAPABILITIES.search(reason)):
        return None
    names = re.findall(r"CAPABILITY_\w+", found.group())
    if "CAPABILITY_AUTO_EXPAND" in names:
        return (
            "AWS does not accept CAPABILITY_AUTO_EXPAND for a change set. Remove the macros from the nested stacks, or "
            "create or update the stack without a change set: aws cloudformation create-stack (or update-stack) "
            f"--capabilities {' '.join(names)}"
        )
    options = " ".join(f"--capability {name}" for name in names)
    return (
        "Check the IAM resources that the template, its nested stacks, modules and macros create. To acknowledge them, "
        f"repeat the command with: {options}"
    )


def explained(error: CloudError) -> CloudError:
    """Return an error of AWS with a text on how to acknowledge the capabilities that it requires."""
    missing = missing_capabilities(str(error))
    return CloudError(f"{sentence(error)} {missing}", code=error.code) if missing else error


def last_reason(events: Sequence[Event]) -> str:
    """Return the last reason in the events of an operation, oldest first; '' if there is none about a failure.

    A reason of the stack itself is preferred.
    """
    found = [event for event in events if not ROUTINE.match(event.reason)]
    own = [event for event in found if event.of_stack]
    return (own or found)[-1].reason if found else ""


def _property(reason: str) -> str | None:
    """Return the property in a reason, such as AuthMode; None if the reason contains none."""
    for pattern in (
        r"#/([A-Za-z0-9_/]+)",
        r"property (?:named |')?\[?([A-Z][A-Za-z0-9]+)",
        r"Property ([A-Z][A-Za-z0-9]+)",
    ):
        if found := re.search(pattern, reason):
            return found.group(1).strip("/").replace("/", ".")
    return None


def log_stream(reason: str) -> str | None:
    """Return the log stream in the reason of a custom resource; None if the reason contains none."""
    found = re.search(r"Log Stream:?\s+(\S+\[\S+\]\S+)", reason)
    return found.group(1).rstrip(".,;)") if found else None
