"""The template service-catalog.yaml, deployed with deploy.py, and its product, to which publish.py adds versions.

The local cloud creates the role and its policies, and IDs for the resources of Service Catalog. The version that AWS
would create from the properties of the product is validated with the model of the API and added to the simulated
Service Catalog.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import samples
from deploying.local_aws import ROOT

import smtemplates
from publishing.conftest import BUCKET, Publisher
from publishing.service_catalog import MODEL, faults
from smtemplates.evaluate import Stack
from smtemplates.synth.loader import load

CATALOG = ROOT / "templates" / "service-catalog.yaml"
WORKSPACE = ROOT / "templates" / "workspace.yaml"
STACK = "catalog"


def _deploy(publisher: Publisher, template: Path, name: str, given: dict[str, str]) -> dict[str, str]:
    sets = [text for key, value in given.items() for text in ("--set", f"{key}={value}")]
    options = ("--yes", "--json", "--allow-destructive", "--staging-bucket", BUCKET)
    done = publisher.aws.run("deploy", name, *options, *sets, template=template)
    assert done.returncode == 0, done.stderr
    outputs: dict[str, str] = json.loads(done.stdout)["outputs"]
    return outputs


@pytest.fixture
def staged(publisher: Publisher) -> str:
    """Stage the workspace template, and return its URL in AWS for the parameter TemplateUrl."""
    done = publisher.run("stage", "--template", str(WORKSPACE), "--staging-bucket", BUCKET)
    assert done.returncode == 0, done.stderr
    url = done.stdout.removesuffix("\n")
    address = re.escape(f"https://{BUCKET}.s3.us-east-1.amazonaws.com/smtemplates/")
    assert re.fullmatch(rf"{address}[0-9a-f]{{64}}\.template", url)
    return url


@pytest.fixture
def catalog(publisher: Publisher, staged: str) -> dict[str, str]:
    """Deploy the catalog with its first version, and return the outputs."""
    outputs = _deploy(publisher, CATALOG, STACK, {**samples.CATALOG, "TemplateUrl": staged})
    product = Stack(load(CATALOG.read_text()), {"TemplateUrl": staged}).resources["Product"]["Properties"]
    (version,) = product["ProvisioningArtifactParameters"]
    assert faults(version, MODEL.shape_for("ProvisioningArtifactProperties")) == []
    publisher.catalog.products[outputs["ProductId"]] = []
    publisher.catalog.add(outputs["ProductId"], version["Name"], version["Description"])
    return outputs


def test_first_version_counts_as_published(publisher: Publisher, catalog: dict[str, str]) -> None:
    """Publishing the template again changes nothing, and a different template under that version is rejected."""

    def publish(version: str, template: Path) -> tuple[int, bool, str]:
        place = ["--catalog", STACK, "--staging-bucket", BUCKET]
        done = publisher.run("version", version, "--template", str(template), *place, "--yes", "--json")
        return done.returncode, bool(done.stdout) and json.loads(done.stdout)["changed"], done.stderr

    versions = publisher.catalog.products[catalog["ProductId"]]
    assert publish("1.0.0", WORKSPACE)[:2] == (0, False)
    code, changed, output = publish("1.0.1", WORKSPACE)
    assert (code, changed, "is identical to version 1.0.0" in output) == (0, False, True)
    other = publisher.folder / "other.yaml"
    other.write_text(smtemplates.render(smtemplates.build(["studio"])))
    assert publish("1.0.0", other)[0] == 2
    assert len(versions) == 1
    assert publish("1.1.0", other)[:2] == (0, True)
    assert [(one["Name"], one["Guidance"]) for one in versions] == [("1.0.0", "DEPRECATED"), ("1.1.0", "DEFAULT")]


def test_stack_is_deployed_updated_and_destroyed(publisher: Publisher, catalog: dict[str, str]) -> None:
    """The stack creates the role in its outputs, deletes it in an update, and is destroyed with all resources."""
    role = publisher.aws.client("iam").get_role(RoleName=catalog["LaunchRoleName"])["Role"]
    assert role["Arn"] == catalog["LaunchRoleArn"]
    attached = publisher.aws.client("iam").list_attached_role_policies(RoleName=catalog["LaunchRoleName"])
    assert len(attached["AttachedPolicies"]) == 7
    assert catalog["PermissionsBoundaryArn"].endswith(":policy/SageMakerWorkspaceLaunchBoundary")
    outputs = _deploy(publisher, CATALOG, STACK, {"CreateLaunchRole": "false", "ShareAccountIds": ",001234567012"})
    assert set(outputs) == {"CatalogUrl", "LaunchRoleName", "PortfolioId", "ProductId"}
    done = publisher.aws.run("destroy", STACK, "--confirm", STACK)
    assert (done.returncode, publisher.aws.status(STACK)) == (0, None), done.stderr
    (line,) = (text for text in " ".join(done.stderr.split()).split(" - ") if text.startswith("Share2 "))
    assert "Products that its account launched are not visible from this account" in line
    assert not [one for one in publisher.aws.client("iam").list_roles()["Roles"] if one["RoleName"] == role["RoleName"]]


def test_stack_without_parameters_has_no_product(publisher: Publisher) -> None:
    """Without parameters a portfolio and a launch role are created, and publish.py reports that there is no product."""
    outputs = _deploy(publisher, CATALOG, "bare", {})
    assert outputs["PortfolioId"].startswith("port-")
    done = publisher.run("versions", "--catalog", "bare")
    assert (done.returncode, "has no output ProductId" in done.stderr) == (2, True)
    publisher.aws.run("destroy", "bare", "--confirm", "bare")


def _bounded(publisher: Publisher, boundary: str) -> str:
    """Create a role as a launch does, and return its name."""
    name, trust = f"SC-{publisher.product}", json.dumps({"Version": "2012-10-17", "Statement": []})
    iam = publisher.aws.client("iam")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, PermissionsBoundary=boundary)
    return name


def test_catalog_in_use_is_not_destroyed(publisher: Publisher, catalog: dict[str, str]) -> None:
    """A catalog is not destroyed while a provisioned product or a role with its permissions boundary exists."""
    (version,) = publisher.catalog.products[catalog["ProductId"]]
    publisher.catalog.provision(catalog["ProductId"], version)
    role = _bounded(publisher, catalog["PermissionsBoundaryArn"])
    destroy = ["destroy", STACK, "--confirm", STACK]
    done = publisher.aws.run(*destroy, AWS_ENDPOINT_URL=publisher.catalog.url)
    output = " ".join(done.stderr.split())
    assert (done.returncode, f"Product {catalog['ProductId']} has 1 provisioned product " in output) == (1, True), (
        output
    )
    assert f"LaunchBoundary is the permissions boundary of {role}. IAM cannot delete a policy in use." in output
    assert str(publisher.aws.status(STACK)).endswith("_COMPLETE")
    publisher.catalog.provisioned.pop()
    publisher.aws.client("iam").delete_role(RoleName=role)
    done = publisher.aws.run(*destroy, AWS_ENDPOINT_URL=publisher.catalog.url)
    assert (done.returncode, publisher.aws.status(STACK)) == (0, None), done.stderr


def test_launch_role_template(publisher: Publisher) -> None:
    """The template launch-role.yaml creates the role. Its boundary is not deleted while a role uses it."""
    outputs = _deploy(publisher, ROOT / "templates" / "launch-role.yaml", "launching", samples.LAUNCH)
    iam = publisher.aws.client("iam")
    arn = iam.get_role(RoleName=outputs["LaunchRoleName"])["Role"]["Arn"]
    assert arn.endswith(":role/SageMakerWorkspaceLaunch")
    role = _bounded(publisher, outputs["PermissionsBoundaryArn"])
    done = publisher.aws.run("destroy", "launching", "--confirm", "launching")
    assert (done.returncode, f"is the permissions boundary of {role}" in " ".join(done.stderr.split())) == (1, True), (
        done.stderr
    )
    iam.delete_role(RoleName=role)
    done = publisher.aws.run("destroy", "launching", "--confirm", "launching")
    assert done.returncode == 0, done.stderr


def test_launch_role_with_an_existing_boundary(publisher: Publisher) -> None:
    """The launch role is kept while a launch has a role with that boundary. Roles of other stacks do not matter."""
    iam = publisher.aws.client("iam")
    most = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    own = iam.create_policy(PolicyName="team-boundary", PolicyDocument=json.dumps(most))["Policy"]["Arn"]
    iam.create_role(RoleName=publisher.product, AssumeRolePolicyDocument="{}", PermissionsBoundary=own)
    role = _bounded(publisher, own)
    _deploy(publisher, ROOT / "templates" / "launch-role.yaml", "bounding", {"PermissionsBoundaryArn": own})
    done = publisher.aws.run("destroy", "bounding", "--confirm", "bounding")
    output = " ".join(done.stderr.split())
    assert (done.returncode, f"Policy team-boundary is the permissions boundary of {role}. Without" in output) == (
        1,
        True,
    ), output
    # a stack with a different role is independent of it
    made = {"Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": most}}}
    bounded = {"PermissionsBoundaryArn": {"Type": "String"}}
    path = publisher.write({"Parameters": bounded, "Resources": made})
    _deploy(publisher, path, "bounded", {"PermissionsBoundaryArn": own})
    assert publisher.aws.run("destroy", "bounded", "--confirm", "bounded").returncode == 0
    iam.delete_role(RoleName=role)
    done = publisher.aws.run("destroy", "bounding", "--confirm", "bounding")
    assert done.returncode == 0, done.stderr
