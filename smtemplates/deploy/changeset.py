"""Make a change set, read what it would do, and remove it again."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from smtemplates.aws.errors import CloudError, DeploymentError
from smtemplates.aws.masking import MASK
from smtemplates.aws.session import Cloud
from smtemplates.console.signals import uninterrupted
from smtemplates.deploy import stack as stacks
from smtemplates.deploy import staging, states
from smtemplates.deploy.change_plan import Finding, Plan, merge_pages, resource_changes
from smtemplates.deploy.parameters import Settings
from smtemplates.deploy.stack import Stack
from smtemplates.deploy.template import Template
from smtemplates.deploy.watcher import Listener
from smtemplates.errors import UsageError

NO_CHANGE = ("didn't contain changes", "No updates are to be performed")
INCOMPLETE = "can return incomplete"
EXECUTED = {"EXECUTE_IN_PROGRESS", "EXECUTE_COMPLETE", "EXECUTE_FAILED"}
POLL_SECONDS = 1.0
LONGEST_POLL_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class Request:
    """Everything that a person asks of a deployment; equal requests have equal fingerprints."""

    stack: str
    template: Template
    settings: Settings = field(default_factory=Settings)
    reset: frozenset[str] = frozenset()
    role_arn: str | None = None
    notification_arns: tuple[str, ...] = ()
    rollback_alarms: tuple[str, ...] = ()
    on_failure: str | None = None
    import_existing: bool = False
    revert_drift: bool = False
    staging: staging.Bucket | None = None

    @property
    def fingerprint(self) -> str:
        """A short hash of what is asked, by which a later run knows its own operation again."""
        asked = [
            self.stack,
            self.template.digest,
            dict(self.settings.parameters),
            dict(self.settings.tags),
            sorted(self.reset),
            [self.role_arn, *self.notification_arns, *self.rollback_alarms, self.on_failure],
            [self.import_existing, self.revert_drift],
        ]
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:12]


def operation_token(fingerprint: str, change_set_id: str) -> str:
    """Name the execution of one change set: a repeated call is the same call, and a later run finds it."""
    return f"smtemplates-{fingerprint}-{change_set_id.rsplit('/', 1)[-1]}"


def token_prefix(fingerprint: str) -> str:
    """Return how the tokens of a request's operations begin."""
    return f"smtemplates-{fingerprint}-"


def secrets(request: Request) -> list[str]:
    """List the values that must not be shown."""
    return [value for name, value in request.settings.parameters.items() if name in request.template.secret_names]


