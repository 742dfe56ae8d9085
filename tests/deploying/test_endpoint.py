"""An endpoint in the workspace and its updates. The local cloud stores the scaling policy but does not scale."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import samples

import smtemplates
from deploying.local_aws import Aws

NEW_MODEL = "ModelDataUrl=s3://team-models/churn/2/model.tar.gz"


@pytest.fixture
def template(tmp_path: Path) -> Path:
    path = tmp_path / "workspace.yaml"
    path.write_text(
        smtemplates.render(smtemplates.build(["mlflow", "notebook", "registry", "studio"])), encoding="utf-8"
    )
    return path


def physical_ids(aws: Aws, name: str) -> dict[str, str]:
    found = aws.client("cloudformation").describe_stack_resources(StackName=name)["StackResources"]
    return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found}


def deploy(aws: Aws, template: Path, name: str, *settings: str) -> dict[str, str]:
    sets = [text for setting in settings for text in ("--set", setting)]
    done = aws.run("deploy", name, "--yes", "--create-staging-bucket", "--allow-destructive", *sets, template=template)
    assert done.returncode == 0, done.stderr
    return aws.outputs(name)


OFF = ["CreateFolders=false", "ManageLogGroups=false"]
MODEL = [f"{key}={value}" for key, value in samples.ENDPOINT.items()]


@pytest.mark.parametrize("serving", ["Serverless", "Instances"])
def test_new_model_keeps_the_endpoint(aws: Aws, template: Path, name: str, serving: str) -> None:
    """New model data creates a new model and configuration, and updates the endpoint that the commands use."""
    outputs = deploy(aws, template, name, "CreateFolders=false", *MODEL, f"EndpointServing={serving}")
    endpoint = outputs["ServedEndpointName"]
    assert f"--endpoint-name {endpoint} " in outputs["InvokeEndpointCommand"]
    assert f"--endpoint-name {endpoint} " not in outputs["CreateEndpointCommand"]
    before = physical_ids(aws, name)
    assert deploy(aws, template, name, NEW_MODEL)["ServedEndpointName"] == endpoint
    after = physical_ids(aws, name)
    assert after["Endpoint"] == before["Endpoint"]
    assert after.get("EndpointScaling") == before.get("EndpointScaling")
    assert after["Model"] != before["Model"]
    assert after["EndpointConfig"] != before["EndpointConfig"]
    destroying = aws.run("destroy", name, "--confirm", "not this one")
    assert f"  = /aws/sagemaker/Endpoints/{endpoint}\n" in destroying.stderr
    assert "ServedEndpointName" not in deploy(aws, template, name, "ModelImageUri=", "ModelDataUrl=")
    assert "Endpoint" not in physical_ids(aws, name)
    aws.run("destroy", name, "--confirm", name, "--delete-data")


def test_serving_type_changes_only_with_a_new_endpoint(aws: Aws, template: Path, name: str) -> None:
    """An update of the instance type or serving type fails and keeps the endpoint. A new endpoint can have another."""
    outputs = deploy(aws, template, name, *OFF, *MODEL, "EndpointServing=Instances")
    sagemaker = aws.client("sagemaker")

    def variant() -> dict[str, Any]:
        config = sagemaker.describe_endpoint(EndpointName=outputs["ServedEndpointName"])["EndpointConfigName"]
        described: dict[str, Any] = sagemaker.describe_endpoint_config(EndpointConfigName=config)
        return dict(described["ProductionVariants"][0])

    before = variant()
    for other in ("EndpointInstanceType=ml.c5.xlarge", "EndpointServing=Serverless"):
        flags = ["--yes", "--create-staging-bucket", "--allow-destructive", "--set", other]
        refused = aws.run("deploy", name, *flags, template=template)
        assert (refused.returncode, aws.status(name)) == (1, "UPDATE_ROLLBACK_COMPLETE"), refused.stderr
        assert variant() == before
    deploy(aws, template, name, "ModelImageUri=", "ModelDataUrl=")
    deploy(aws, template, name, *MODEL, "EndpointInstanceType=ml.c5.xlarge")
    assert variant()["InstanceType"] == "ml.c5.xlarge"
    aws.run("destroy", name, "--confirm", name, "--delete-data")


EVERYTHING = {
    **samples.INSTANCES,
    **samples.MADE_KEY,
    "ContainerEnvironment": "SAGEMAKER_PROGRAM=serve.py,OPTIONS=a%2Cb",
    "EndpointStartupTimeoutSeconds": "1200",
    "EndpointDownloadTimeoutSeconds": "600",
    "EncryptEndpointVolumes": "true",
    "DataCapturePercentage": "20",
    "EndpointIdleHours": "8",
}


def test_endpoint_is_scaled_rolled_back_and_repaired(aws: Aws, template: Path, name: str) -> None:
    """A change of scale keeps the configuration. A rollback is reported, and the next update repairs the endpoint."""
    sagemaker = aws.client("sagemaker")
    outputs = deploy(aws, template, name, *OFF, *(f"{key}={value}" for key, value in EVERYTHING.items()))
    endpoint = outputs["ServedEndpointName"]

    def served() -> str:
        return str(sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"])

    first, before = served(), physical_ids(aws, name)
    deploy(aws, template, name, "EndpointInstances=2-4")
    assert (served(), physical_ids(aws, name)) == (first, before)
    flags = ["--yes", "--create-staging-bucket", "--allow-destructive"]
    failing = "ModelDataUrl=s3://team-models/rolled-back/model.tar.gz"
    rolled_back = aws.run("deploy", name, *flags, "--set", failing, template=template)
    assert (rolled_back.returncode, aws.status(name)) == (1, "UPDATE_COMPLETE")
    assert (
        f"SageMaker rolled back endpoint {endpoint}: it serves configuration {first} instead of " in rolled_back.stderr
    )
    assert served() == first
    (variant,) = sagemaker.describe_endpoint_config(EndpointConfigName=first)["ProductionVariants"]
    assert (
        sagemaker.describe_model(ModelName=variant["ModelName"])["PrimaryContainer"]["ModelDataUrl"]
        == (samples.ENDPOINT["ModelDataUrl"])
    )
    deploy(aws, template, name, NEW_MODEL)
    assert served().lower() == physical_ids(aws, name)["EndpointConfig"].rpartition("/")[2] != first.lower()
    aws.run("destroy", name, "--confirm", name, "--delete-data")
