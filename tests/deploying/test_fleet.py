"""A stack set in two Regions of one account: the real scripts and templates, on a Moto server."""

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
ACCOUNT = "123456789012"  # the account of Moto
REGIONS = ("us-east-1", "eu-west-1")
NOWHERE = "xx-nowhere-1"  # not in the mappings of the template, so that the stack fails there
TEMPLATE = ROOT / "templates" / "stack-set.yaml"
SERVER = "from deploying.fleet_cloud import main; main()"


@dataclass(frozen=True)
class Fleet:
    """A created stack with a stack set."""

    aws: Aws

    def names(self, region: str) -> dict[str, set[str]]:
        """Return, by type, the names of resources in a Region that must be unique in the account."""
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
    """Stage the workspace template with publish.py, and create the stack set.

    The stack is created without a change set, because Moto cannot return the template of a change set.
    """
    environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", "PATH": ""}
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([sys.executable, "-c", SERVER], env=environment, text=True, **pipes) as server:
        assert server.stdout is not None
        aws = Aws(server.stdout.readline().strip())
        aws.client("s3").create_bucket(Bucket=BUCKET)
        parameters = {
            "TemplateUrl": _staged(aws),
            "AccountIds": ACCOUNT,
            "Regions": ",".join((*REGIONS, NOWHERE)),
            "FailureTolerancePercentage": "100",
            "CreateModelPackageGroup": "true",
        }
        given = [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
        cloudformation = aws.client("cloudformation")
        cloudformation.create_stack(
            StackName=STACK, TemplateBody=TEMPLATE.read_text(encoding="utf-8"), Parameters=given
        )
        yield Fleet(aws)
        server.communicate()


def _staged(aws: Aws) -> str:
    """Stage the template, and return its URL on AWS instead of the URL on this computer."""
    command = [sys.executable, str(ROOT / "scripts" / "publish.py"), "link", "--staging-bucket", BUCKET, "--json"]
    done = subprocess.run(command, env=aws.environment, capture_output=True, text=True, check=True)
    path = urlsplit(json.loads(done.stdout)[0]["template_url"]).path
    return f"https://{BUCKET}.s3.us-east-1.amazonaws.com/{path.removeprefix(f'/{BUCKET}/')}"


def test_names_differ_between_regions_of_one_account(fleet: Fleet) -> None:
    """Roles, policies, buckets and dashboards must have unique names in an account. They differ between Regions."""
    here, there = (fleet.names(region) for region in REGIONS)
    for kind, names in here.items():
        assert names, kind
        assert there[kind], kind
        assert names.isdisjoint(there[kind]), kind
    roles = {one["RoleName"] for one in fleet.aws.client("iam").list_roles()["Roles"]}
    buckets = {one["Name"] for one in fleet.aws.client("s3").list_buckets()["Buckets"]}
    assert roles >= here["AWS::IAM::Role"] | there["AWS::IAM::Role"]
    assert buckets >= here["AWS::S3::Bucket"] | there["AWS::S3::Bucket"]


def test_stack_set_receives_every_parameter(fleet: Fleet) -> None:
    """The stack set has exactly the parameters of the workspace, with their defaults or the values of the stack."""
    set_id = json.loads(fleet.aws.run("status", STACK, "--json").stdout)["stack_sets"][0]["id"]
    created = fleet.aws.client("cloudformation").describe_stack_set(StackSetName=set_id)["StackSet"]
    values = {one["ParameterKey"]: one["ParameterValue"] for one in created["Parameters"]}
    declared = load((ROOT / "templates" / "workspace.yaml").read_text(encoding="utf-8"))["Parameters"]
    expected = {name: str(body["Default"]) for name, body in declared.items()} | {"CreateModelPackageGroup": "true"}
    assert values == expected


def test_status_shows_failed_stacks_of_a_successful_operation(fleet: Fleet) -> None:
    """Each account and Region is shown with its status. The failed one is first and determines the exit code."""
    done = fleet.aws.run("status", STACK)
    assert done.returncode == 1
    shown = done.stdout[done.stdout.index("WorkspaceFleet") :]
    assert "CREATE SUCCEEDED" in shown
    rows = [line.split() for line in shown.splitlines() if ACCOUNT in line]
    assert rows == [["!", ACCOUNT, NOWHERE, "FAILED"], *([ACCOUNT, region, "CURRENT"] for region in sorted(REGIONS))]
    assert "Fn::FindInMap finds no" in shown
    (stack_set,) = json.loads(fleet.aws.run("status", STACK, "--json").stdout)["stack_sets"]
    assert stack_set["failed"] == 1
    assert stack_set["operation"]["status"] == "SUCCEEDED"
    assert [(one["region"], one["failed"]) for one in stack_set["instances"]] == [
        (NOWHERE, True),
        *((region, False) for region in sorted(REGIONS)),
    ]


def test_destroy_names_the_stacks_of_a_stack_set(fleet: Fleet) -> None:
    """The list of deleted resources says that the stacks in all accounts and Regions are deleted."""
    done = fleet.aws.run("destroy", STACK, "--confirm", "no")
    assert done.returncode == 4
    assert "The stacks of stack set WorkspaceFleet are deleted in all accounts and Regions" in " ".join(
        done.stderr.split()
    )