class ChangeSet:
    """One change set, from its creation to its removal or execution."""

    def __init__(self, cloud: Cloud, request: Request, stack: Stack | None, *, purpose: str) -> None:
        """Name it by what is asked, of which stack, and why: a run that was killed is found by the next one."""
        new = stack is None or stack.status in ("REVIEW_IN_PROGRESS", "DELETE_COMPLETE")
        state = "new" if new or stack is None else f"{stack.id} {stack.updated}"
        self.cloud = cloud
        cloud.hidden = tuple(value for value in secrets(request) if value)
        self.request = request
        self.kind = "CREATE" if new else "UPDATE"
        self.name = f"smtemplates-{purpose}-{request.fingerprint}-{hashlib.sha256(state.encode()).hexdigest()[:8]}"
        self.previous = {} if new or stack is None else dict(stack.parameters)
        self.tags = {} if stack is None else {key: value for key, value in stack.tags.items() if key[:4] != "aws:"}
        self.stack_id = request.stack if new or stack is None else stack.id
        self.id = self.name
        self.keep = False

    def create(self, listener: Listener) -> None:
        """Make it, in place of one that an earlier run left behind."""
        arguments = self._arguments(listener)
        for _ in range(3):
            try:
                answer = self.cloud.call("cloudformation", "create_change_set", **arguments)
            except CloudError as error:
                if error.code != "AlreadyExistsException":
                    raise
                self._delete()
                continue
            self.id, self.stack_id = answer["Id"], answer["StackId"]
            return
        raise DeploymentError(f"another run is making the same change set of {self.request.stack}; wait for it to end")

    def _arguments(self, listener: Listener) -> dict[str, Any]:
        request, template = self.request, self.request.template
        # only what it makes: a tag that comes later changes every resource, and replaces those that take no other
        mark = {states.PRODUCT_TAG: "deploy"} if self.kind == "CREATE" else {}
        self.tags = {**self.tags, **request.settings.tags, **mark}
        arguments: dict[str, Any] = {
            "StackName": self.stack_id,
            "ChangeSetName": self.name,
            "ChangeSetType": self.kind,
            "ClientToken": uuid.uuid4().hex,
            "Parameters": self._parameters(),
            "Tags": [{"Key": key, "Value": value} for key, value in sorted(self.tags.items())],
            **staging.template_argument(self.cloud, template, request.staging, listener),
        }
        optional = {
            "Capabilities": list(template.capabilities),
            "RoleARN": request.role_arn,
            "NotificationARNs": list(request.notification_arns),
            "OnStackFailure": request.on_failure,
            "ImportExistingResources": request.import_existing,
            "DeploymentMode": "REVERT_DRIFT" if request.revert_drift else None,
        }
        arguments.update({key: value for key, value in optional.items() if value})
        if request.rollback_alarms:
            triggers = [{"Arn": arn, "Type": "AWS::CloudWatch::Alarm"} for arn in request.rollback_alarms]
            arguments["RollbackConfiguration"] = {"RollbackTriggers": triggers}
        return arguments

    def _parameters(self) -> list[dict[str, Any]]:
        """List the values given, and keep the others as the stack has them."""
        given = self.request.settings.parameters
        kept = [
            name
            for name in self.request.template.parameters
            if name in self.previous and name not in given and name not in self.request.reset
        ]
        values = [{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()]
        return values + [{"ParameterKey": name, "UsePreviousValue": True} for name in kept]

    def read(self) -> Plan:
        """Wait until AWS has worked it out, and say what it would do.

        Raises:
            DeploymentError: AWS cannot make this change set; the message says why.
        """
        described = self._settled()
        reason = self.cloud.masked(described.get("StatusReason", ""))
        empty = described["Status"] == "FAILED" and any(text in reason for text in NO_CHANGE)
        if INCOMPLETE in reason:
            plain = _described(self.cloud, self.id, values=False)
            described = {**described, "Changes": merge_pages(described["Changes"], plain["Changes"])}
        found = () if empty else validation_findings(self.cloud, self.id)
        if described["Status"] == "FAILED" and not empty:
            told = "".join(f"\n  {one.resource} {one.path}: {one.reason}" for one in found if one.fatal)
            raise DeploymentError(f"AWS cannot make this change: {reason or 'it gives no reason'}{told}")
        plan = plan_of(described, self.cloud.region, kind=self.kind, hidden=secrets(self.request))
        changes = () if empty else plan.changes
        digest, reverting = self.request.template.content_digest, self.request.revert_drift
        return replace(plan, findings=found, empty=empty, changes=changes, reverting=reverting, template_digest=digest)

    def _settled(self) -> dict[str, Any]:
        pause = POLL_SECONDS
        while True:
            described = _described(self.cloud, self.id, values=True)
            if described["Status"] not in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
                return described
            self.cloud.pause(pause)
            pause = min(pause * 1.5, LONGEST_POLL_SECONDS)

    def _delete(self) -> None:
        self.cloud.call("cloudformation", "delete_change_set", StackName=self.stack_id, ChangeSetName=self.id)

    def remove(self, listener: Listener) -> None:
        """Remove it, and the placeholder stack it may have made, unless another's change set is in there."""
        try:
            self._delete()
            if self.kind == "CREATE":
                remove_placeholder(self.cloud, self.stack_id)
        except CloudError as error:
            if "does not exist" not in str(error):
                listener.say(f"the change set {self.id} is still there ({error}); repeat this command to remove it")


def remove_placeholder(cloud: Cloud, stack_id: str) -> None:
    """Delete a stack that was never more than a place for change sets, once it holds none."""
    found = stacks.find(cloud, stack_id)
    if found is None or found.status != "REVIEW_IN_PROGRESS":
        return
    if not any(cloud.pages("cloudformation", "list_change_sets", "Summaries", StackName=found.name)):
        cloud.call("cloudformation", "delete_stack", StackName=found.id, ClientRequestToken=uuid.uuid4().hex)


@contextmanager
def change_set(
    cloud: Cloud, request: Request, stack: Stack | None, listener: Listener, *, purpose: str
) -> Iterator[tuple[ChangeSet, Plan]]:
    """Make a change set for the length of the block; removed at its end, however that comes, unless `keep` is set."""
    made = ChangeSet(cloud, request, stack, purpose=purpose)
    try:
        made.create(listener)
        yield made, made.read()
    finally:
        if not made.keep:
            with uninterrupted():
                made.remove(listener)


def _described(cloud: Cloud, change_set_id: str, *, values: bool) -> dict[str, Any]:
    """Describe a change set, all its pages."""
    arguments: dict[str, Any] = {"ChangeSetName": change_set_id}
    if values:
        arguments["IncludePropertyValues"] = True
    described: dict[str, Any] = cloud.call("cloudformation", "describe_change_set", **arguments)
    page = described
    while page.get("NextToken"):
        page = cloud.call("cloudformation", "describe_change_set", **arguments, NextToken=page["NextToken"])
        described = {**described, "Changes": [*described["Changes"], *page["Changes"]]}
    return {**described, "Changes": described.get("Changes", [])}


def read_reviewed(cloud: Cloud, stack: Stack, change_set_id: str) -> Plan:
    """Describe a change set that is there already, for review or execution.

    Raises:
        DeploymentError: it is not there, or cannot be executed.
    """
    try:
        described = _described(cloud, change_set_id, values=True)
    except CloudError as error:
        if error.code == "ChangeSetNotFound":
            raise DeploymentError(
                f"there is no change set {change_set_id}; it may have been executed or removed"
            ) from error
        raise
    if described["StackName"] != stack.name:
        raise UsageError(f"that change set belongs to stack {described['StackName']}, not to {stack.name}")
    if described.get("ExecutionStatus") not in {"AVAILABLE", *EXECUTED}:
        raise DeploymentError(
            f"the change set {change_set_id} cannot be executed: it is {described.get('ExecutionStatus')} "
            f"({described.get('StatusReason') or described['Status']}); plan again"
        )
    kind = "CREATE" if stack.status in ("REVIEW_IN_PROGRESS", "CREATE_IN_PROGRESS") else "UPDATE"
    plan = plan_of(described, cloud.region, kind=kind, hidden=[])
    return replace(plan, findings=validation_findings(cloud, plan.change_set_id))


def validation_findings(cloud: Cloud, change_set_id: str) -> tuple[Finding, ...]:
    """Ask for AWS's early validation of a change set; whoever may not ask goes without."""
    try:
        items = list(cloud.pages("cloudformation", "describe_events", "OperationEvents", ChangeSetName=change_set_id))
    except CloudError:
        return ()
    return tuple(
        Finding(
            resource=item.get("LogicalResourceId", ""),
            path=item.get("ValidationPath", ""),
            reason=cloud.masked(item.get("ValidationStatusReason", "")),
            fatal=item.get("ValidationFailureMode") == "FAIL",
        )
        for item in items
        if item.get("EventType") == "VALIDATION_ERROR"
    )


def plan_of(described: Mapping[str, Any], region: str, *, kind: str, hidden: list[str]) -> Plan:
    """Read a described change set; AWS does not say of which kind it is."""
    return Plan(
        stack=described["StackName"],
        stack_id=described["StackId"],
        change_set_id=described["ChangeSetId"],
        kind=kind,
        region=region,
        changes=resource_changes(described["Changes"], hidden),
        capabilities=tuple(described.get("Capabilities", [])),
        tags={item["Key"]: item["Value"] for item in described.get("Tags", [])},
        parameters={
            item["ParameterKey"]: MASK if item.get("ParameterValue", "") in hidden else item.get("ParameterValue", "")
            for item in described.get("Parameters", [])
        },
        executed=described.get("ExecutionStatus") in EXECUTED,
    )
