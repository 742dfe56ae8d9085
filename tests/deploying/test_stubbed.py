"""What the local cloud cannot show, with answers of AWS's shapes: botocore's Stubber checks both sides of each call."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timezone
from importlib import import_module
from typing import Any

import pytest

from deploying.local_aws import SDK
from smtemplates.deploy import changeset, commands, drift, execution, show
from smtemplates.deploy.changeset import Request
from smtemplates.deploy.cloud import Cloud, Connection
from smtemplates.deploy.execution import Options
from smtemplates.deploy.failures import CloudError, DeploymentError, StoppedError
from smtemplates.deploy.parameters import Settings
from smtemplates.deploy.plan import Plan, why
from smtemplates.deploy.planning import planned
from smtemplates.deploy.stack import Stack
from smtemplates.deploy.template import Template
from smtemplates.deploy.watch import Watch

STUBS: Any = import_module("botocore.stub")  # it has no types
STACK_ID = "arn:aws:cloudformation:us-east-1:111122223333:stack/team/0a1b2c3d-0000-0000-0000-000000000000"
SET_ID = "arn:aws:cloudformation:us-east-1:111122223333:changeSet/smtemplates-plan/11112222-0000-0000-0000-000000000000"
NOW = datetime(2026, 11, 22, tzinfo=timezone.utc)
CONTENT = {
    "Parameters": {"Password": {"Type": "String", "NoEcho": True, "Default": ""}},
    "Resources": {"Notebook": {"Type": "AWS::SageMaker::NotebookInstance", "Properties": {}}},
}
REQUEST = Request(
    stack="team",
    template=Template(body=json.dumps(CONTENT), content=CONTENT),
    settings=Settings(parameters={"Password": "hunter2"}),
)


class Session:
    """Gives out clients that answer from a list."""

    region_name = "us-east-1"

    def __init__(self) -> None:
        real = SDK.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name="us-east-1")  # noqa: S106 nobody's
        self.made = real.client("cloudformation")

    def client(self, _service: str, **_arguments: Any) -> Any:
        return self.made


class Told:
    """A Listener that keeps what it is told."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def say(self, message: str) -> None:
        self.messages.append(message)

    def happened(self, event: Any, _done: int, _total: int) -> None:
        self.messages.append(f"{event.logical_id} {event.status}")

    def cancel(self, question: str) -> bool:
        self.messages.append(question)
        return True


class Aws:
    """The answers AWS is to give, in order, and the pauses made between them."""

    def __init__(self) -> None:
        session = Session()
        self.stub = STUBS.Stubber(session.made)
        self.pauses: list[float] = []
        self.cloud = Cloud(Connection(), session=session, pause=self.pauses.append)

    def answers(self, operation: str, answer: dict[str, Any], expected: dict[str, Any] | None = None) -> None:
        self.stub.add_response(operation, answer, expected)

    def refuses(self, operation: str, code: str, message: str = "no") -> None:
        self.stub.add_client_error(operation, code, message)


@pytest.fixture
def aws() -> Iterator[Aws]:
    aws = Aws()
    with aws.stub:
        yield aws
        aws.stub.assert_no_pending_responses()


def stack(status: str, **more: Any) -> dict[str, Any]:
    return {"StackName": "team", "StackId": STACK_ID, "StackStatus": status, "CreationTime": NOW, **more}


def change(logical_id: str, **more: Any) -> dict[str, Any]:
    kind = {"LogicalResourceId": logical_id, "ResourceType": "AWS::SageMaker::NotebookInstance", "Action": "Modify"}
    return {"Type": "Resource", "ResourceChange": {**kind, **more}}


def described(*changes: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "StackName": "team",
        "StackId": STACK_ID,
        "ChangeSetId": SET_ID,
        "ChangeSetName": "smtemplates-plan",
        "Status": "CREATE_COMPLETE",
        "ExecutionStatus": "AVAILABLE",
        "Changes": list(changes),
        **more,
    }


def event(number: int, logical_id: str, status: str, reason: str = "", operation: str = "t") -> dict[str, Any]:
    of_stack = {"PhysicalResourceId": STACK_ID, "ResourceType": "AWS::CloudFormation::Stack"}
    kind = of_stack if logical_id == "team" else {"ResourceType": "AWS::SageMaker::Domain"}
    return {
        "StackId": STACK_ID,
        "StackName": "team",
        "EventId": str(number),
        "LogicalResourceId": logical_id,
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
        "ClientRequestToken": operation,
        "Timestamp": NOW,
        **kind,
    }


