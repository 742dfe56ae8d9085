"""Publication rehearsed on the local cloud, whose Service Catalog knows the product of a deployed catalog."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import processes
import pytest
from botocore.exceptions import ClientError
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from deploying.local_aws import ROOT, Aws

from publishing.conftest import SCRIPT, template_of
from publishing.service_catalog import MODEL, faults
from smtemplates.local_cloud.catalog_server import CREATE_ONLY
from smtemplates.local_cloud.lifecycle import running

pytestmark = pytest.mark.server

BUCKET, STACK = "templates", "catalog"
CATALOG = ROOT / "templates" / "service-catalog.yaml"


@dataclass(frozen=True)
class Team:
    """Runs the real commands against a local cloud, on the product of a catalog that was deployed to it."""

    aws: Aws
    folder: Path

    def publish(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return processes.run([sys.executable, str(SCRIPT), *arguments], self.aws.environment)

    def template(self, size: str = "1", **parameter: str) -> Path:
        path = self.folder / f"{uuid.uuid4().hex}.json"
        path.write_text(json.dumps(template_of(Default=size, **parameter)))
        return path

    def arguments(self, version: str, size: str = "1", *more: str, **parameter: str) -> list[str]:
        place = ["--catalog", STACK, "--staging-bucket", BUCKET, "--template", str(self.template(size, **parameter))]
        return ["version", version, *place, *more]

    def version(self, version: str, size: str, *more: str, **parameter: str) -> dict[str, Any]:
        done = self.publish(*self.arguments(version, size, "--yes", "--json", *more, **parameter))
        assert done.returncode == 0, done.stderr
        result: dict[str, Any] = json.loads(done.stdout)
        return result

    def product(self) -> str:
        return self.aws.outputs(STACK)["ProductId"]

    def states(self) -> dict[str, str]:
        """Return the state of each version as the command versions prints it."""
        done = self.publish("versions", "--catalog", STACK, "--json")
        assert done.returncode == 0, done.stderr
        return {
            one["name"]: ("" if one["active"] else "inactive ") + one["guidance"].lower()
            for one in json.loads(done.stdout)
        }

    def call(self, operation: str, **request: Any) -> dict[str, Any]:
        """Call the API, and check the answer with the model of the service."""
        client = self.aws.client("servicecatalog")
        answer: dict[str, Any] = getattr(client, operation)(**request)
        answer.pop("ResponseMetadata")
        name = client.meta.method_to_api_mapping[operation]
        assert faults(answer, MODEL.operation_model(name).output_shape) == []
        return answer


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    """Yield a team whose catalog has one product with the version 1.0.0."""
    with running() as url:
        team = Team(Aws(url), tmp_path)
        team.aws.client("s3").create_bucket(Bucket=BUCKET)
        first = team.template()
        done = team.publish("link", "--template", str(first), "--staging-bucket", BUCKET, "--json")
        (link,) = json.loads(done.stdout)
        settings = ("--set", f"TemplateUrl={link['template_url']}", "--staging-bucket", BUCKET)
        done = team.aws.run("deploy", STACK, "--yes", "--allow-destructive", *settings, template=CATALOG)
        assert done.returncode == 0, done.stderr
        yield team


def test_versions_are_published_listed_and_pruned(team: Team) -> None:
    """The whole life of a product: plan, publish, repeat, reword, keep two versions, deprecate, deactivate, delete."""
    product = team.product()
    planned = team.publish(*team.arguments("1.1.0", "2", "--plan"))
    assert (planned.returncode, "+ 1.1.0" in planned.stdout, team.states()) == (0, True, {"1.0.0": "default"})
    assert team.version("1.1.0", "2")["changed"]
    assert team.states() == {"1.1.0": "default", "1.0.0": "deprecated"}
    assert not team.version("1.1.0", "2")["changed"]
    cosmetic = team.version("1.1.1", "2", Description="Reworded")
    assert cosmetic["unchanged"] == "only descriptions or metadata differ from version 1.1.0"
    assert team.version("1.2.0", "3", "--keep-versions", "2")["changed"]
    assert team.states() == {"1.2.0": "default", "1.1.0": "default", "1.0.0": "deprecated"}
    assert team.publish("prune", "--catalog", STACK, "--yes").returncode == 0
    assert team.states() == {"1.2.0": "default", "1.1.0": "default", "1.0.0": "inactive deprecated"}
    assert team.publish("prune", "--catalog", STACK, "--delete", "--yes").returncode == 0
    assert team.states() == {"1.2.0": "default", "1.1.0": "default"}
    assert team.aws.run("destroy", STACK, "--confirm", STACK).returncode == 0
    assert team.publish("versions", "--product", product).returncode == 1


def test_interrupted_publication_is_completed_by_the_next_run(team: Team) -> None:
    """AWS creates the version of an interrupted run, and the next run deprecates the older one."""
    command = [sys.executable, str(SCRIPT), *team.arguments("1.1.0", "2", "--yes")]
    with subprocess.Popen(command, env=team.aws.environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        assert any("creating version 1.1.0" in line for line in process.stderr)
        process.send_signal(signal.SIGINT)
        assert "Repeat this command to complete the publication" in " ".join(process.stderr.read().split())
        assert process.wait() == 130
    assert team.states() == {"1.1.0": "default", "1.0.0": "default"}
    result = team.version("1.1.0", "2")
    assert (result["create"], result["deprecate"]) == (False, ["1.0.0"])
    assert team.states() == {"1.1.0": "default", "1.0.0": "deprecated"}


def test_a_launched_version_is_in_use(team: Team) -> None:
    """A launch creates a stack. Until its end the version is not pruned, and the catalog is not destroyed."""
    product = team.product()
    (first,) = team.call("list_provisioning_artifacts", ProductId=product)["ProvisioningArtifactDetails"]
    artifact = {"ProductId": product, "ProvisioningArtifactId": first["Id"]}
    launch = {**artifact, "ProvisionedProductName": "churn", "ProvisionToken": "once"}
    # the constraint of the catalog requires a boundary, and this template has no parameter for it
    with pytest.raises(ClientError, match="PermissionsBoundaryArn"):
        team.call("provision_product", **launch)
    allow = ("--allow-destructive-resource", "BoundaryRule", "--staging-bucket", BUCKET)
    done = team.aws.run("deploy", STACK, "--yes", "--set", "RequireBoundary=false", *allow, template=CATALOG)
    assert done.returncode == 0, done.stderr
    team.call("provision_product", **launch)
    with pytest.raises(ClientError, match="already exists"):
        team.call("provision_product", **{**launch, "ProvisionToken": "twice"})
    assert team.version("1.1.0", "2")["deprecate"] == ["1.0.0"]
    (row,) = (line for line in team.publish("versions", "--catalog", STACK).stdout.splitlines() if "1.0.0" in line)
    assert row.split()[-1] == "1"
    assert "nothing to prune" in team.publish("prune", "--catalog", STACK, "--plan").stdout
    blocked = team.aws.run("destroy", STACK, "--confirm", STACK)
    assert (blocked.returncode, "has 1 provisioned product " in " ".join(blocked.stderr.split())) == (1, True)
    team.call("terminate_provisioned_product", ProvisionedProductName="churn", TerminateToken="once")
    assert "1.0.0" in team.publish("prune", "--catalog", STACK, "--plan").stdout


@pytest.mark.parametrize("type_name", CREATE_ONLY)
def test_replaced_resources_follow_the_provider_schemas(type_name: str) -> None:
    """The local cloud reports a replacement for the properties for which AWS reports one."""
    schema: Any = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", type_name).schema
    listed = {path.rpartition("/")[2] for path in schema.get("createOnlyProperties", [])} - {"AcceptLanguage"}
    assert listed == set(CREATE_ONLY[type_name])
