"""What the local cloud cannot show: stacks that are stuck, answers that are late, calls that AWS refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from deploying.local_aws import ROOT
from deploying.stubs import NOW, REQUEST, SET_ID, STACK_ID, Aws, RecordingListener, event, stack, stubbed
from smtemplates.aws.errors import CloudError, DeploymentError, StoppedError
from smtemplates.deploy import changeset, commands, drift, events, execution
from smtemplates.deploy import destruction as destroy
from smtemplates.deploy.changeset import Request
from smtemplates.deploy.events import first_cause
from smtemplates.deploy.execution import Options
from smtemplates.deploy.parameters import Settings
from smtemplates.deploy.planning import planned
from smtemplates.deploy.stack import Stack
from smtemplates.deploy.template import Template
from smtemplates.deploy.watcher import Watch


@pytest.fixture
def aws() -> Iterator[Aws]:
    with stubbed() as aws:
        yield aws


def run(aws: Aws, options: Options) -> None:
    with planned(aws.cloud, REQUEST, options, RecordingListener(), purpose="deploy"):
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


def test_watching_tells_what_stays_undeleted(aws: Aws) -> None:
    """Who only watches hears too what AWS gave up deleting, once, and not what went at a later attempt."""
    aws.answers("describe_stacks", {"Stacks": [stack("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")]})
    tried = [
        event(7, "team", "UPDATE_COMPLETE"),
        event(6, "Other", "DELETE_COMPLETE"),
        event(5, "Domain", "DELETE_FAILED", "it still has apps"),
        event(4, "Other", "DELETE_FAILED", "not yet"),
        event(3, "Domain", "DELETE_FAILED", "it still has apps"),
        event(2, "team", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
        event(1, "team", "UPDATE_IN_PROGRESS"),
    ]
    aws.answers("describe_stack_events", {"StackEvents": tried})
    aws.answers("describe_stacks", {"Stacks": [stack("UPDATE_COMPLETE")]})
    with pytest.raises(DeploymentError) as caught:
        commands.status(aws.cloud, "team", watch=True, as_json=False)
    assert str(caught.value).count("it still has apps") == 1
    assert "Other" not in str(caught.value)


def test_a_run_that_goes_on_protects_what_it_must_complain_of(aws: Aws) -> None:
    """Whoever repeats a deployment hears what AWS gave up deleting, and production is protected all the same."""
    aws.answers("describe_stacks", {"Stacks": [stack("UPDATE_IN_PROGRESS")]})
    token = f"{changeset.token_prefix(REQUEST.fingerprint)}1"
    begun = event(1, "team", "UPDATE_IN_PROGRESS", operation=token)
    aws.answers("describe_stack_events", {"StackEvents": [begun]})
    late = [event(3, "team", "UPDATE_COMPLETE"), event(2, "Domain", "DELETE_FAILED", "it still has apps")]
    aws.answers("describe_stack_events", {"StackEvents": [*late, begun]})
    production = [{"ParameterKey": "Environment", "ParameterValue": "prd"}]
    aws.answers("describe_stacks", {"Stacks": [stack("UPDATE_COMPLETE", Parameters=production)]})
    aws.answers("update_termination_protection", {}, {"StackName": "team", "EnableTerminationProtection": True})
    with pytest.raises(DeploymentError, match="it still has apps"):
        run(aws, Options())


def test_rollback_tells_what_stays_undeleted(aws: Aws) -> None:
    """A failed update names its cause, and what the rollback should have deleted and could not."""
    failed = [
        event(5, "team", "UPDATE_ROLLBACK_COMPLETE"),
        event(4, "Domain", "DELETE_FAILED", "it still has apps"),
        event(3, "team", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"),
        event(2, "Notebook", "CREATE_FAILED", "no capacity"),
        event(1, "team", "UPDATE_IN_PROGRESS"),
    ]
    aws.answers("describe_stack_events", {"StackEvents": failed})
    aws.answers("describe_stacks", {"Stacks": [stack("UPDATE_ROLLBACK_COMPLETE")]})
    with pytest.raises(DeploymentError, match=r"(?s)no capacity.*outside the stack.*it still has apps"):
        execution.finish(Watch(aws.cloud, STACK_ID, "t"), RecordingListener(), "team", deadline=None)


def watched(aws: Aws, *pages: list[dict[str, Any]], end: str) -> Stack | None:
    """Follow an operation whose events come like this."""
    for page in pages:
        aws.answers("describe_stack_events", {"StackEvents": page})
    aws.answers("describe_stacks", {"Stacks": [stack(end)]})
    return Watch(aws.cloud, STACK_ID, "t").follow(RecordingListener())


@pytest.mark.parametrize(("status", "error"), [("DELETE_COMPLETE", StoppedError), ("DELETE_FAILED", DeploymentError)])
def test_ctrl_c_during_creation(aws: Aws, status: str, error: type[Exception]) -> None:
    """Ctrl-C during a creation has AWS delete the stack; one that is gone is called undone, and what it left named."""
    begun = event(1, "team", "CREATE_IN_PROGRESS")

    def interrupted(_seconds: float) -> None:
        aws.cloud.pause = aws.pauses.append
        raise KeyboardInterrupt

    def deleting(params: dict[str, Any], **_context: Any) -> None:
        token = params["ClientRequestToken"]
        kept = event(4, "Data", "DELETE_SKIPPED", operation=token)
        kept.update(ResourceType="AWS::S3::Bucket", PhysicalResourceId="team-data")
        events = [kept, event(2, "team", "DELETE_IN_PROGRESS", operation=token), begun]
        aws.answers("describe_stack_events", {"StackEvents": [event(3, "team", status, operation=token), *events]})
        aws.answers("describe_stacks", {"Stacks": [stack(status)]})

    aws.cloud.pause = interrupted
    aws.answers("delete_stack", {})
    hooks = aws.cloud.client("cloudformation").meta.events
    hooks.register("provide-client-params.cloudformation.DeleteStack", deleting)
    told = RecordingListener()
    with pytest.raises(error) as caught:
        execution.finish(Watch(aws.cloud, STACK_ID, "t", creating=True), told, "team", deadline=None)
    assert "Delete the stack team, which is being created?" in told.messages
    if error is StoppedError:
        assert "Data (AWS::S3::Bucket) team-data" in str(caught.value)
        assert "scripts/deploy.py destroy team --delete-data" in str(caught.value)


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
        execution.finish(watch, RecordingListener(), "team", deadline=None)
    assert "cancelled" not in str(caught.value)


@pytest.mark.parametrize("as_json", [False, True])
def test_drift(aws: Aws, capsys: pytest.CaptureFixture[str], *, as_json: bool) -> None:
    """Drift is shown property by property, deleted resources as deleted, and how many resources AWS could check."""
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
    states = {"A": "MODIFIED", "B": "DELETED", "C": "IN_SYNC", "D": "NOT_CHECKED"}
    summaries = [
        {
            "LogicalResourceId": name,
            "ResourceType": "AWS::S3::Bucket",
            "LastUpdatedTimestamp": NOW,
            "ResourceStatus": "CREATE_COMPLETE",
            "DriftInformation": {"StackResourceDriftStatus": state},
        }
        for name, state in states.items()
    ]
    aws.answers("list_stack_resources", {"StackResourceSummaries": summaries})
    assert commands.drift(aws.cloud, "team", as_json=as_json, detailed=True) == 3
    told = capsys.readouterr().out
    if as_json:
        answer = json.loads(told)
        assert (answer["checked"], answer["resources"]) == (3, 4)
        assert [one["logical_id"] for one in answer["drifted"]] == ["A", "B"]
        return
    assert "3 of 4 resources checked" in told
    assert "VersioningConfiguration.Status: Enabled -> Suspended" in told
    assert "B (AWS::S3::Bucket): deleted" in told


@pytest.mark.parametrize("declared", [{"Condition": "Manage"}, None], ids=["switched off", "taken out"])
def test_destroying_after_an_update_that_failed(aws: Aws, declared: dict[str, Any] | None) -> None:
    """A stack that still has what its template makes no more can be destroyed."""
    aws.answers("describe_stacks", {"Stacks": [stack("UPDATE_FAILED")]})
    kind = {"LogicalResourceId": "LogGroups", "PhysicalResourceId": "a", "ResourceType": "Custom::LogGroups"}
    left = {**kind, "LastUpdatedTimestamp": NOW, "ResourceStatus": "CREATE_COMPLETE"}
    aws.answers("list_stack_resources", {"StackResourceSummaries": [left]})
    resources = {} if declared is None else {"LogGroups": {"Type": "Custom::LogGroups", **declared}}
    content = {"Conditions": {"Manage": {"Fn::Equals": ["true", "false"]}}, "Resources": resources}
    aws.answers("get_template", {"TemplateBody": json.dumps(content)})
    found = destroy.survey(aws.cloud, "team", delete_data=False)
    assert ([item.logical_id for item in found.goes], found.shared) == (["LogGroups"], ())


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
    changeset.ChangeSet(aws.cloud, request, None, purpose="deploy").create(RecordingListener())
    (arguments,) = sent
    assert arguments["ChangeSetType"] == "CREATE"
    assert arguments["Capabilities"] == ["CAPABILITY_IAM"]
    assert arguments["DeploymentMode"] == "REVERT_DRIFT"
    assert arguments["RoleARN"] == request.role_arn
    assert {"Key": "Team", "Value": "blue"} in arguments["Tags"]
    assert arguments["RollbackConfiguration"]["RollbackTriggers"][0]["Type"] == "AWS::CloudWatch::Alarm"
    assert (arguments["OnStackFailure"], arguments["ImportExistingResources"]) == ("DELETE", True)
    assert "DisableRollback" not in arguments


@pytest.mark.parametrize(
    "reason",
    [
        (
            "User: arn:aws:sts::111122223333:assumed-role/r/s is not authorized to perform: kms:CreateGrant on "
            "resource: arn:aws:kms:us-east-1:111122223333:key/1 because no resource-based policy allows it "
            "(Service: SageMaker, Status Code: 400, HandlerErrorCode: AccessDenied)"
        ),
        (
            "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you "
            "are not allowed to access. (Service: AWSKMS; Status Code: 400; Error Code: AccessDeniedException)"
        ),
    ],
)
def test_own_key_denied(reason: str) -> None:
    """Who brought a key whose policy lacks something is told where the policy that it needs is printed."""
    cause = first_cause([events.read(event(1, "Domain", "CREATE_FAILED", reason))])
    assert cause
    assert "Key policy for an existing KMS key" in str(cause.advice)
    printed = (ROOT / "templates" / "README.md").read_text()
    assert "## Key policy for an existing KMS key" in printed


def test_other_denials() -> None:
    """A denial that has nothing to do with a key's policy is not explained by one."""
    for reason in ("is not authorized to perform: kms:CreateKey on resource: *", "not authorized to perform: s3:Get"):
        cause = first_cause([events.read(event(1, "Domain", "CREATE_FAILED", reason))])
        assert cause
        assert str(cause.advice).startswith("let the deploying role")