def plan_of(aws: Aws, *answers: dict[str, Any], findings: list[dict[str, Any]] | None = None) -> Plan:
    """Read a change set that AWS answers like this."""
    for answer in answers:
        aws.answers("describe_change_set", answer)
    aws.answers("describe_events", {"OperationEvents": findings or []})
    made = changeset.ChangeSet(aws.cloud, REQUEST, None, purpose="plan")
    made.id = SET_ID
    return made.read()


def test_values_before_and_after(aws: Aws) -> None:
    """The plan shows each property before and after, what is known only later, and what caused it."""
    plan = plan_of(
        aws,
        described(
            change(
                "Notebook",
                Replacement="True",
                PolicyAction="ReplaceAndDelete",
                BeforeContext=json.dumps({"Properties": {"VolumeSizeInGB": 5, "RoleArn": "old", "KmsKeyId": "a"}}),
                AfterContext=json.dumps(
                    {
                        "Properties": {
                            "VolumeSizeInGB": 50,
                            "RoleArn": "{{changeSet:KNOWN_AFTER_APPLY}}",
                            "KmsKeyId": "b",
                        }
                    }
                ),
                Details=[
                    {
                        "Target": {"Attribute": "Properties", "Name": "KmsKeyId", "RequiresRecreation": "Always"},
                        "ChangeSource": "ParameterReference",
                        "CausingEntity": "KmsKeyArn",
                    }
                ],
            )
        ),
    )
    text = show.table(plan)
    for line in ("VolumeSizeInGB: 5 -> 50", "RoleArn: old -> known after apply"):
        assert line in text
    assert "KmsKeyId: a -> b  [replaces]  (parameter KmsKeyArn)" in text
    assert "because KmsKeyId changes (parameter KmsKeyArn)" in why(plan.changes[0])
    assert "known after apply" in show.markdown(plan)
    assert json.loads(show.as_json(plan))["changes"][0]["destructive"] is True


def test_secrets_are_masked(aws: Aws) -> None:
    """The value of a NoEcho parameter appears in no form of the plan."""
    plan = plan_of(
        aws,
        described(
            change("Notebook", AfterContext=json.dumps({"Properties": {"Env": ["key=hunter2"]}}), BeforeContext="{}"),
            Parameters=[{"ParameterKey": "Password", "ParameterValue": "hunter2"}],
        ),
    )
    for text in (show.table(plan), show.markdown(plan), show.as_json(plan)):
        assert "hunter2" not in text
        assert "****" in text.replace("&#42;", "*")


def test_incomplete_answers_are_merged(aws: Aws) -> None:
    """Resources that AWS drops from the answer with values are taken from the one without; pages are joined."""
    warning = "[WARN] --include-property-values option can return incomplete ChangeSet data"
    aws.answers("describe_change_set", described(change("A"), StatusReason=warning, NextToken="2"))
    aws.answers("describe_change_set", described(change("B")))
    plan = plan_of(aws, described(change("A"), change("B"), change("C")))
    assert [item.logical_id for item in plan.changes] == ["A", "B", "C"]


@pytest.mark.parametrize(
    ("told", "fate", "destructive"),
    [
        ({"Action": "Remove", "PolicyAction": "Delete"}, "delete", True),
        ({"Action": "Remove", "PolicyAction": "Retain"}, "leave the stack", False),
        ({"Action": "Modify", "Replacement": "False"}, "update", False),
        ({"Action": "Modify", "Replacement": "Conditional"}, "may replace", True),
        ({"Action": "Modify", "Replacement": "Conditional", "ResourceType": "Custom::Folders"}, "may replace", False),
        ({"Action": "Modify", "Replacement": "True", "PolicyAction": "ReplaceAndRetain"}, "replace", True),
        ({"Action": "Import"}, "import", False),
        ({"Action": "Dynamic"}, "may change", False),
        ({"Action": "SyncWithActual"}, "update", False),
    ],
)
def test_fates(aws: Aws, told: dict[str, Any], fate: str, destructive: bool) -> None:  # noqa: FBT001 a table
    """What AWS says of a resource decides what is said of it, and whether it needs consent."""
    (item,) = plan_of(aws, described(change("Notebook", **told))).changes
    assert (item.fate, item.destructive) == (fate, destructive)


