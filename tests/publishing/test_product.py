"""A specialized template as a product: users see six fields, and the launch role and its boundary suffice for it."""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import processes
import pytest
import samples
from botocore.exceptions import ClientError
from deploying.local_aws import ROOT, Aws, policy

from publishing.service_catalog import MODEL, faults
from smtemplates.local_cloud.lifecycle import running

pytestmark = pytest.mark.server

STACK, BUCKET, VERSION = "catalog", "templates", "1.0.0"
BOUNDARY = f"arn:aws:iam::{samples.ACCOUNT}:policy/SageMakerWorkspaceLaunchBoundary"
FIELDS = {
    "ProjectName": "churn",
    "Environment": "dev",
    "CreateNotebook": "true",
    "NotebookInstanceType": "ml.t3.large",
    "UserProfileNames": "ana,bo",
    "AlarmEmail": "team@example.com",
}
NETWORK = {"VpcId": "vpc-0123456789abcdef0", "SubnetIds": "subnet-0123456789abcdef0"}
FIXED = {"AllowModelApproval": "true", "AccessLevel": "FullAccess", "AllowedInstanceTypes": "ml.p5.48xlarge"}
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


@dataclass(frozen=True)
class Company:
    """An account in which a platform team has published its product."""

    aws: Aws
    folder: Path

    def run(self, *arguments: str) -> str:
        """Run a command of smtemplates that succeeds, and return its standard output."""
        command = [sys.executable, "-m", "smtemplates", *arguments]
        done = processes.run(command, {**self.aws.environment, "PYTHONPATH": str(ROOT)}, self.folder)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def call(self, operation: str, **request: Any) -> dict[str, Any]:
        """Call Service Catalog, and check the answer with the model of the service."""
        client = self.aws.client("servicecatalog")
        answer: dict[str, Any] = getattr(client, operation)(**request)
        answer.pop("ResponseMetadata")
        shape = MODEL.operation_model(client.meta.method_to_api_mapping[operation]).output_shape
        assert faults(answer, shape) == []
        return answer

    def launch(self, **values: str) -> str:
        """Launch the product, wait until it is available, and return the name of its stack."""
        name = f"team-{uuid.uuid4().hex[:8]}"
        self.call(
            "provision_product",
            ProductName="SageMaker workspace",
            ProvisioningArtifactName=VERSION,
            ProvisionedProductName=name,
            ProvisionToken=name,
            ProvisioningParameters=[{"Key": key, "Value": value} for key, value in values.items()],
        )
        identity = self.call("describe_provisioned_product", Name=name)["ProvisionedProductDetail"]["Id"]
        stack = f"SC-{samples.ACCOUNT}-{identity}"
        waiter = self.aws.client("cloudformation").get_waiter("stack_create_complete")
        waiter.wait(StackName=stack, WaiterConfig={"Delay": 0.2, "MaxAttempts": 300})
        detail = self.call("describe_provisioned_product", Name=name)["ProvisionedProductDetail"]
        assert detail["Status"] == "AVAILABLE", detail
        return stack


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """Publish the workspace with six fields, as a product with a launch role."""
    with running() as url:
        company = Company(Aws(url, (samples.ACCOUNT, "test")), tmp_path_factory.mktemp("company"))
        ec2 = company.aws.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
        company.aws.client("s3").create_bucket(Bucket=BUCKET)
        fix = ("CreateDomain=true", f"VpcId={vpc}", f"SubnetIds={subnet}", f"PermissionsBoundaryArn={BOUNDARY}")
        fixes = [text for each in (*fix, f"AdditionalPolicyArns={ADMINISTRATOR}") for text in ("--fix", each)]
        render = ("render", "workspace", "--without", "guide", "--no-lint", "-o", "company.yaml")
        company.run(*render, "--keep", ",".join(FIELDS), *fixes)
        bucket = ("--staging-bucket", BUCKET)
        (link,) = json.loads(company.run("publish", "link", "--template", "company.yaml", *bucket, "--json"))
        settings = (f"TemplateUrl={link['template_url']}", f"FirstVersion={VERSION}", "RequireBoundary=false")
        sets = [text for each in settings for text in ("--set", each)]
        company.run("deploy", STACK, "--template", "service-catalog", "--yes", *bucket, *sets)
        yield company


