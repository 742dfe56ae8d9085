"""The command destroy: everything is checked before anything is deleted, and each state has a next step."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploying.local_aws import SAMPLE, Aws
from deploying.proxy import Proxy
from deploying.stubs import NOW, RecordingListener, stack, stubbed
from smtemplates.aws.errors import CloudError, DeploymentError
from smtemplates.deploy import destruction, stack_deletion
from smtemplates.deploy.destruction import DestroyOptions, Destruction
from smtemplates.deploy.operations import stack as stacks
from smtemplates.deploy.operations.events import STACK_TYPE
from smtemplates.deploy.operations.operation import BUCKET
from smtemplates.deploy.printing.destruction_table import table
from smtemplates.deploy.resources.stack_tree import Resource
from smtemplates.errors import UsageError

EXPORTING = """\
Resources:
  Kept: {Type: AWS::S3::Bucket, DeletionPolicy: Retain}
  Data: {Type: AWS::S3::Bucket}
Outputs:
  Name: {Value: {Ref: Data}, Export: {Name: {"Fn::Sub": "${AWS::StackName}-Name"}}}
"""
IMPORTING = """\
Parameters: {Of: {Type: String}}
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: {"Fn::ImportValue": {"Fn::Sub": "${Of}-Name"}}}}
"""
CHILD = """\
Resources:
  Domain:
    Type: AWS::SageMaker::Domain
    Properties: {AuthMode: IAM, DomainName: {Ref: "AWS::StackName"}, VpcId: vpc-1, SubnetIds: [subnet-1]}
"""
PARENT = """\
Parameters: {Url: {Type: String}}
Resources:
  Child: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: {Ref: Url}}}