def test_early_validation(aws: Aws) -> None:
    """What AWS's validation finds stands beside the plan, and an error stops the deployment before it begins."""
    found = {
        "EventType": "VALIDATION_ERROR",
        "LogicalResourceId": "Notebook",
        "ValidationPath": "/Resources/Notebook/Properties/InstanceType",
        "ValidationStatusReason": "not a valid value",
        "ValidationFailureMode": "FAIL",
    }
    plan = plan_of(aws, described(change("Notebook")), findings=[found])
    assert "validation error: Notebook /Resources/Notebook/Properties/InstanceType: not a valid value" in show.table(
        plan
    )
    with pytest.raises(DeploymentError, match="not a valid value"):
        execution.guard(plan, allow_destructive=True)


def test_without_permission_to_validate(aws: Aws) -> None:
    """Whoever may not read the validation goes on without."""
    aws.refuses("describe_events", "AccessDenied")
    assert changeset.findings(aws.cloud, SET_ID) == ()


@pytest.mark.parametrize(
    "reason", ["The submitted information didn't contain changes.", "No updates are to be performed."]
)
def test_no_change(aws: Aws, reason: str) -> None:
    """AWS's failed change set for want of changes is a plan without any."""
    aws.answers("describe_change_set", described(Status="FAILED", StatusReason=reason, ExecutionStatus="UNAVAILABLE"))
    assert changeset.ChangeSet(aws.cloud, REQUEST, None, purpose="plan").read().empty


def test_failed_change_set(aws: Aws) -> None:
    """A change set that AWS cannot make is an error that says why."""
    aws.answers("describe_change_set", described(Status="FAILED", StatusReason="Circular dependency"))
    aws.answers("describe_events", {"OperationEvents": []})
    with pytest.raises(DeploymentError, match="Circular dependency"):
        changeset.ChangeSet(aws.cloud, REQUEST, None, purpose="plan").read()


def run(aws: Aws, options: Options) -> None:
    with planned(aws.cloud, REQUEST, options, Told(), purpose="deploy"):
        pass


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("ROLLBACK_COMPLETE", "--recreate"),
        ("ROLLBACK_FAILED", "--recreate"),
        ("CREATE_FAILED", "--recreate"),
        ("DELETE_FAILED", "--recreate"),
        ("UPDATE_ROLLBACK_FAILED", "--continue-rollback"),
        ("IMPORT_ROLLBACK_FAILED", "does not know"),
    ],
)
def test_stuck_stacks(aws: Aws, status: str, told: str) -> None:
    """A stack that cannot be updated is an error that says what can be done."""
    tags = [{"Key": "smtemplates:deployer", "Value": "deploy"}]
    aws.answers("describe_stacks", {"Stacks": [stack(status, Tags=tags)]})
    with pytest.raises(DeploymentError, match=told):
        run(aws, Options())


def test_strangers_are_not_recreated(aws: Aws) -> None:
    """Even with --recreate, a stack without this deployer's tag is not deleted."""
    aws.answers("describe_stacks", {"Stacks": [stack("ROLLBACK_COMPLETE")]})
    with pytest.raises(DeploymentError, match="not made by this deployer"):
        run(aws, Options(recreate=True))


def test_rollback_fails_again(aws: Aws) -> None:
    """A continued rollback that fails says which resource failed, and the cancellations around it are not named."""
    aws.answers("describe_stacks", {"Stacks": [stack("UPDATE_ROLLBACK_FAILED")]})
    before = [event(2, "team", "UPDATE_ROLLBACK_FAILED"), event(1, "team", "UPDATE_IN_PROGRESS")]
    aws.answers("describe_stack_events", {"StackEvents": before})
    aws.answers("continue_update_rollback", {})
    after = [
        event(6, "team", "UPDATE_ROLLBACK_FAILED"),
        event(5, "Other", "UPDATE_FAILED", "Resource update cancelled"),
        event(4, "Domain", "UPDATE_FAILED", "domain still has apps"),
        event(3, "team", "UPDATE_ROLLBACK_IN_PROGRESS"),
    ]
    aws.answers("describe_stack_events", {"StackEvents": after + before})
    aws.answers("describe_stacks", {"Stacks": [stack("UPDATE_ROLLBACK_FAILED")]})
    with pytest.raises(DeploymentError, match=r"Domain .*\n.*domain still has apps\n.*remove what still uses it"):
        run(aws, Options(continue_rollback=True))


