"""Create a change set, read the plan that it contains, and delete it."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from smtemplates.aws.errors import TRANSIENT, CloudError, DeploymentError, sentence
from smtemplates.aws.session import Cloud
from smtemplates.console.signals import uninterrupted
from smtemplates.deploy.change_sets import run_lock, stack_settings
from smtemplates.deploy.change_sets.change_plan import Plan
from smtemplates.deploy.change_sets.description import deleted, find_named, other_run, settled, without_change
from smtemplates.deploy.change_sets.nested_changes import failures, may_contain_nested
from smtemplates.deploy.change_sets.placeholder import remove_placeholder, wait_until_removed
from smtemplates.deploy.change_sets.reader import complete, plan_of
from smtemplates.deploy.change_sets.validation import Validation, read_validation, refusal, with_hook_results
from smtemplates.deploy.operations import causes
from smtemplates.deploy.operations import stack as stacks
from smtemplates.deploy.operations.listener import Listener
from smtemplates.deploy.operations.operation import check_idle
from smtemplates.deploy.operations.stack import Stack
from smtemplates.deploy.requests import staging
from smtemplates.deploy.requests.failure import on_stack_failure
from smtemplates.deploy.requests.request import Request, secret_values

MOST_ATTEMPTS = 4
LONGEST_NAME = 118  # of 128 characters: the rest makes it unique


class ChangeSet:
    """One change set, from its creation to its execution or deletion.

    `keep` is True if the clean-up must not delete it: it was executed, or the user keeps it for a review. `nested` is
    True if it includes the change sets of nested stacks. If AWS rejected these, `nested_problem` is the reason.
    """

    def __init__(self, cloud: Cloud, request: Request, stack: Stack | None, *, purpose: str) -> None:
        """Compute the name from the request, the state of the stack and the purpose.

        A run that was killed leaves a change set of the same name, which the next run finds. The description identifies
        the run.
        """
        existing = stacks.existing(stack)
        state = f"{existing.id} {existing.updated}" if existing else "new"
        self.cloud = cloud.hiding(secret_values(request))
        self.request = request
        self.kind = "UPDATE" if existing else "CREATE"
        self.name = f"smtemplates-{purpose}-{request.fingerprint}-{hashlib.sha256(state.encode()).hexdigest()[:8]}"
        self.previous = dict(existing.parameters) if existing else {}
        self.before = stack_settings.settings_of(stack)
        self.after = stack_settings.requested(request, self.before, new=not existing)
        self.stack_id = existing.id if existing else request.stack
        self.id = self.name
        self.keep = False
        # AWS does not accept nested stacks in change sets that revert drift
        reverting = request.revert_drift and self.kind == "UPDATE"
        self.nested = may_contain_nested(request.template.content) and not reverting
        self.nested_problem = ""
        self._listener: Listener | None = None
        self._run = run_lock.Run()
        self._sent = False  # whether AWS may have created the change set

    @property
    def deletes_failed_stack(self) -> bool:
        """Whether AWS deletes the stack if its creation fails."""
        return self.kind == "CREATE" and self.request.on_failure == "DELETE"

    def create(self, listener: Listener) -> None:
        """Create the change set. Delete one of the same name only if the run that created it has certainly ended.

        Raises:
            DeploymentError: Another operation on the stack is in progress, or the stack was changed at the same time.
        """
        self._listener = listener
        arguments = self._arguments(listener)
        self._run.begin()
        for _ in range(MOST_ATTEMPTS):
            # an interrupted call could create the change set after the clean-up has looked for it
            with uninterrupted():
                self._sent = True
                try:
                    answer = self.cloud.call("cloudformation", "create_change_set", **arguments)
                except CloudError as error:
                    if error.code == "ValidationError" and "IN_PROGRESS" in str(error):
                        check_idle(stacks.find(self.cloud, self.stack_id), error)
                    if self.nested and error.code == "ValidationError":
                        self._exclude_nested(str(error), listener)
                        del arguments["IncludeNestedStacks"]
                        continue
                    if error.code != "AlreadyExistsException":
                        self._sent = error.code in TRANSIENT
                        raise causes.explained(error) from error
                    answer = find_named(self.cloud, self.request.stack, self.name)
                    if answer.get("Description") != self._run.description:
                        self._make_way(answer, listener)
                        arguments["ChangeSetName"] = self.name
                        continue
                self.id, self.stack_id = answer.get("Id") or answer["ChangeSetId"], answer["StackId"]
                return
        raise DeploymentError(
            f"Stack {self.request.stack} was created or changed by another run at the same time. Nothing was changed. "
            "Repeat this command."
        )

    def _make_way(self, existing: dict[str, Any], listener: Listener) -> None:
        """Delete a change set of the same name if its run has ended; else report it, and choose another name."""
        if not existing:
            return
        run = run_lock.run_of(existing.get("Description", ""))
        if run_lock.ended(run):
            self.cloud.call("cloudformation", "delete_change_set", ChangeSetName=existing["ChangeSetId"])
            run_lock.forget(run)
            return
        listener.say(other_run(existing))
        self.name = f"{self.name[:LONGEST_NAME]}-{self._run.id[:8]}"

    def _arguments(self, listener: Listener) -> dict[str, Any]:
        request, template = self.request, self.request.template
        arguments: dict[str, Any] = {
            "StackName": self.stack_id,
            "ChangeSetName": self.name,
            "ChangeSetType": self.kind,
            "Description": self._run.description,
            "ClientToken": uuid.uuid4().hex,
            "Parameters": self._parameters(),
            **stack_settings.arguments(request, self.after),
            **staging.template_argument(self.cloud, template, request.staging, listener),
        }
        optional = {
            "Capabilities": list(request.all_capabilities),
            "OnStackFailure": on_stack_failure(request, self.kind),
            "ImportExistingResources": request.import_existing,
            "IncludeNestedStacks": self.nested,
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
            DeploymentError: AWS could not create the change set, or has not created it completely.
        """
        described = settled(self.cloud, self.id)
        empty = without_change(described)
        if self.nested and self._listener and described["Status"] == "FAILED" and not empty:
            described = self._created_without_nested(described, self._listener)
            empty = without_change(described)
        if described["Status"] not in ("CREATE_COMPLETE", "FAILED"):
            raise DeploymentError(
                f"The changes are not known, because the change set of stack {self.request.stack} is "
                f"{described['Status']}. Nothing was changed. Repeat this command in a few minutes."
            )
        found = Validation() if empty else read_validation(self.cloud, self.id)
        if described["Status"] == "FAILED" and not empty:
            reason = self.cloud.masked(described.get("StatusReason", ""))
            raise DeploymentError(refusal(reason, with_hook_results(self.cloud, self.id, reason, found)))
        hidden = secret_values(self.request)
        plan = plan_of(described, self.cloud.region, kind=self.kind, hidden=hidden)
        plan = replace(
            plan,
            findings=found.findings,
            validation_unread=found.unread,
            empty=empty,
            changes=() if empty else plan.changes,
            settings=stack_settings.changes(self.before, self.after, new=self.kind == "CREATE"),
            template_digest=self.request.template.content_digest,
            reverting=self.request.revert_drift,
        )
        return complete(self.cloud, plan, described, hidden, problem=self.nested_problem)

    def _created_without_nested(self, described: dict[str, Any], listener: Listener) -> dict[str, Any]:
        """Create the change set again without nested stacks, because of which AWS could not create it.

        AWS cannot create change sets of nested stacks from some templates that it can deploy: for example, if a
        TemplateURL uses Fn::ImportValue, or if the names of exports in several nested stacks use Fn::Join.

        Raises:
            DeploymentError: A validation or a hook reports that the change would also fail.

        Source: https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1212
        Source: https://github.com/aws/aws-cdk-cli/pull/1307
        """
        reason = self.cloud.masked(described.get("StatusReason", ""))
        failed = list(failures(self.cloud, described))
        own = read_validation(self.cloud, self.id)
        found = own.findings + tuple(finding for one in failed for finding in one.findings)
        if any(one.fatal for one in found):
            raise DeploymentError(refusal(reason, Validation(findings=found)))
        reasons = " ".join(f"{one.id}: {sentence(one.reason)}" for one in failed)
        self._delete()
        if not deleted(self.cloud, self.id):
            raise DeploymentError(
                f"AWS could not create the change set: {sentence(reasons or reason)} It is still being deleted. Repeat "
                "this command in a minute."
            )
        self._exclude_nested(reasons or reason, listener)
        self.id = self.name
        self.stack_id = self.request.stack if self.kind == "CREATE" else self.stack_id
        self.create(listener)
        return settled(self.cloud, self.id)

    def _exclude_nested(self, reason: str, listener: Listener) -> None:
        self.nested = False
        self.nested_problem = f"AWS could not create change sets of the nested stacks: {sentence(reason)}"
        listener.say(f"{self.nested_problem} Planning without the changes in nested stacks.")

    def _delete(self) -> bool:
        """Delete the change set, and return whether AWS had created it; another run can have one of the same name."""
        if not self.id.startswith("arn:"):
            existing = find_named(self.cloud, self.request.stack, self.name)
            if existing.get("Description") != self._run.description:
                return False
            self.id = existing["ChangeSetId"]
        self.cloud.call("cloudformation", "delete_change_set", ChangeSetName=self.id)
        return True

    def remove(self, listener: Listener) -> str | None:
        """Delete the change set, and the stack if AWS created it only for change sets.

        Return the ID of that stack, whose deletion takes a moment, or None.
        """
        if not self._sent:
            return None
        try:
            if self._delete() and self.nested and not deleted(self.cloud, self.id):
                listener.say(f"AWS has not deleted the change set {self.id} and those of its nested stacks yet.")
        except CloudError as error:
            if "does not exist" not in str(error):
                listener.say(
                    f"The change set {self.id} was not deleted. {sentence(error)} Repeat this command to delete it."
                )
                return None
        self._run.end(clean=True)
        return remove_placeholder(self.cloud, self.stack_id, listener) if self.kind == "CREATE" else None

    def close(self) -> None:
        """End the record of this run. The next run deletes the change set if it still exists."""
        self._run.end(clean=self.keep)


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
            removed = None if created.keep else created.remove(listener)
            created.close()
            if removed:
                with signals.allowed():
                    wait_until_removed(cloud, removed, request.stack, listener)
