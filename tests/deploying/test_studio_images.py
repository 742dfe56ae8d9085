"""A Studio domain with custom images, Docker and sizes of spaces, and its updates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import samples

import smtemplates
from deploying.local_aws import Aws

OTHERS = [feature for feature in smtemplates.FEATURES if feature != "studio"]
REGISTRY = "000000000000.dkr.ecr.us-east-1.amazonaws.com"


@pytest.fixture
def template(tmp_path: Path) -> Path:
    path = tmp_path / "workspace.yaml"
    path.write_text(smtemplates.render(smtemplates.build(OTHERS)), encoding="utf-8")
    return path


def test_life_of_a_domain_with_custom_images(aws: Aws, template: Path, name: str) -> None:
    """The repository comes first. A new image adds a version, and the domain stays the same until the end."""
    sagemaker = aws.client("sagemaker")

    def deploy(**settings: str) -> dict[str, str]:
        sets = [text for key, value in settings.items() for text in ("--set", f"{key}={value}")]
        options = ["--yes", "--create-staging-bucket", "--allow-destructive"]
        done = aws.run("deploy", name, *options, *sets, template=template)
        assert done.returncode == 0, done.stderr
        return aws.outputs(name)

    def domain(outputs: dict[str, str]) -> dict[str, Any]:
        found: dict[str, Any] = sagemaker.describe_domain(DomainId=outputs["DomainId"])
        return found

    quiet = {"CreateFolders": "false", "ManageLogGroups": "false"}
    repository = deploy(CreateStudioRepository="true", **quiet)["StudioRepositoryUri"]
    assert repository.startswith(f"{REGISTRY}/{name.lower()}")
    ours = aws.client("ecr").describe_repositories(repositoryNames=[repository.partition("/")[2]])["repositories"][0]
    assert (ours["imageTagMutability"], ours["imageScanningConfiguration"]["scanOnPush"]) == ("IMMUTABLE", True)

    first = deploy(
        **samples.VPC,
        CreateDomain="true",
        StudioJupyterLabImageUri=f"{repository}:1",
        StudioDockerAccess="true",
        StudioDockerTrustedAccountIds="763104351884",
        StudioSpaceSizeGb="10-200",
    )
    created = domain(first)
    (image,) = created["DefaultUserSettings"]["JupyterLabAppSettings"]["CustomImages"]
    assert created["DefaultSpaceSettings"]["JupyterLabAppSettings"]["CustomImages"] == [image]
    assert int(image["ImageVersionNumber"]) == 1
    assert created["DefaultUserSettings"]["CodeEditorAppSettings"]["CustomImages"] == []
    assert created["DomainSettings"]["DockerSettings"] == {
        "EnableDockerAccess": "ENABLED",
        "VpcOnlyTrustedAccounts": ["000000000000", "763104351884"],
    }
    for key in ("DefaultUserSettings", "DefaultSpaceSettings"):
        volume = created[key]["SpaceStorageSettings"]["DefaultEbsStorageSettings"]
        assert [int(size) for size in volume.values()] == [10, 200]

    second = deploy(StudioJupyterLabImageUri=f"{repository}:2")
    assert second["DomainId"] == first["DomainId"]
    (image,) = domain(second)["DefaultUserSettings"]["JupyterLabAppSettings"]["CustomImages"]
    assert int(image["ImageVersionNumber"]) == 2
    versions = sagemaker.list_image_versions(ImageName=image["ImageName"])["ImageVersions"]
    assert [int(version["Version"]) for version in versions] == [1, 2]

    last = deploy(StudioJupyterLabImageUri="", StudioDockerAccess="false", StudioDockerTrustedAccountIds="")
    assert last["DomainId"] == first["DomainId"]
    changed = domain(last)
    assert changed["DefaultUserSettings"]["JupyterLabAppSettings"]["CustomImages"] == []
    assert changed["DomainSettings"]["DockerSettings"]["EnableDockerAccess"] == "DISABLED"
    assert sagemaker.list_images()["Images"] == []
    aws.run("destroy", name, "--confirm", name, "--delete-data", "--clear-studio")