def watched(aws: Aws, *pages: list[dict[str, Any]], end: str) -> Stack | None:
    """Follow an operation whose events come like this."""
    for page in pages:
        aws.answers("describe_stack_events", {"StackEvents": page})
    aws.answers("describe_stacks", {"Stacks": [stack(end)]})
    return Watch(aws.cloud, STACK_ID, "t").follow(Told())


@pytest.mark.parametrize(("status", "error"), [("DELETE_COMPLETE", StoppedError), ("DELETE_FAILED", DeploymentError)])
def test_ctrl_c_during_creation(aws: Aws, status: str, error: type[Exception]) -> None:
    """Ctrl-C during a creation has AWS delete the stack, and only a stack that is gone is called undone."""
    begun = event(1, "team", "CREATE_IN_PROGRESS")

    def interrupted(_seconds: float) -> None:
        aws.cloud.pause = aws.pauses.append
        raise KeyboardInterrupt

    def deleting(params: dict[str, Any], **_context: Any) -> None:
        token = params["ClientRequestToken"]
        events = [event(2, "team", "DELETE_IN_PROGRESS", operation=token), begun]
        aws.answers("describe_stack_events", {"StackEvents": [event(3, "team", status, operation=token), *events]})
        aws.answers("describe_stacks", {"Stacks": [stack(status)]})

    aws.cloud.pause = interrupted
    aws.answers("delete_stack", {})
    hooks = aws.cloud.client("cloudformation").meta.events
    hooks.register("provide-client-params.cloudformation.DeleteStack", deleting)
    told = Told()
    with pytest.raises(error):
        execution.finish(Watch(aws.cloud, STACK_ID, "t", creating=True), told, "team", deadline=None)
    assert "Delete the stack team, which is being created?" in told.messages


def test_polling_is_slow_enough(aws: Aws) -> None:
    """After the first look, events are asked for at most once a second, and less often while nothing happens."""
    begun = event(1, "team", "CREATE_IN_PROGRESS")
    ended = event(2, "team", "CREATE_COMPLETE")
    watched(aws, [begun], [begun], [begun], [begun], [ended, begun], end="CREATE_COMPLETE")
    assert all(pause >= 1 for pause in aws.pauses[1:])
    assert aws.pauses[2:] == sorted(aws.pauses[2:])
    assert aws.pauses[-1] > 1


def test_stale_events(aws: Aws) -> None:
    """Events of an older operation, shown while AWS has not caught up, are not taken for the end of this one."""
    old = [
        event(2, "team", "CREATE_COMPLETE", operation="old"),
        event(1, "team", "CREATE_IN_PROGRESS", operation="old"),
    ]
    new = [event(4, "team", "UPDATE_COMPLETE"), event(3, "team", "UPDATE_IN_PROGRESS")]
    found = watched(aws, old, new + old, end="UPDATE_COMPLETE")
    assert found is not None
    assert found.status == "UPDATE_COMPLETE"


def test_property_is_named(aws: Aws) -> None:
    """Where AWS names the property that it does not like, so does the message."""
    reason = "Properties validation failed for resource Domain with message: #/AuthMode: X is not a valid value"
    aws.answers(
        "describe_stack_events",
        {
            "StackEvents": [
                event(4, "team", "ROLLBACK_COMPLETE"),
                event(3, "Late", "CREATE_FAILED", "Resource creation cancelled"),
                event(2, "Domain", "CREATE_FAILED", reason),
                event(1, "team", "CREATE_IN_PROGRESS"),
            ]
        },
    )
    aws.answers("describe_stacks", {"Stacks": [stack("ROLLBACK_COMPLETE")]})
    watch = Watch(aws.cloud, STACK_ID, "t")
    with pytest.raises(DeploymentError, match=r"Domain \(AWS::SageMaker::Domain\), property AuthMode") as caught:
        execution.finish(watch, Told(), "team", deadline=None)
    assert "cancelled" not in str(caught.value)


