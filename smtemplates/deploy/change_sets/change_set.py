"""Create a change set, read the plan that it contains, and delete it."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from smtemplates.aws.errors import CloudError, DeploymentError, sentence
from smtemplates.aws.session import Cloud
from smtemplates.console.signals import uninterrupted
from smtemplates.deploy.change_sets import stack_settings
from smtemplates.deploy.change_sets.change_plan import Plan, merge_pages
from smtemplates.deploy.change_sets.reader import describe, plan_of
from smtemplates.deploy.change_sets.validation import Validation, describe_finding, read_validation
from smtemplates.deploy.operations import causes
from smtemplates.deploy.operations import stack as stacks
from smtemplates.deploy.operations.listener import Listener
from smtemplates.deploy.operations.stack import Stack
from smtemplates.deploy.requests import staging
from smtemplates.deploy.requests.failure import on_stack_failure
from smtemplates.deploy.requests.request import Request, secret_values

NO_CHANGE = ("didn't contain changes", "No updates are to be performed")
INCOMPLETE = "can return incomplete"
POLL_SECONDS = 1.0
LONGEST_POLL_SECONDS = 5.0


class ChangeSet:
    """One change set, from its creation to its execution or deletion.

    `keep` is True if the clean-up must not delete it: it was executed, or the user keeps it for a review.
    """

    def __init__(self, cloud: Cloud, request: Request, stack: Stack | None, *, purpose: str) -> None:
        """Compute the name from the request, the state of the stack and the purpose.

        A run that was killed leaves a change set of the same name, which the next run finds.
        """
        new = stack is None or stack.status in ("REVIEW_IN_PROGRESS", "DELETE_COMPLETE")
        state = "new" if new or stack is None else f"{stack.id} {stack.updated}"
        self.cloud = cloud.hiding(secret_values(request))
        self.request = request
        self.kind = "CREATE" if new else "UPDATE"
        self.name = f"smtemplates-{purpose}-{request.fingerprint}-{hashlib.sha256(state.encode()).hexdigest()[:8]}"
        self.previous = {} if new or stack is None else dict(stack.parameters)
        self.before = stack_settings.settings_of(stack)
        self.after = stack_settings.requested(request, self.before, new=new)
        self.stack_id = request.stack if new or stack is None else stack.id
        self.id = self.name
        self.keep = False

    def create(self, listener: Listener) -> None:
        """Create the change set. Replace one that an earlier run left behind.

        Raises:
            DeploymentError: Another run creates the same change set at the same time.
        """
        arguments = self._arguments(listener)
        for _ in range(3):
            # an interrupted call could create the change set after the clean-up has looked for it
            with uninterrupted():
                try:
                    answer = self.cloud.call("cloudformation", "create_change_set", **arguments)
                except CloudError as error:
                    if error.code != "AlreadyExistsException":
                        raise causes.explained(error) from error
                    self._delete()
                else:
                    self.id, self.stack_id = answer["Id"], answer["StackId"]
                    return
        raise DeploymentError(
            f"Another run is creating the same change set for stack {self.request.stack}. Wait until it ends, then "
            "repeat this command."
        )

    def _arguments(self, listener: Listener) -> dict[str, Any]:
        request, template = self.request, self.request.template
        arguments: dict[str, Any] = {
            "StackName": self.stack_id,
            "ChangeSetName": self.name,
            "ChangeSetType": self.kind,
            "ClientToken": uuid.uuid4().hex,
            "Parameters": self._parameters(),
            **stack_settings.arguments(request, self.after),
            **staging.template_argument(self.cloud, template, request.staging, listener),
        }
        optional = {
            "Capabilities": list(request.all_capabilities),
            "OnStackFailure": on_stack_failure(request, self.kind),
            "ImportExistingResources": request.import_existing,
            "DeploymentMode": "REVERT_DRIFT" if request.revert_drift and self.kind == "UPDATE" else None,
        }
        arguments.update({key: value for key, value in optional.items() if value})
        return arguments

    def _parameters(self) -> list[dict[str, Any]]:
        """Return the values of the request, and keep the previous values of the other parameters."""
        given = self.request.settings.parameters
        kept = [
            name
            for name in self.request.template.parameters
            if name in self.previous and name not in given and name not in self.request.reset
        ]
        values = [{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()]
        return values + [{"ParameterKey": name, "UsePreviousValue": True} for name in kept]

    def update_arguments(self) -> dict[str, Any]:
        """Return the arguments of UpdateStack for a change of only the settings of the stack.

        Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_UpdateStack.html
        """
        arguments = {
            "StackName": self.stack_id,
            "UsePreviousTemplate": True,
            "Parameters": [{"ParameterKey": name, "UsePreviousValue": True} for name in sorted(self.previous)],
            "Capabilities": list(self.request.all_capabilities),
            **stack_settings.arguments(self.request, self.after),
        }
        return {key: value for key, value in arguments.items() if value or key not in ("Parameters", "Capabilities")}

    def read(self) -> Plan:
        """Wait until AWS has created the change set, and return the plan that it contains.

        Raises:
            DeploymentError: AWS could not create the change set. The message contains the reason.
        """
        described = self._settled()
        reason = self.cloud.masked(described.get("StatusReason", ""))
        empty = described["Status"] == "FAILED" and any(text in reason for text in NO_CHANGE)
        if INCOMPLETE in reason:
            plain = describe(self.cloud, self.id, values=False)
            described = {**described, "Changes": merge_pages(described["Changes"], plain["Changes"])}
        found = Validation() if empty else read_validation(self.cloud, self.id)
        if described["Status"] == "FAILED" and not empty:
            raise DeploymentError(_refusal(reason, found))
        plan = plan_of(described, self.cloud.region, kind=self.kind, hidden=secret_values(self.request))
        changes = () if empty else plan.changes
        digest, reverting = self.request.template.content_digest, self.request.revert_drift
        return replace(
            plan,
            findings=found.findings,
            empty=empty,
            changes=changes,
            settings=stack_settings.changes(self.before, self.after, new=self.kind == "CREATE"),
            reverting=reverting,
            template_digest=digest,
        )

    def _settled(self) -> dict[str, Any]:
        pause = POLL_SECONDS
        while True:
            described = describe(self.cloud, self.id, values=True)
            if described["Status"] not in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
                return described
            self.cloud.pause(pause)
            pause = min(pause * 1.5, LONGEST_POLL_SECONDS)

    def _delete(self) -> None:
        self.cloud.call("cloudformation", "delete_change_set", StackName=self.stack_id, ChangeSetName=self.id)

    def remove(self, listener: Listener) -> None:
        """Delete the change set. Delete the placeholder stack too, unless it contains other change sets."""
        try:
            self._delete()
            if self.kind == "CREATE":
                remove_placeholder(self.cloud, self.stack_id)
        except CloudError as error:
            if "does not exist" not in str(error):
                listener.say(
                    f"The change set {self.id} was not deleted. {sentence(error)} Repeat this command to delete it."
                )


def remove_placeholder(cloud: Cloud, stack_id: str) -> None:
    """Delete a stack that was created only for change sets, if it contains none."""
    found = stacks.find(cloud, stack_id)
    if found is None or found.status != "REVIEW_IN_PROGRESS":
        return
    if not any(cloud.pages("cloudformation", "list_change_sets", "Summaries", StackName=found.name)):
        cloud.call("cloudformation", "delete_stack", StackName=found.id, ClientRequestToken=uuid.uuid4().hex)


def _refusal(reason: str, found: Validation) -> str:
    """Return a message on a change set that AWS could not create, with the reasons of validations and hooks."""
    lines = [f"AWS could not create the change set: {sentence(reason or 'AWS returned no reason')}"]
    lines += [f"  {describe_finding(one)}" for one in found.causes()]
    if found.unread:
        lines.append(f"The findings of validations and hooks could not be read. {found.unread}")
    advice = causes.missing_capabilities(reason) or "Correct the template or the parameters, then repeat this command."
    lines.append(f"Nothing was changed. {advice}")
    return "\n".join(lines)


@contextmanager
def change_set(
    cloud: Cloud, request: Request, stack: Stack | None, listener: Listener, *, purpose: str
) -> Iterator[tuple[ChangeSet, Plan]]:
    """Create a change set for the duration of the block, and delete it at the end unless `keep` is True.

    The first signal interrupts the block. Later ones wait until the change set is deleted.
    """
    created = ChangeSet(cloud, request, stack, purpose=purpose)
    with uninterrupted() as signals:
        try:
            with signals.allowed():
                created.create(listener)
                yield created, created.read()
        finally:
            if not created.keep:
                created.remove(listener)
