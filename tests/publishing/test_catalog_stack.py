"""The catalog's template, deployed by the real deployer, and the product it makes, published to by the real publisher.

The local cloud makes the role and its policies, and gives Service Catalog's resources their IDs; the version that AWS
would make of the product's properties is put into Service Catalog's stand-in, held against the API's model.
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
    done = publisher.aws.run("deploy", name, "--yes", "--json", "--allow-destructive", *sets, template=template)
    assert done.returncode == 0, done.stderr
    outputs: dict[str, str] = json.loads(done.stdout)["outputs"]
    return outputs


@pytest.fixture
def staged(publisher: Publisher) -> str:
    """Stage the workspace's template as the parameter TemplateUrl says to, and give its URL as AWS's S3 has it."""
    done = publisher.run("link", "--template", str(WORKSPACE), "--staging-bucket", BUCKET)
    assert done.returncode == 0, done.stderr
    key = re.search(r"smtemplates/[0-9a-f]{64}[.]template", done.stderr)
    assert key, done.stderr
    return f"https://{BUCKET}.s3.us-east-1.amazonaws.com/{key[0]}"


@pytest.fixture
def catalog(publisher: Publisher, staged: str) -> dict[str, str]:
    """Deploy the catalog with its first version."""
    outputs = _deploy(publisher, CATALOG, STACK, {**samples.CATALOG, "TemplateUrl": staged})
    product = Stack(load(CATALOG.read_text()), {"TemplateUrl": staged}).resources["Product"]["Properties"]
    (version,) = product["ProvisioningArtifactParameters"]
    assert faults(version, MODEL.shape_for("ProvisioningArtifactProperties")) == []
    publisher.catalog.products[outputs["ProductId"]] = []
    publisher.catalog.add(outputs["ProductId"], version["Name"], version["Description"])
    return outputs


def test_the_first_version_is_taken_for_published(publisher: Publisher, catalog: dict[str, str]) -> None:
    """The same template again is nothing to do, under its version or another; another template is refused."""

    def publish(version: str, template: Path) -> tuple[int, bool, str]:
        place = ["--catalog", STACK, "--staging-bucket", BUCKET]
        done = publisher.run("version", version, "--template", str(template), *place, "--yes", "--json")
        return done.returncode, bool(done.stdout) and json.loads(done.stdout)["changed"], done.stderr

    versions = publisher.catalog.products[catalog["ProductId"]]
    assert publish("1.0.0", WORKSPACE)[:2] == (0, False)
    code, changed, said = publish("1.0.1", WORKSPACE)
    assert (code, changed, "is that of version 1.0.0, byte for byte" in said) == (0, False, True)
    other = publisher.folder / "other.yaml"
    other.write_text(smtemplates.render(smtemplates.build(["studio"])))
    assert publish("1.0.0", other)[0] == 2
    assert len(versions) == 1
    assert publish("1.1.0", other)[:2] == (0, True)
    assert [(one["Name"], one["Guidance"]) for one in versions] == [("1.0.0", "DEPRECATED"), ("1.1.0", "DEFAULT")]


def test_whole_life(publisher: Publisher, catalog: dict[str, str]) -> None:
    """The stack makes the role that its outputs name, gives it up for another, and leaves nothing behind."""
    role = publisher.aws.client("iam").get_role(RoleName=catalog["LaunchRoleName"])["Role"]
    assert role["Arn"] == catalog["LaunchRoleArn"]
    attached = publisher.aws.client("iam").list_attached_role_policies(RoleName=catalog["LaunchRoleName"])
    assert len(attached["AttachedPolicies"]) == 5
    assert catalog["PermissionsBoundaryArn"].endswith(":policy/SageMakerWorkspaceLaunchBoundary")
    outputs = _deploy(publisher, CATALOG, STACK, {"CreateLaunchRole": "false", "ShareAccountIds": ",001234567012"})
    assert set(outputs) == {"CatalogUrl", "LaunchRoleName", "PortfolioId", "ProductId"}
    done = publisher.aws.run("destroy", STACK, "--confirm", STACK)
    assert (done.returncode, publisher.aws.status(STACK)) == (0, None), done.stderr
    (told,) = (text for text in " ".join(done.stderr.split()).split(" - ") if text.startswith("Share2 "))
    assert "what its account launched cannot be seen from here, so have it terminated there first" in told
    assert not [one for one in publisher.aws.client("iam").list_roles()["Roles"] if one["RoleName"] == role["RoleName"]]


def test_without_any_parameter(publisher: Publisher) -> None:
    """A portfolio and a launch role are made, and who publishes to it is told that there is no product."""
    outputs = _deploy(publisher, CATALOG, "bare", {})
    assert outputs["PortfolioId"].startswith("port-")
    done = publisher.run("versions", "--catalog", "bare")
    assert (done.returncode, "has no output ProductId" in done.stderr) == (2, True)
    publisher.aws.run("destroy", "bare", "--confirm", "bare")


def _bounded(publisher: Publisher, boundary: str) -> str:
    """Make a role as a launch does, and return its name."""
    name, trust = f"SC-{publisher.product}", json.dumps({"Version": "2012-10-17", "Statement": []})
    iam = publisher.aws.client("iam")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, PermissionsBoundary=boundary)
    return name


def test_what_is_launched_is_not_stranded(publisher: Publisher, catalog: dict[str, str]) -> None:
    """While something is launched, or a role is bounded, the catalog that this depends on is not taken away."""
    (version,) = publisher.catalog.products[catalog["ProductId"]]
    publisher.catalog.provision(catalog["ProductId"], version)
    role = _bounded(publisher, catalog["PermissionsBoundaryArn"])
    destroy = ["destroy", STACK, "--confirm", STACK]
    done = publisher.aws.run(*destroy, AWS_ENDPOINT_URL=publisher.catalog.url)
    said = " ".join(done.stderr.split())
    assert (done.returncode, f"product {catalog['ProductId']} has 1 provisioned product(s)" in said) == (1, True), said
    assert f"LaunchBoundary is the boundary of {role}, and IAM deletes no policy that is one" in said
    assert str(publisher.aws.status(STACK)).endswith("_COMPLETE")
    publisher.catalog.provisioned.pop()
    publisher.aws.client("iam").delete_role(RoleName=role)
    done = publisher.aws.run(*destroy, AWS_ENDPOINT_URL=publisher.catalog.url)
    assert (done.returncode, publisher.aws.status(STACK)) == (0, None), done.stderr


def test_launch_role_alone(publisher: Publisher) -> None:
    """Accounts that only launch get the role from a template of its own; it stays as long as it bounds a role."""
    outputs = _deploy(publisher, ROOT / "templates" / "launch-role.yaml", "launching", samples.LAUNCH)
    iam = publisher.aws.client("iam")
    made = iam.get_role(RoleName=outputs["LaunchRoleName"])["Role"]["Arn"]
    assert made.endswith(":role/SageMakerWorkspaceLaunch")
    role = _bounded(publisher, outputs["PermissionsBoundaryArn"])
    done = publisher.aws.run("destroy", "launching", "--confirm", "launching")
    assert (done.returncode, f"is the boundary of {role}" in " ".join(done.stderr.split())) == (1, True), done.stderr
    iam.delete_role(RoleName=role)
    done = publisher.aws.run("destroy", "launching", "--confirm", "launching")
    assert done.returncode == 0, done.stderr


def test_launch_role_under_a_boundary_of_ones_own(publisher: Publisher) -> None:
    """It stays as long as a launch has a role, though IAM would let it go; others have that boundary all the same."""
    iam = publisher.aws.client("iam")
    most = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    own = iam.create_policy(PolicyName="team-boundary", PolicyDocument=json.dumps(most))["Policy"]["Arn"]
    iam.create_role(RoleName=publisher.product, AssumeRolePolicyDocument="{}", PermissionsBoundary=own)
    role = _bounded(publisher, own)
    _deploy(publisher, ROOT / "templates" / "launch-role.yaml", "bounding", {"PermissionsBoundaryArn": own})
    done = publisher.aws.run("destroy", "bounding", "--confirm", "bounding")
    said = " ".join(done.stderr.split())
    assert (done.returncode, f"policy team-boundary is the boundary of {role}, which nobody" in said) == (1, True), said
    # a stack that makes another role has nothing to do with it
    made = {"Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": most}}}
    bounded = {"PermissionsBoundaryArn": {"Type": "String"}}
    path = publisher.write({"Parameters": bounded, "Resources": made})
    _deploy(publisher, path, "bounded", {"PermissionsBoundaryArn": own})
    assert publisher.aws.run("destroy", "bounded", "--confirm", "bounded").returncode == 0
    iam.delete_role(RoleName=role)
    done = publisher.aws.run("destroy", "bounding", "--confirm", "bounding")
    assert done.returncode == 0, done.stderr