"""
# the function waits for the gate when the stack is deleted, not when it is created
SLOW = SAMPLE.read_text(encoding="utf-8").replace(
    '    while asked["Gate"]', 'while event["RequestType"] == "Delete" and asked["Gate"]'
)


@pytest.fixture
def exporting(tmp_path: Path) -> Path:
    path = tmp_path / "exporting.yaml"
    path.write_text(EXPORTING, encoding="utf-8")
    return path


def created(aws: Aws, name: str, template: Path, *settings: str) -> None:
    sets = [text for setting in settings for text in ("--set", setting)]
    done = aws.run("deploy", name, "--yes", *sets, template=template)
    assert done.returncode == 0, done.stderr


def bucket_of(aws: Aws, name: str, logical_id: str = "Data") -> str:
    found = aws.client("cloudformation").describe_stack_resource(StackName=name, LogicalResourceId=logical_id)
    bucket: str = found["StackResourceDetail"]["PhysicalResourceId"]
    return bucket


def stuck(aws: Aws, name: str, template: Path) -> str:
    """Create a stack whose deletion failed because of an object, and return the name of the bucket."""
    created(aws, name, template)
    bucket = bucket_of(aws, name)
    aws.client("s3").put_object(Bucket=bucket, Key="late")
    aws.client("cloudformation").delete_stack(StackName=name)
    aws.wait(name, "DELETE_FAILED")
    return bucket


def protected(aws: Aws, name: str) -> bool:
    return bool(
        aws.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]["EnableTerminationProtection"]
    )


def test_export_in_use_is_named_before_anything_is_deleted(
    aws: Aws, exporting: Path, name: str, tmp_path: Path
) -> None:
    """A stack whose export is imported is not destroyed. The message names the other stack, and no data is deleted."""
    created(aws, name, exporting)
    importing = tmp_path / "importing.yaml"
    importing.write_text(IMPORTING, encoding="utf-8")
    created(aws, f"{name}-importing", importing, f"Of={name}")
    aws.client("s3").put_object(Bucket=bucket_of(aws, name), Key="data")
    refused = aws.run("destroy", name, "--confirm", name, "--delete-data")
    assert (refused.returncode, aws.status(name)) == (1, "CREATE_COMPLETE"), refused.stderr
    assert f"Stack {name}-importing imports {name}-Name." in refused.stderr
    assert aws.client("s3").list_objects_v2(Bucket=bucket_of(aws, name))["KeyCount"] == 1
    assert aws.run("destroy", f"{name}-importing", "--confirm", f"{name}-importing").returncode == 0
    done = aws.run("destroy", name, "--confirm", name, "--delete-data")
    assert (done.returncode, aws.status(name)) == (0, None), done.stderr


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--retain", "Data"], "AWS accepts it in DELETE_FAILED only"),
        (["--force"], "AWS accepts it in DELETE_FAILED only"),
        (["--retain", "A,,B"], "--retain contains an empty logical ID"),
        (["--no-wait", "--delete-data"], "--no-wait and --delete-data exclude each other"),
        (["--no-wait", "--timeout", "1"], "not allowed with argument"),
        (["--force", "--retain", "Data"], "not allowed with argument"),
    ],
)
def test_options_that_cannot_be_used_are_rejected(
    aws: Aws, exporting: Path, name: str, options: list[str], sentence: str
) -> None:
    """Options that exclude each other, or that AWS does not accept for the status, exit with 2 and change nothing."""
    created(aws, name, exporting)
    rejected = aws.run("destroy", name, "--confirm", name, *options)
    assert (rejected.returncode, aws.status(name)) == (2, "CREATE_COMPLETE"), rejected.stderr
    assert sentence in rejected.stderr


def test_retained_resource_is_left_behind(aws: Aws, exporting: Path, name: str) -> None:
    """In DELETE_FAILED, --retain deletes the stack and leaves the named resource, which the command shows first."""
    bucket = stuck(aws, name, exporting)
    rejected = aws.run("destroy", name, "--confirm", name, "--retain", "Missing")
    assert (rejected.returncode, "Its resources are: Data." in rejected.stderr) == (2, True), rejected.stderr
    done = aws.run("destroy", name, "--confirm", name, "--retain", "Data")
    assert (done.returncode, aws.status(name)) == (0, None), done.stderr
    assert "can continue to cost money" in " ".join(done.stderr.split())
    assert f"= Data (AWS::S3::Bucket) {bucket}" in done.stderr
    assert aws.client("s3").list_objects_v2(Bucket=bucket)["KeyCount"] == 1


def test_forced_deletion_reports_the_resources_left_behind(aws: Aws, exporting: Path, name: str) -> None:
    """In DELETE_FAILED, --force deletes the stack, and lists the resources that AWS could not delete."""
    bucket = stuck(aws, name, exporting)
    done = aws.run("destroy", name, "--confirm", name, "--force")
    assert (done.returncode, aws.status(name)) == (0, None), done.stderr
    left = done.stderr.partition("These resources were left behind")[2]
    assert f"= Data (AWS::S3::Bucket) {bucket}" in left
    assert "Kept" not in left  # the template retains it, which the list of retained resources shows


def test_deletion_that_is_only_started(aws: Aws, exporting: Path, name: str) -> None:
    """With --no-wait, the command ends immediately, and prints the command that watches the deletion."""
    created(aws, name, exporting)
    done = aws.run("destroy", name, "--confirm", name, "--no-wait")
    assert done.returncode == 0, done.stderr
    assert f"scripts/deploy.py status --watch {name}" in done.stderr
    aws.wait(name, None)


def test_repeated_destroy_follows_the_running_deletion(
    aws: Aws, name: str, gate: Callable[[], None], tmp_path: Path
) -> None:
    """A second destroy follows the deletion of the first one, and deletes the retained bucket if it was requested."""
    slow = tmp_path / "slow.yaml"
    slow.write_text(SLOW, encoding="utf-8")
    created(aws, name, slow, f"Gate=gate-{name.lower()}")
    bucket = bucket_of(aws, name, "DataBucket")
    first = aws.start("destroy", name, "--confirm", name)
    while aws.status(name) != "DELETE_IN_PROGRESS":
        assert first.poll() is None, first.communicate()
        time.sleep(0.02)
    started = aws.run("destroy", name, "--confirm", name, "--no-wait")
    assert (started.returncode, aws.status(name)) == (0, "DELETE_IN_PROGRESS"), started.stderr
    for option in ("--retain=Folders", "--force"):
        assert aws.run("destroy", name, "--confirm", name, option).returncode == 2
    second = aws.start("destroy", name, "--confirm", name, "--delete-data")
    for line in iter(second.stderr.readline, "") if second.stderr else ():
        if "already deleting" in line:
            break
    gate()
    for process in (first, second):
        _, messages = process.communicate(timeout=60)
        assert process.returncode == 0, messages
    assert aws.status(name) is None
    assert bucket not in [item["Name"] for item in aws.client("s3").list_buckets()["Buckets"]]


def test_protection_returns_after_a_failed_deletion(
    aws: Aws, through: Aws, proxy: Proxy, exporting: Path, name: str
) -> None:
    """If AWS cannot delete the stack, termination protection is enabled again."""
    created(aws, name, exporting)
    aws.client("cloudformation").update_termination_protection(StackName=name, EnableTerminationProtection=True)
    proxy.hold("UpdateTerminationProtection")
    process = through.start("destroy", name, "--confirm", name, "--disable-protection")
    assert proxy.arrived.wait(60), process.communicate()
    assert not protected(aws, name)
    aws.client("s3").put_object(Bucket=bucket_of(aws, name), Key="late")
    proxy.release()
    _, messages = process.communicate(timeout=60)
    assert (process.returncode, aws.status(name), protected(aws, name)) == (1, "DELETE_FAILED", True), messages
    assert f"Termination protection of stack {name} is enabled again." in messages


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_protection_returns_after_an_interruption(
    aws: Aws, through: Aws, proxy: Proxy, exporting: Path, name: str, number: signal.Signals
) -> None:
    """A signal before DeleteStack leaves a protected stack, with all resources."""
    created(aws, name, exporting)
    aws.client("cloudformation").update_termination_protection(StackName=name, EnableTerminationProtection=True)
    proxy.hold("UpdateTerminationProtection")
    process = through.start("destroy", name, "--confirm", name, "--disable-protection", "--delete-data")
    assert proxy.arrived.wait(60), process.communicate()
    process.send_signal(number)
    proxy.release()
    _, messages = process.communicate(timeout=60)
    assert (process.returncode, aws.status(name), protected(aws, name)) == (130, "CREATE_COMPLETE", True), messages
    assert "Traceback" not in messages


def test_protection_returns_when_a_space_was_created_late(aws: Aws, through: Aws, proxy: Proxy, name: str) -> None:
    """A space that a user creates after the list was shown is not deleted, and neither is the stack."""
    domain = aws.deployed(name, "CreateDomain=true", "Environment=prd")["DomainId"]
    sagemaker = aws.client("sagemaker")
    sagemaker.create_space(DomainId=domain, SpaceName="early")
    proxy.hold("UpdateTerminationProtection")
    process = through.start("destroy", name, "--confirm", name, "--disable-protection", "--clear-studio")
    assert proxy.arrived.wait(60), process.communicate()
    sagemaker.create_space(DomainId=domain, SpaceName="late")
    proxy.release()
    _, messages = process.communicate(timeout=60)
    assert (process.returncode, aws.status(name), protected(aws, name)) == (1, "CREATE_COMPLETE", True), messages
    assert "were created after the list of deleted resources was shown: space late." in messages
    assert {item["SpaceName"] for item in sagemaker.list_spaces(DomainIdEquals=domain)["Spaces"]} == {"early", "late"}


def calls_to_destroy(through: Aws, proxy: Proxy, name: str) -> int:
    """Destroy a stack, and return the number of calls without the polling of events."""
    proxy.spoil(None)
    done = through.run("destroy", name, "--confirm", name, "--clear-studio")
    assert done.returncode == 0, done.stderr
    return len([call for call in proxy.calls if call != "DescribeStackEvents"])


def test_number_of_calls(aws: Aws, through: Aws, proxy: Proxy, name: str) -> None:
    """A plain destroy needs 5 calls. Each Studio object adds only the call that deletes it."""
    aws.deployed(name)
    assert calls_to_destroy(through, proxy, name) <= 5, proxy.calls
    numbers = []
    for count in (1, 4):
        domain = aws.deployed(f"{name}-{count}", "CreateDomain=true")["DomainId"]
        for number in range(count):
            aws.client("sagemaker").create_space(DomainId=domain, SpaceName=f"space-{number}")
        numbers.append(calls_to_destroy(through, proxy, f"{name}-{count}"))
    assert numbers[1] - numbers[0] == 3


def test_domain_in_a_nested_stack_is_guarded(aws: Aws, name: str, tmp_path: Path) -> None:
    """The resources of a nested stack are shown. Without --clear-studio, destroy and deploy keep it with its spaces."""
    bucket = f"templates-{name.lower()}"
    aws.client("s3").create_bucket(Bucket=bucket)
    aws.client("s3").put_object(Bucket=bucket, Key="child.yaml", Body=CHILD.encode())
    parent = tmp_path / "parent.yaml"
    parent.write_text(PARENT, encoding="utf-8")
    created(aws, name, parent, f"Url={aws.url}/{bucket}/child.yaml")
    domains = aws.client("sagemaker").list_domains()["Domains"]
    domain = next(item["DomainId"] for item in domains if item["DomainName"].startswith(name))
    aws.client("sagemaker").create_space(DomainId=domain, SpaceName="lab")
    refused = aws.run("destroy", name, "--confirm", name)
    assert (refused.returncode, aws.status(name)) == (4, "CREATE_COMPLETE"), refused.stderr
    assert f"Child/Domain (AWS::SageMaker::Domain) {domain}" in refused.stderr
    other = tmp_path / "other.yaml"
    other.write_text("Resources: {Topic: {Type: AWS::SNS::Topic}}\n", encoding="utf-8")
    refused = aws.run("deploy", name, "--yes", "--allow-destructive", template=other)
    assert (refused.returncode, "space lab" in refused.stderr) == (4, True), refused.stderr
    done = aws.run("destroy", name, "--confirm", name, "--clear-studio")
    assert (done.returncode, aws.status(name)) == (0, None), done.stderr


def summary(logical_id: str, type_: str) -> dict[str, Any]:
    return {
        "LogicalResourceId": logical_id,
        "PhysicalResourceId": logical_id.lower(),
        "ResourceType": type_,
        "LastUpdatedTimestamp": NOW,
        "ResourceStatus": "CREATE_COMPLETE",
    }


@pytest.mark.parametrize(
    ("body", "known"),
    [
        ("? team\nResources", False),
        (None, False),
        ("[1, 2]", False),
        (json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "DeletionPolicy": {"Ref": "P"}}}}), True),
        (json.dumps({"Resources": {"Topic": None}}), True),
        (json.dumps({"Resources": None, "Parameters": None}), True),
    ],
)
def test_stack_whose_template_is_unusual_can_be_destroyed(body: str | None, known: bool) -> None:  # noqa: FBT001 a row of the table
    """A stack can be destroyed if its template is unreadable or contains null. Missing information is reported."""
    with stubbed() as aws:
        aws.answers("describe_stacks", {"Stacks": [stack("CREATE_COMPLETE")]})
        aws.answers("list_stack_resources", {"StackResourceSummaries": [summary("Topic", "AWS::SNS::Topic")]})
        aws.answers("get_template", {} if body is None else {"TemplateBody": body})
        plan = destruction.plan_destruction(aws.cloud, "team", DestroyOptions())
    destruction.check(plan, DestroyOptions())
    shown = " ".join(table(plan, delete_data=False).split())
    assert "Topic (AWS::SNS::Topic) topic" in shown
    assert ("It is not known which resources AWS retains" not in shown) == known
    assert ("not known whether AWS retains Topic" in shown) == ("Ref" in str(body))


def test_template_that_may_not_be_read() -> None:
    """A stack can be destroyed without permission to read its template. Other errors of the call end the command."""
    for code, error in (("AccessDenied", None), ("Throttling", CloudError)):
        with stubbed() as aws:
            aws.answers("describe_stacks", {"Stacks": [stack("CREATE_COMPLETE")]})
            aws.answers("list_stack_resources", {"StackResourceSummaries": []})
            aws.refuses("get_template", code)
            if error:
                with pytest.raises(error):
                    destruction.plan_destruction(aws.cloud, "team", DestroyOptions())
            else:
                plan = destruction.plan_destruction(aws.cloud, "team", DestroyOptions())
                assert "cannot be read" in plan.unknown[0]


@pytest.mark.parametrize(
    "status",
    [
        "UPDATE_IN_PROGRESS",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "ROLLBACK_IN_PROGRESS",
        "IMPORT_IN_PROGRESS",
    ],
)
def test_operation_in_progress_prevents_a_deletion(status: str) -> None:
    """During another operation, nothing is deleted, because AWS would reject the deletion afterwards."""
    with stubbed() as aws:
        aws.answers("describe_stacks", {"Stacks": [stack(status)]})
        aws.answers("list_stack_resources", {"StackResourceSummaries": []})
        aws.answers("get_template", {"TemplateBody": "{}"})
        plan = destruction.plan_destruction(aws.cloud, "team", DestroyOptions())
    with pytest.raises(DeploymentError, match=f"in progress on the stack \\({status}\\).*status --watch team"):
        destruction.check(plan, DestroyOptions())


def test_unknown_imports_prevent_the_deletion_of_data() -> None:
    """Without permission for ListImports, a stack with exports is destroyed only if no data is deleted before."""
    outputs = [{"OutputKey": "Name", "OutputValue": "x", "ExportName": "team-Name"}]
    for delete_data in (False, True):
        with stubbed() as aws:
            aws.answers("describe_stacks", {"Stacks": [stack("CREATE_COMPLETE", Outputs=outputs)]})
            aws.answers("list_stack_resources", {"StackResourceSummaries": []})
            aws.answers("get_template", {"TemplateBody": "{}"})
            aws.refuses("list_imports", "AccessDenied")
            plan = destruction.plan_destruction(aws.cloud, "team", DestroyOptions(delete_data=delete_data))
        assert "not known whether other stacks import" in plan.unknown[0]
        assert bool(plan.blockers) == delete_data


def test_protection_that_cannot_be_enabled_again_is_reported() -> None:
    """If AWS is deleting the stack, or rejects the call, the message contains the command that enables protection."""
    found = stacks.read(stack("UPDATE_COMPLETE", EnableTerminationProtection=True))
    plan = Destruction(name="team", stack=found)
    for after in ("DELETE_IN_PROGRESS", "UPDATE_COMPLETE"):
        listener = RecordingListener()
        with stubbed() as aws:
            aws.answers("update_termination_protection", {"StackId": found.id})
            aws.refuses("delete_stack", "AccessDenied")
            aws.answers("describe_stacks", {"Stacks": [stack(after)]})
            if after == "UPDATE_COMPLETE":
                aws.refuses("update_termination_protection", "AccessDenied")
            with pytest.raises(CloudError, match="DeleteStack is not allowed"):
                stack_deletion.execute(aws.cloud, plan, listener, DestroyOptions(disable_protection=True))
        assert "update-termination-protection --enable-termination-protection" in listener.messages[-1]


def test_buckets_with_an_unknown_policy_are_not_forgotten() -> None:
    """If the template cannot be read, each bucket of the stack is looked for after the deletion."""
    bucket = Resource(logical_id="Data", type=BUCKET, physical_id="data", policy=None)
    assert Destruction(name="team", stack=None, deleted=(bucket,)).retained_buckets == ("data",)


def test_retain_needs_a_stack() -> None:
    """A stack that is deleted already has no resources to retain."""
    with stubbed() as aws:
        aws.refuses("describe_stacks", "ValidationError", "Stack with id team does not exist")
        with pytest.raises(UsageError, match="stack team is deleted"):
            destruction.plan_destruction(aws.cloud, "team", DestroyOptions(retain=("A",)))


def test_resource_of_a_nested_stack_cannot_be_retained() -> None:
    """AWS retains only resources of the stack itself. Other IDs are rejected before data is deleted."""
    with stubbed() as aws:
        aws.answers("describe_stacks", {"Stacks": [stack("DELETE_FAILED")]})
        aws.answers("list_stack_resources", {"StackResourceSummaries": [summary("Child", STACK_TYPE)]})
        aws.answers("get_template", {"TemplateBody": "{}"})
        aws.answers("describe_stacks", {"Stacks": [stack("DELETE_FAILED")]})
        aws.answers("list_stack_resources", {"StackResourceSummaries": [summary("Data", BUCKET)]})
        aws.answers("get_template", {"TemplateBody": "{}"})
        with pytest.raises(UsageError, match=r"Child/Data, which stack team .* Its resources are: Child\."):
            destruction.plan_destruction(aws.cloud, "team", DestroyOptions(retain=("Child/Data",)))


def test_operation_that_starts_during_the_question_keeps_the_data() -> None:
    """If another operation starts before the name is confirmed, no data is deleted: AWS would reject the deletion."""
    bucket = Resource(logical_id="Data", type=BUCKET, physical_id="data")
    plan = Destruction(name="team", stack=stacks.read(stack("UPDATE_COMPLETE")), deleted=(bucket,))
    with stubbed() as aws:
        aws.answers("describe_stacks", {"Stacks": [stack("UPDATE_IN_PROGRESS")]})
        with pytest.raises(DeploymentError, match=r"UPDATE_IN_PROGRESS\. Another operation is in progress"):
            stack_deletion.execute(aws.cloud, plan, RecordingListener(), DestroyOptions(delete_data=True))
