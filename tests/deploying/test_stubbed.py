"""Cases that the local cloud cannot show: stacks that cannot be updated, late answers, and rejected calls."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

import pytest

from deploying.local_aws import ROOT
from deploying.stubs import NOW, REQUEST, SET_ID, STACK_ID, Aws, RecordingListener, event, stack, stubbed
from smtemplates.aws.connection import Connection
from smtemplates.aws.errors import CloudError, DeploymentError, StoppedError
from smtemplates.aws.session import Cloud
from smtemplates.deploy import destruction
from smtemplates.deploy.change_sets import change_set as change_sets
from smtemplates.deploy.commands import reports
from smtemplates.deploy.groups.status import find_orphans
from smtemplates.deploy.groups.target import Target
from smtemplates.deploy.operations import events, operation
from smtemplates.deploy.operations.causes import first_cause
from smtemplates.deploy.operations.stack import Stack
from smtemplates.deploy.operations.watcher import Watch
from smtemplates.deploy.planning import planned
from smtemplates.deploy.requests.parameters import Settings
from smtemplates.deploy.requests.request import Options, Request, token_prefix
from smtemplates.deploy.requests.template import Template


@pytest.fixture
def aws() -> Iterator[Aws]:
    with stubbed() as aws:
        yield aws


def run(aws: Aws, options: Options) -> None:
    with planned(aws.cloud, REQUEST, options, RecordingListener(), purpose="deploy"):
        pass


@pytest.mark.parametrize(
    ("status", "message"),
    [
        ("ROLLBACK_COMPLETE", "--recreate"),
        ("ROLLBACK_FAILED", "--recreate"),
        ("CREATE_FAILED", "--recreate"),
        ("DELETE_FAILED", "--recreate"),
        ("UPDATE_ROLLBACK_FAILED", "--continue-rollback"),
        ("IMPORT_ROLLBACK_FAILED", "destroy team"),
    ],
)
def test_stack_that_cannot_be_updated(aws: Aws, status: str, message: str) -> None:
    """A stack that cannot be updated is an error with the option that helps."""
    tags = [{"Key": "smtemplates:deployer", "Value": "deploy"}]
    aws.answers("describe_stacks", {"Stacks": [stack(status, Tags=tags)]})
    with pytest.raises(DeploymentError, match=message):
        run(aws, Options())


def test_continued_rollback_that_fails_reports_the_cause(aws: Aws) -> None:
    """A continued rollback that fails reports the resource that failed, not the cancelled ones."""
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
    with pytest.raises(
        DeploymentError, match=r"Domain .*\n.*domain still has apps\n.*Delete the resources that still use it"
    ):
        run(aws, Options(continue_rollback=True))


def test_watching_reports_undeleted_resources(aws: Aws) -> None:
    """Watching reports each resource that AWS could not delete once, and not those deleted at a later attempt."""
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
    for _ in range(2):  # an operation of another actor has ended when two looks agree
        aws.answers("describe_stack_events", {"StackEvents": tried})
        aws.answers("describe_stacks", {"Stacks": [stack("UPDATE_COMPLETE")]})
    with pytest.raises(DeploymentError) as caught:
        reports.status(aws.cloud, "team", watch=True, as_json=False)
    assert str(caught.value).count("it still has apps") == 1
    assert "Other" not in str(caught.value)


def test_resumed_run_protects_the_stack_and_reports_undeleted_resources(aws: Aws) -> None:
    """A repeated deployment reports the resources that AWS could not delete, and still protects a production stack."""
    aws.answers("describe_stacks", {"Stacks": [stack("UPDATE_IN_PROGRESS")]})
    token = f"{token_prefix(REQUEST.fingerprint)}1"
    started = event(1, "team", "UPDATE_IN_PROGRESS", operation=token)
    aws.answers("describe_stack_events", {"StackEvents": [started]})
    late = [event(3, "team", "UPDATE_COMPLETE"), event(2, "Domain", "DELETE_FAILED", "it still has apps")]
    aws.answers("describe_stack_events", {"StackEvents": [*late, started]})
    production = [{"ParameterKey": "Environment", "ParameterValue": "prd"}]
    aws.answers("describe_stacks", {"Stacks": [stack("UPDATE_COMPLETE", Parameters=production)]})
    aws.answers("update_termination_protection", {}, {"StackName": "team", "EnableTerminationProtection": True})
    with pytest.raises(DeploymentError, match="it still has apps"):
        run(aws, Options())


def test_rollback_reports_undeleted_resources(aws: Aws) -> None:
    """A failed update reports its cause and the resources that the rollback could not delete."""
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
        operation.follow_to_end(Watch(aws.cloud, STACK_ID, "t"), RecordingListener(), "team", deadline=None)


def watched(aws: Aws, *pages: list[dict[str, Any]], end: str) -> Stack | None:
    """Follow an operation with these pages of events, one for each call."""
    for page in pages:
        aws.answers("describe_stack_events", {"StackEvents": page})
    aws.answers("describe_stacks", {"Stacks": [stack(end)]})
    return Watch(aws.cloud, STACK_ID, "t").follow(RecordingListener())


@pytest.mark.parametrize(("status", "error"), [("DELETE_COMPLETE", StoppedError), ("DELETE_FAILED", DeploymentError)])
def test_ctrl_c_during_a_creation_deletes_the_stack(aws: Aws, status: str, error: type[Exception]) -> None:
    """Ctrl-C during a creation deletes the stack, and the message contains the resources that are retained."""
    started = event(1, "team", "CREATE_IN_PROGRESS")

    def interrupted(_seconds: float) -> None:
        aws.cloud.sleep = aws.pauses.append
        raise KeyboardInterrupt

    def deleting(params: dict[str, Any], **_context: Any) -> None:
        token = params["ClientRequestToken"]
        retained = event(4, "Data", "DELETE_SKIPPED", operation=token)
        retained.update(ResourceType="AWS::S3::Bucket", PhysicalResourceId="team-data")
        events = [retained, event(2, "team", "DELETE_IN_PROGRESS", operation=token), started]
        ended = event(3, "team", status, "The following resource(s) failed to delete: [Data].", operation=token)
        aws.answers("describe_stack_events", {"StackEvents": [ended, *events]})
        aws.answers("describe_stacks", {"Stacks": [stack(status)]})

    aws.cloud.sleep = interrupted
    aws.answers("describe_stack_events", {"StackEvents": [started]})
    aws.answers("delete_stack", {})
    hooks = aws.cloud.client("cloudformation").meta.events
    hooks.register("provide-client-params.cloudformation.DeleteStack", deleting)
    listener = RecordingListener()
    with pytest.raises(error) as caught:
        operation.follow_to_end(Watch(aws.cloud, STACK_ID, "t", creating=True), listener, "team", deadline=None)
    assert "Delete stack team, which is being created?" in listener.messages
    if error is StoppedError:
        assert "Data (AWS::S3::Bucket) team-data" in str(caught.value)
        assert "smtemplates destroy team --delete-data" in str(caught.value)


def test_polling_interval(aws: Aws) -> None:
    """After the first call, events are read at most once a second, and less often while no event arrives."""
    started = event(1, "team", "CREATE_IN_PROGRESS")
    ended = event(2, "team", "CREATE_COMPLETE")
    watched(aws, [started], [started], [started], [started], [ended, started], end="CREATE_COMPLETE")
    assert all(pause >= 1 for pause in aws.pauses[1:])
    assert aws.pauses[2:] == sorted(aws.pauses[2:])
    assert aws.pauses[-1] > 1


def test_local_cloud_is_polled_more_often(aws: Aws, session: Any) -> None:
    """A local cloud completes operations within milliseconds, so a pause is a tenth of a pause for AWS."""
    local = Cloud(Connection(endpoint_url="http://127.0.0.1:1"), session=session, pause=aws.pauses.append)
    for cloud in (aws.cloud, local):
        cloud.client("cloudformation")
        cloud.pause(1)
    assert aws.pauses == [1, 0.1]


def test_events_of_an_earlier_operation_are_ignored(aws: Aws) -> None:
    """Events of an earlier operation, which AWS can return first, do not count as the end of this operation."""
    old = [
        event(2, "team", "CREATE_COMPLETE", operation="old"),
        event(1, "team", "CREATE_IN_PROGRESS", operation="old"),
    ]
    new = [event(4, "team", "UPDATE_COMPLETE"), event(3, "team", "UPDATE_IN_PROGRESS")]
    ended = watched(aws, old, new + old, end="UPDATE_COMPLETE")
    assert ended is not None
    assert ended.status == "UPDATE_COMPLETE"


class EndedOperation:
    """AWS after a creation that has ended, with at most three pauses before a command has to notice the end."""

    def __init__(self) -> None:
        self.pauses = 3

    def pause(self, _seconds: float) -> None:
        self.pauses -= 1
        assert self.pauses >= 0, "the end was not noticed"

    def pages(self, *_arguments: str, **_named: str) -> Iterator[dict[str, Any]]:
        yield event(2, "team", "CREATE_COMPLETE")
        yield event(1, "team", "CREATE_IN_PROGRESS")

    def masked(self, text: str) -> str:
        return text

    def call(self, *_arguments: str, **_named: str) -> dict[str, Any]:
        return {"Stacks": [stack("CREATE_COMPLETE")]}


def interrupt_poll(watch: Watch, number: int) -> bool:
    """Poll with an interruption before the line that is executed as number `number`; return whether there is one."""
    executed = 0

    def trace(frame: FrameType, kind: str, _argument: object) -> Any:
        nonlocal executed
        if frame.f_code is not Watch.poll.__code__:
            return None
        executed += kind == "line"
        if executed == number:
            raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        watch.poll()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


def test_interrupted_poll_loses_no_event() -> None:
    """After an interruption at any line of a poll, watching continues and notices the end."""
    number, interrupted = 0, True
    while interrupted:
        number += 1
        cloud: Any = EndedOperation()
        watch = Watch(cloud, STACK_ID, "t")
        interrupted = interrupt_poll(watch, number)
        ended = watch.follow(RecordingListener())
        assert ended is not None
        assert ended.status == "CREATE_COMPLETE"


def test_message_contains_the_property(aws: Aws) -> None:
    """If the reason of AWS contains the property, the message contains it too."""
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
        operation.follow_to_end(watch, RecordingListener(), "team", deadline=None)
    assert "cancelled" not in str(caught.value)


@pytest.mark.parametrize("declared", [{"Condition": "Manage"}, None], ids=["condition is false", "not declared"])
def test_destroy_after_a_failed_update(aws: Aws, declared: dict[str, Any] | None) -> None:
    """A stack with a resource that its template no longer contains can be destroyed."""
    aws.answers("describe_stacks", {"Stacks": [stack("UPDATE_FAILED")]})
    kind = {"LogicalResourceId": "LogGroups", "PhysicalResourceId": "a", "ResourceType": "Custom::LogGroups"}
    summary = {**kind, "LastUpdatedTimestamp": NOW, "ResourceStatus": "CREATE_COMPLETE"}
    aws.answers("list_stack_resources", {"StackResourceSummaries": [summary]})
    resources = {} if declared is None else {"LogGroups": {"Type": "Custom::LogGroups", **declared}}
    content = {"Conditions": {"Manage": {"Fn::Equals": ["true", "false"]}}, "Resources": resources}
    aws.answers("get_template", {"TemplateBody": json.dumps(content)})
    found = destruction.plan_destruction(aws.cloud, "team", destruction.DestroyOptions())
    assert ([item.logical_id for item in found.deleted], found.log_groups) == (["LogGroups"], ())


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("ExpiredToken", "Log in again, then repeat this command"),
        ("AccessDenied", "Request this permission"),
        ("Throttling", "Repeat this command in a minute"),
    ],
)
def test_rejected_call_reports_the_next_step(aws: Aws, code: str, message: str) -> None:
    """The message for a rejected call contains the next step."""
    aws.refuses("describe_stacks", code)
    with pytest.raises(CloudError, match=message):
        aws.cloud.call("cloudformation", "describe_stacks")


def test_arguments_of_the_change_set(aws: Aws) -> None:
    """The change set has the options of the request, and only the capabilities that the template requires."""
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
    change_sets.ChangeSet(aws.cloud, request, None, purpose="deploy").create(RecordingListener())
    (arguments,) = sent
    assert arguments["ChangeSetType"] == "CREATE"
    assert arguments["Capabilities"] == ["CAPABILITY_IAM"]
    assert "DeploymentMode" not in arguments
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
def test_denied_kms_key_refers_to_its_policy(reason: str) -> None:
    """If the policy of an existing KMS key lacks a permission, the advice refers to the required key policy."""
    cause = first_cause([events.read(event(1, "Domain", "CREATE_FAILED", reason))])
    assert cause
    assert "Key policy for an existing KMS key" in str(cause.advice)
    assert "which smtemplates reference prints" in str(cause.advice)
    reference = (ROOT / "docs" / "reference" / "workspace" / "policies.md").read_text()
    assert "## Key policy for an existing KMS key" in reference


def test_other_denials_do_not_refer_to_a_key_policy() -> None:
    """A denial that does not concern a key policy does not refer to one."""
    for reason in ("is not authorized to perform: kms:CreateKey on resource: *", "not authorized to perform: s3:Get"):
        cause = first_cause([events.read(event(1, "Domain", "CREATE_FAILED", reason))])
        assert cause
        assert str(cause.advice).startswith("Allow this action for the deploying role")


def test_nested_stack_is_not_listed_as_a_stack_of_the_project() -> None:
    """A nested stack has the tags of its parent, and belongs to it."""
    tags = [{"Key": "smtemplates:project", "Value": "demo"}]
    parent = stack("CREATE_COMPLETE", Tags=tags)
    child = {**parent, "StackName": "team-Child", "StackId": f"{STACK_ID}1", "ParentId": STACK_ID, "RootId": STACK_ID}
    with stubbed() as aws:
        aws.answers("describe_stacks", {"Stacks": [parent, child]})
        target = Target(name="team", cloud=aws.cloud, request=REQUEST)
        rows, problems = find_orphans([target], "demo", [])
    assert ([row.stack_name for row in rows], problems) == (["team"], [])