def test_drift(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """Drift is shown property by property, and deleted resources as deleted."""
    aws.answers("describe_stacks", {"Stacks": [stack("CREATE_COMPLETE")]})
    aws.answers("detect_stack_drift", {"StackDriftDetectionId": "d"})
    status = {"StackId": STACK_ID, "StackDriftDetectionId": "d", "Timestamp": NOW}
    aws.answers("describe_stack_drift_detection_status", {**status, "DetectionStatus": "DETECTION_IN_PROGRESS"})
    aws.answers("describe_stack_drift_detection_status", {**status, "DetectionStatus": "DETECTION_COMPLETE"})
    kind = {"StackId": STACK_ID, "ResourceType": "AWS::S3::Bucket", "Timestamp": NOW}
    difference = {
        "PropertyPath": "/VersioningConfiguration/Status",
        "ExpectedValue": "Enabled",
        "ActualValue": "Suspended",
        "DifferenceType": "NOT_EQUAL",
    }
    changed = {"LogicalResourceId": "A", "StackResourceDriftStatus": "MODIFIED", "PropertyDifferences": [difference]}
    deleted = {"LogicalResourceId": "B", "StackResourceDriftStatus": "DELETED"}
    aws.answers("describe_stack_resource_drifts", {"StackResourceDrifts": [{**kind, **changed}, {**kind, **deleted}]})
    assert commands.drift(aws.cloud, "team", as_json=False, detailed=True) == 3
    told = capsys.readouterr().out
    assert "VersioningConfiguration.Status: Enabled -> Suspended" in told
    assert "B (AWS::S3::Bucket): deleted" in told


def test_drift_fails(aws: Aws) -> None:
    """A comparison that AWS could not finish is an error, not a stack without drift."""
    aws.answers("describe_stacks", {"Stacks": [stack("CREATE_COMPLETE")]})
    aws.answers("detect_stack_drift", {"StackDriftDetectionId": "d"})
    status = {"StackId": STACK_ID, "StackDriftDetectionId": "d", "Timestamp": NOW}
    failed = {"DetectionStatus": "DETECTION_FAILED", "DetectionStatusReason": "no permission"}
    aws.answers("describe_stack_drift_detection_status", {**status, **failed})
    with pytest.raises(DeploymentError, match="no permission"):
        drift.detect(aws.cloud, "team")


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("ExpiredToken", "log in again, then repeat this command"),
        ("AccessDenied", "ask for this permission"),
        ("Throttling", "repeat this command in a minute"),
    ],
)
def test_refusals(aws: Aws, code: str, told: str) -> None:
    """A refused call says what to do about it."""
    aws.refuses("describe_stacks", code)
    with pytest.raises(CloudError, match=told):
        aws.cloud.call("cloudformation", "describe_stacks")


def test_create_arguments(aws: Aws) -> None:
    """A change set carries what was asked, and only the capabilities the template needs."""
    request = Request(
        stack="team",
        template=Template(body="{}", content={"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": {}}}}),
        settings=Settings(tags={"Team": "blue"}),
        role_arn="arn:aws:iam::111122223333:role/deployer-role",
        notification_arns=("arn:aws:sns:us-east-1:111122223333:t",),
        rollback_alarms=("arn:aws:cloudwatch:us-east-1:111122223333:alarm:a",),
        on_failure="DELETE",
        import_existing=True,
        revert_drift=True,
    )
    sent: list[dict[str, Any]] = []
    aws.cloud.client("cloudformation").meta.events.register(
        "provide-client-params.cloudformation.CreateChangeSet", lambda params, **_: sent.append(params)
    )
    aws.answers("create_change_set", {"Id": SET_ID, "StackId": STACK_ID})
    changeset.ChangeSet(aws.cloud, request, None, purpose="deploy").create()
    (arguments,) = sent
    assert arguments["ChangeSetType"] == "CREATE"
    assert arguments["Capabilities"] == ["CAPABILITY_IAM"]
    assert arguments["DeploymentMode"] == "REVERT_DRIFT"
    assert {"Key": "Team", "Value": "blue"} in arguments["Tags"]
    assert arguments["RollbackConfiguration"]["RollbackTriggers"][0]["Type"] == "AWS::CloudWatch::Alarm"
    assert (arguments["OnStackFailure"], arguments["ImportExistingResources"]) == ("DELETE", True)
    assert "DisableRollback" not in arguments


def test_markdown_is_inert(aws: Aws) -> None:
    """A value cannot break out of its table cell."""
    after = json.dumps({"Properties": {"Name": "a|b<script>`x`\nnew"}})
    text = show.markdown(plan_of(aws, described(change("Notebook", BeforeContext="{}", AfterContext=after))))
    assert "<script>" not in text
    row = next(line for line in text.splitlines() if "Notebook" in line)
    assert row.count("|") == 6
