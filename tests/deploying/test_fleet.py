"""A fleet over two Regions of one account: the real scripts and templates, against moto as a process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

from deploying.local_aws import ROOT, Aws
from smtemplates.synth.loader import load

STACK = "Fleet"
BUCKET = "fleet-templates"
ACCOUNT = "123456789012"  # moto's
REGIONS = ("us-east-1", "eu-west-1")
NOWHERE = "xx-nowhere-1"  # the template's mappings do not know it, so that it fails there
TEMPLATE = ROOT / "templates" / "stack-set.yaml"
SERVER = "from deploying.fleet_cloud import main; main()"


@dataclass(frozen=True)
class Fleet:
    """A fleet that is rolled out, and how it came to be."""

    aws: Aws
    planned: str

    def names(self, region: str) -> dict[str, set[str]]:
        """Name what the fleet made in a Region of the kinds that an account has once for all Regions."""
        cloudformation = self.aws.client("cloudformation", region)
        stacks = [one["StackName"] for one in cloudformation.describe_stacks()["Stacks"]]
        (stack,) = (name for name in stacks if name.startswith("StackSet-"))
        resources = cloudformation.list_stack_resources(StackName=stack)["StackResourceSummaries"]
        boards = self.aws.client("cloudwatch", region).list_dashboards()["DashboardEntries"]
        return {
            **{
                kind: {one["PhysicalResourceId"] for one in resources if one["ResourceType"] == kind}
                for kind in ("AWS::IAM::Role", "AWS::IAM::ManagedPolicy", "AWS::S3::Bucket")
            },
            "AWS::CloudWatch::Dashboard": {one["DashboardName"] for one in boards},
        }


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    """Stage the workspace's template with publish.py, plan the fleet with deploy.py, and create it.

    CloudFormation's change sets are moto's weak side: it cannot give back the template of one, so none is executed.
    """
    environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", "PATH": ""}
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([sys.executable, "-c", SERVER], env=environment, text=True, **pipes) as server:
        assert server.stdout is not None
        aws = Aws(server.stdout.readline().strip())
        aws.client("s3").create_bucket(Bucket=BUCKET)
        asked = {
            "TemplateUrl": _staged(aws),
            "AccountIds": ACCOUNT,
            "Regions": ",".join((*REGIONS, NOWHERE)),
            "FailureTolerancePercentage": "100",
            "CreateModelPackageGroup": "true",
        }
        sets = [text for name, value in asked.items() for text in ("--set", f"{name}={value}")]
        planned = aws.run("plan", STACK, *sets, template=TEMPLATE)
        assert planned.returncode == 0, planned.stderr
        given = [{"ParameterKey": name, "ParameterValue": value} for name, value in asked.items()]
        cloudformation = aws.client("cloudformation")
        cloudformation.create_stack(
            StackName=STACK, TemplateBody=TEMPLATE.read_text(encoding="utf-8"), Parameters=given
        )
        yield Fleet(aws, planned.stdout)
        server.communicate()


def _staged(aws: Aws) -> str:
    """Stage the template, and name its place as AWS would: moto's own address is one of this machine."""
    command = [sys.executable, str(ROOT / "scripts" / "publish.py"), "link", "--staging-bucket", BUCKET, "--json"]
    done = subprocess.run(command, env=aws.environment, capture_output=True, text=True, check=True)
    path = urlsplit(json.loads(done.stdout)[0]["template_url"]).path
    return f"https://{BUCKET}.s3.us-east-1.amazonaws.com/{path.removeprefix(f'/{BUCKET}/')}"


def test_the_deployer_plans_a_fleet(fleet: Fleet) -> None:
    """To the deployer a fleet is a stack like any other, whose template fits into a request."""
    assert "+ WorkspaceFleet  AWS::CloudFormation::StackSet" in fleet.planned


def test_no_name_collides_over_two_regions_of_one_account(fleet: Fleet) -> None:
    """What is one for all Regions of an account (roles, policies, buckets, dashboards) is named apart in each."""
    here, there = (fleet.names(region) for region in REGIONS)
    for kind, names in here.items():
        assert names, kind
        assert there[kind], kind
        assert names.isdisjoint(there[kind]), kind
    roles = {one["RoleName"] for one in fleet.aws.client("iam").list_roles()["Roles"]}
    buckets = {one["Name"] for one in fleet.aws.client("s3").list_buckets()["Buckets"]}
    assert roles >= here["AWS::IAM::Role"] | there["AWS::IAM::Role"]
    assert buckets >= here["AWS::S3::Bucket"] | there["AWS::S3::Bucket"]


def test_every_parameter_arrives(fleet: Fleet) -> None:
    """The stack set has exactly the workspace's parameters, with their defaults or what the fleet was given."""
    set_id = json.loads(fleet.aws.run("status", STACK, "--json").stdout)["stack_sets"][0]["id"]
    made = fleet.aws.client("cloudformation").describe_stack_set(StackSetName=set_id)["StackSet"]
    held = {one["ParameterKey"]: one["ParameterValue"] for one in made["Parameters"]}
    declared = load((ROOT / "templates" / "workspace.yaml").read_text(encoding="utf-8"))["Parameters"]
    expected = {name: str(about["Default"]) for name, about in declared.items()} | {"CreateModelPackageGroup": "true"}
    assert held == expected


def test_status_shows_what_a_successful_operation_hides(fleet: Fleet) -> None:
    """Each account and Region is shown with its state; the one that failed comes first, and is the exit code."""
    done = fleet.aws.run("status", STACK)
    assert done.returncode == 1
    shown = done.stdout[done.stdout.index("WorkspaceFleet") :]
    assert "CREATE SUCCEEDED" in shown
    rows = [line.split() for line in shown.splitlines() if ACCOUNT in line]
    assert rows == [["!", ACCOUNT, NOWHERE, "FAILED"], *([ACCOUNT, region, "CURRENT"] for region in sorted(REGIONS))]
    assert "Fn::FindInMap finds no" in shown
    (told,) = json.loads(fleet.aws.run("status", STACK, "--json").stdout)["stack_sets"]
    assert told["failed"] == 1
    assert told["operation"]["status"] == "SUCCEEDED"
    assert [(one["region"], one["failed"]) for one in told["instances"]] == [
        (NOWHERE, True),
        *((region, False) for region in sorted(REGIONS)),
    ]


def test_destroying_a_fleet_is_said_to_reach_every_account(fleet: Fleet) -> None:
    """Before the stack's name is typed, it is said that more goes than one resource."""
    done = fleet.aws.run("destroy", STACK, "--confirm", "no")
    assert done.returncode == 4
    assert "and its stacks in every account and Region" in " ".join(done.stderr.split())
