"""An update of a complete stack of version 0.1.0 to the current template."""

from __future__ import annotations

import json
from pathlib import Path

import samples

import smtemplates
from deploying.local_aws import Aws
from smtemplates.synth.loader import load

RELEASED = Path(__file__).parent.parent / "released" / "0.1.0.yaml"
INSTANCES = {**samples.ENDPOINT, "EndpointServing": "Instances", "EndpointName": ""}
# Policies whose statements are in other policies now.
MERGED = ("HostingPolicy", "NetworkPolicy", "TrackingPolicy")
# The local cloud does not have these policies.
NO_POLICIES = {"AdditionalPolicyArns": "", "PermissionsBoundaryArn": "", "AccessLogBucketName": ""}


def test_update_of_a_complete_stack_replaces_nothing(aws: Aws, tmp_path: Path, name: str) -> None:
    """The plan has no replacement, and deletes only merged policies. The update keeps all other physical IDs."""
    current = tmp_path / "workspace.yaml"
    current.write_text(smtemplates.render(smtemplates.build()), encoding="utf-8")
    ec2, cloudformation = aws.client("ec2"), aws.client("cloudformation")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    given = {**samples.EVERYTHING, **INSTANCES, **NO_POLICIES, "VpcId": vpc, "SubnetIds": subnet}
    released = load(RELEASED.read_text(encoding="utf-8"))["Parameters"]
    sets = [text for key, value in given.items() if key in released for text in ("--set", f"{key}={value}")]
    arguments = ["--yes", "--create-staging-bucket"]
    done = aws.run("deploy", name, *arguments, *sets, template=RELEASED)
    assert done.returncode == 0, done.stderr

    def physical_ids() -> dict[str, str]:
        found = cloudformation.describe_stack_resources(StackName=name)["StackResources"]
        return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found}

    before = physical_ids()
    plan = json.loads(aws.run("plan", name, "--json", "--create-staging-bucket", template=current).stdout)
    destroyed = {each["id"]: each["explanation"] for each in plan["changes"] if each["destructive"]}
    assert destroyed == dict.fromkeys(MERGED, "will be deleted"), json.dumps(destroyed, indent=1)
    allowed = [text for each in MERGED for text in ("--allow-destructive-resource", each)]
    done = aws.run("deploy", name, *arguments, *allowed, template=current)
    assert done.returncode == 0, done.stderr
    after = physical_ids()
    assert {key: after.get(key) for key in before if key not in MERGED} == {
        key: value for key, value in before.items() if key not in MERGED
    }
    assert {"Notebook", "Domain", "UserProfile5", "MlflowApp", "Endpoint", "ModelPackageGroup"} <= before.keys()
    logs = aws.client("logs").describe_log_groups(logGroupNamePrefix="/aws/sagemaker/TrainingJobs")["logGroups"]
    assert [group["retentionInDays"] for group in logs] == [30]
    aws.run("destroy", name, "--confirm", name, "--delete-data", "--clear-studio")
