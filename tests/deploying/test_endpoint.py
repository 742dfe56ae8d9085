"""An endpoint made with the workspace and updated in place; the local cloud knows no scaling of instances."""

from __future__ import annotations

from pathlib import Path

import pytest
import samples

import smtemplates
from deploying.local_aws import Aws

NEW_MODEL = "ModelDataUrl=s3://team-models/churn/2/model.tar.gz"


@pytest.fixture
def template(tmp_path: Path) -> Path:
    path = tmp_path / "workspace.yaml"
    path.write_text(smtemplates.render(smtemplates.build(["studio", "notebook"])), encoding="utf-8")
    return path


def made(aws: Aws, name: str) -> dict[str, str]:
    found = aws.client("cloudformation").describe_stack_resources(StackName=name)["StackResources"]
    return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found}


def deploy(aws: Aws, template: Path, name: str, *settings: str) -> dict[str, str]:
    sets = [text for setting in settings for text in ("--set", setting)]
    done = aws.run("deploy", name, "--yes", "--create-staging-bucket", "--allow-destructive", *sets, template=template)
    assert done.returncode == 0, done.stderr
    return aws.outputs(name)


def test_an_update_rolls(aws: Aws, template: Path, name: str) -> None:
    """A new model is a new model and configuration beside the old; the endpoint stays, and the commands name it."""
    off = ["CreateFolders=false", "ManageLogGroups=false"]
    outputs = deploy(aws, template, name, *off, *(f"{key}={value}" for key, value in samples.ENDPOINT.items()))
    endpoint = outputs["ServedEndpointName"]
    assert f"--endpoint-name {endpoint} " in outputs["InvokeEndpointCommand"]
    assert f"--endpoint-name {endpoint} " not in outputs["CreateEndpointCommand"]
    before = made(aws, name)
    assert deploy(aws, template, name, NEW_MODEL)["ServedEndpointName"] == endpoint
    after = made(aws, name)
    assert after["Endpoint"] == before["Endpoint"]
    assert after["Model"] != before["Model"]
    assert after["EndpointConfig"] != before["EndpointConfig"]
    assert "ServedEndpointName" not in deploy(aws, template, name, "ModelImageUri=", "ModelDataUrl=")
    assert "Endpoint" not in made(aws, name)
    aws.run("destroy", name, "--confirm", name, "--delete-data")
