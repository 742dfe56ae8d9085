"""Resources that services of AWS create for experiments, and errors of AWS during a deletion."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from deploying.local_aws import Aws

from proving.clouds import Answer, Forward, KilledError, Script, Scripted, scripted
from smtemplates.aws.errors import CloudError
from smtemplates.prove import leftovers, networks, report
from smtemplates.prove.experiment import PREFIX, TAG
from smtemplates.prove.logs import STUDIO
from smtemplates.prove.running import Run

OWN, FOREIGN = f"d-1/{PREFIX}space/JupyterLab/default", "d-2/ann/JupyterLab/default"
MANAGED = [{"Key": networks.OF_SAGEMAKER, "Value": "arn:aws:sagemaker:us-east-1:000000000000:domain/d-1"}]


def cleaned(cloud: Scripted) -> Run:
    """Delete the resources of earlier runs, and return the run."""
    run = Run(cloud=cloud, local=True, budget=Decimal(5), say=lambda _text: None)
    run.run([])
    return run


@pytest.fixture
def group(aws: Aws) -> Iterator[Any]:
    """Create the log group of Studio with a stream of an experiment and one of a user, and return the client."""
    logs = aws.client("logs")
    logs.create_log_group(logGroupName=STUDIO)
    for name in (OWN, FOREIGN):
        logs.create_log_stream(logGroupName=STUDIO, logStreamName=name)
    yield logs
    logs.delete_log_group(logGroupName=STUDIO)


@pytest.mark.parametrize("created", [False, True])
def test_log_streams_of_users_remain(aws: Aws, group: Any, created: bool) -> None:  # noqa: FBT001
    """Only the log streams of experiments are deleted. A group with other streams is no longer one of an experiment."""
    if created:
        arn = group.describe_log_groups(logGroupNamePrefix=STUDIO)["logGroups"][0]["arn"].removesuffix(":*")
        group.tag_resource(resourceArn=arn, tags={TAG: "studio-scripts"})
    run = cleaned(scripted(aws, Script()))
    assert run.removed == [f"log stream {STUDIO}:{OWN}", *([f"log group {STUDIO}"] if created else [])]
    assert [one["logStreamName"] for one in group.describe_log_streams(logGroupName=STUDIO)["logStreams"]] == [FOREIGN]
    assert (f"- The log group {STUDIO}. Others have written to it" in report.as_text(run)) == created
    assert (run.problems, leftovers.find(scripted(aws, Script()), local=True)) == ([], [])


def test_log_streams_are_found_after_many_groups_of_users(aws: Aws, group: Any) -> None:
    """The log groups of the account can need several pages."""
    names = [f"/aws/sagemaker/Endpoints/user-{number}" for number in range(50)]
    for name in names:
        group.create_log_group(logGroupName=name)
    assert cleaned(scripted(aws, Script())).removed == [f"log stream {STUDIO}:{OWN}"]
    for name in names:
        group.delete_log_group(logGroupName=name)


def test_home_file_system_is_deleted(aws: Aws) -> None:
    """The file system and the groups of a domain in a VPC of an experiment are deleted, also after a killed run."""
    ec2, efs = aws.client("ec2"), aws.client("efs")
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": TAG, "Value": "studio-scripts"}]}]
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tags)["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    systems = [efs.create_file_system(CreationToken=name, Tags=MANAGED)["FileSystemId"] for name in "ab"]
    target = efs.create_mount_target(FileSystemId=systems[0], SubnetId=subnet)["MountTargetId"]
    tags = [{"ResourceType": "security-group", "Tags": MANAGED}]
    inbound, outbound = (
        ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc, TagSpecifications=tags)["GroupId"]
        for name in ("inbound", "outbound")
    )
    for group, other in ((inbound, outbound), (outbound, inbound)):
        rule = {"IpProtocol": "tcp", "FromPort": 2049, "ToPort": 2049, "UserIdGroupPairs": [{"GroupId": other}]}
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    calls = ["describe_vpcs", "describe_file_systems", "describe_mount_targets", "tag_resource"]
    with pytest.raises(KilledError):
        networks.clear(scripted(aws, Script(last_call=len(calls))))
    efs.delete_mount_target(MountTargetId=target)
    assert cleaned(scripted(aws, Script())).removed == [f"file system {systems[0]}"]
    networks.clear(scripted(aws, Script()))
    assert [one["FileSystemId"] for one in efs.describe_file_systems()["FileSystems"]] == systems[1:]
    found = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"]
    assert [one["GroupName"] for one in found] == ["default"]
    efs.delete_file_system(FileSystemId=systems[1])
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=vpc)


def failing(times: int, code: str) -> Answer:
    """Return the answer that rejects the first calls."""
    calls: list[None] = []

    def answer(request: dict[str, Any], forward: Forward) -> Any:
        calls.append(None)
        if len(calls) <= times:
            raise CloudError("Not now.", code=code)
        return forward(**request)

    return answer


@pytest.mark.parametrize(("operation", "code"), [("delete_bucket", "AccessDenied"), ("list_buckets", "SlowDown")])
def test_errors_of_aws_are_repeated(aws: Aws, operation: str, code: str) -> None:
    """A call that fails twice is repeated. After the third time, the report names the resource and the command."""
    name, s3 = f"{PREFIX}left", aws.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": TAG, "Value": "drift-revert"}]})
    first = scripted(aws, Script(answers={operation: failing(3, code)}))
    removal = leftovers.Removal(cloud=first, say=lambda _text: None, local=True).run()
    kind = f"The bucket {name} still exists." if operation == "delete_bucket" else "The resources of the kind bucket"
    assert [text.startswith(kind) and text.endswith("Not now.") for text in removal.problems] == [True]
    run = Run(cloud=first, local=True, budget=Decimal(5), say=lambda _text: None, problems=removal.problems)
    assert "run `smtemplates prove --clean --account ************ --region us-east-1`" in report.as_text(run)
    second = scripted(aws, Script(answers={operation: failing(2, code)}))
    assert leftovers.Removal(cloud=second, say=lambda _text: None, local=True).run().problems == []
    assert name not in {one["Name"] for one in s3.list_buckets()["Buckets"]}