def test_users_see_six_fields(company: Company) -> None:
    """Service Catalog offers the six fields with their defaults, and rejects a value for a fixed parameter."""
    selected = {"ProductName": "SageMaker workspace", "ProvisioningArtifactName": VERSION}
    shown = company.call("describe_provisioning_parameters", **selected)["ProvisioningArtifactParameters"]
    assert {one["ParameterKey"] for one in shown} == set(FIELDS)
    assert all("DefaultValue" in one and one["Description"] for one in shown)
    for name, value in FIXED.items():
        with pytest.raises(ClientError, match=f"{name}. do not exist in the template"):
            company.launch(**FIELDS, **{name: value})


def test_a_template_of_the_configuration_file_is_published(company: Company) -> None:
    """A table of the configuration file is published by its name, and the users of the new version see its fields."""
    fix = "\n".join(f"{name} = {json.dumps(value)}" for name, value in NETWORK.items())
    table = f'[template.company]\nfrom = "workspace"\nwithout = ["guide"]\nkeep = {json.dumps([*FIELDS])}\n'
    (company.folder / "smtemplates.toml").write_text(f"{table}[template.company.fix]\nCreateDomain = true\n{fix}\n")
    options = ("--catalog", STACK, "--staging-bucket", BUCKET, "--keep-versions", "2", "--yes")
    company.run("publish", "version", "1.1.0", "--template", "company", *options)
    selected = {"ProductName": "SageMaker workspace", "ProvisioningArtifactName": "1.1.0"}
    shown = company.call("describe_provisioning_parameters", **selected)["ProvisioningArtifactParameters"]
    assert {one["ParameterKey"] for one in shown} == set(FIELDS)


def test_the_launch_role_creates_the_product_within_its_boundary(company: Company) -> None:
    """The launch role creates the stack, and its roles have the boundary, which no field can change."""
    stack = company.launch(**FIELDS)
    pages = company.aws.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
    resources = [one for page in pages for one in page["StackResourceSummaries"]]
    types = {one["ResourceType"] for one in resources}
    assert {"AWS::SageMaker::NotebookInstance", "AWS::SageMaker::UserProfile"} <= types
    iam = company.aws.client("iam")
    roles = [one["PhysicalResourceId"] for one in resources if one["ResourceType"] == "AWS::IAM::Role"]
    for role in roles:
        found = iam.get_role(RoleName=role)["Role"]
        assert found["PermissionsBoundary"]["PermissionsBoundaryArn"] == BOUNDARY
    outputs = company.aws.outputs(stack)
    name = outputs["ExecutionRoleName"]
    trust = policy(Action="sts:AssumeRole", Principal={"AWS": samples.ACCOUNT})
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))
    launched = company.aws.as_role(outputs["ExecutionRoleArn"])
    # the role has the policy AdministratorAccess, so only the boundary limits it
    launched.client("s3").put_object(Bucket=outputs["OutputBucketName"], Key="output/a", Body=b"a")
    for service, operation, request in (
        ("s3", "get_object", {"Bucket": BUCKET, "Key": "any"}),
        ("iam", "create_user", {"UserName": "friend"}),
        ("iam", "delete_role_permissions_boundary", {"RoleName": name}),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            getattr(launched.client(service), operation)(**request)


def test_launch_without_the_launch_role_is_denied(company: Company) -> None:
    """A launch fails with the reason of IAM if the role may not create the stack."""
    iam, role = company.aws.client("iam"), "SageMakerWorkspaceLaunch"
    attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    (stacks,) = (one["PolicyArn"] for one in attached if "Stacks" in one["PolicyName"])
    iam.detach_role_policy(RoleName=role, PolicyArn=stacks)
    with pytest.raises(ClientError, match="not authorized to perform: cloudformation:CreateStack"):
        company.launch(**FIELDS)
    iam.attach_role_policy(RoleName=role, PolicyArn=stacks)
