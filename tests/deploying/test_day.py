"""A whole day with the workspace: made by the real script on the local cloud, used by its outputs alone, and ended."""

from __future__ import annotations

import base64
import runpy
from collections.abc import Mapping
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

import pytest
import yaml
from aws_cli import KEYS, commands, moto, program_2, version_2
from machine import App

import smtemplates
from deploying.local_aws import Aws

JSON_SCHEMA: Any = import_module("jsonschema")  # it has no types
FOLDERS = {
    "InputBucketName": {"training/", "validation/", "test/"},
    "OutputBucketName": {"output/", "processing/"},
    "ModelBucketName": {"models/", "artifacts/"},
}
LOG_GROUPS = ("TrainingLogGroupName", "ProcessingLogGroupName")
# Features as they are turned on, one after the other, each with the outputs that it brings.
# CreateMlflow and the endpoint of ModelImageUri belong at its end.
FEATURES: dict[str, set[str]] = {
    "CreateNotebook": {"NotebookInstanceName", "NotebookInstanceArn", "NotebookUrlCommand"},
    "CreateDomain": {"DomainId", "DomainArn", "DomainUrl", "StudioUrlCommand"},
    "CreateModelPackageGroup": {"ModelPackageGroupName", "ModelPackageGroupArn"},
    "CreateMlflow": {"MlflowAppArn", "MlflowUrlCommand"},
}
# Commands that the local cloud runs; moto runs the others, in this order, as far as it can.
HERE = {"UploadTrainingDataCommand", "ViewTrainingLogsCommand"}
MOTO = [
    "CreateTrainingJobCommand",
    "CreateProcessingJobCommand",
    "CreateModelCommand",
    "CreateEndpointConfigCommand",
    "CreateEndpointCommand",
    "InvokeEndpointCommand",
    "CreateNotebookCommand",
]


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """Give a data scientist's folder: data, and a request."""
    folder = tmp_path / "desk"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "train.csv").write_text("1,2\n", encoding="utf-8")
    (folder / "request.json").write_text("[1]", encoding="utf-8")
    return folder


def deploy(aws: Aws, template: Path, name: str, *settings: str) -> dict[str, str]:
    sets = [text for setting in settings for text in ("--set", setting)]
    options = ["--yes", "--create-staging-bucket", "--allow-destructive"]
    done = aws.run("deploy", name, *options, *sets, template=template)
    assert done.returncode == 0, done.stderr
    return aws.outputs(name)


def test_whole_day(aws: Aws, name: str, desk: Path, app: App) -> None:
    """Nothing is looked up elsewhere and nothing configured: outputs are all that one works with, from start to end."""
    template = desk / "workspace.yaml"
    template.write_text(smtemplates.render(smtemplates.build()), encoding="utf-8")
    outputs = deploy(aws, template, name)
    see_folders(aws, outputs)
    see_log_groups(aws, outputs)
    see_config(outputs)
    run_commands(aws, outputs, desk)
    outputs = turn_on(aws, template, name, outputs)
    see_notebook(aws, name, outputs)
    lifecycle = start_studio(aws, template, name, app)
    outputs = deploy(aws, template, name, *(f"{feature}=false" for feature in FEATURES))
    assert not set().union(*FEATURES.values()) & set(outputs)
    destroyed = aws.run("destroy", name, "--confirm", name, "--delete-data")
    assert (destroyed.returncode, aws.status(name)) == (0, None), destroyed.stderr
    left = [item["Name"] for item in aws.client("s3").list_buckets()["Buckets"]]
    assert not {outputs[bucket] for bucket in FOLDERS} & set(left)
    kept = aws.client("sagemaker").list_studio_lifecycle_configs()["StudioLifecycleConfigs"]
    assert lifecycle not in {one["StudioLifecycleConfigName"] for one in kept}
    see_log_groups(aws, outputs)  # they are the account's


def see_folders(aws: Aws, outputs: Mapping[str, str]) -> None:
    for bucket, folders in FOLDERS.items():
        found = aws.client("s3").list_objects_v2(Bucket=outputs[bucket])["Contents"]
        assert {item["Key"] for item in found} == folders


def see_log_groups(aws: Aws, outputs: Mapping[str, str]) -> None:
    groups = aws.client("logs").describe_log_groups(logGroupNamePrefix="/aws/sagemaker/")["logGroups"]
    kept = {group["logGroupName"]: group.get("retentionInDays") for group in groups}
    assert {kept.get(outputs[group]) for group in LOG_GROUPS} == {30}


def see_config(outputs: Mapping[str, str]) -> None:
    (file,) = (file for file in metadata.files("sagemaker-core") or [] if file.match("core/config/config_schema.py"))
    schema = runpy.run_path(str(file.locate()))["SAGEMAKER_PYTHON_SDK_CONFIG_SCHEMA"]
    config = yaml.safe_load(outputs["SageMakerSdkConfig"])
    JSON_SCHEMA.validate(config, schema)
    assert config["SageMaker"]["TrainingJob"] == {"RoleArn": outputs["ExecutionRoleArn"]}


def run_commands(aws: Aws, outputs: Mapping[str, str], desk: Path) -> None:
    """Paste every command that is there from the start."""
    pasted = commands(outputs)
    assert set(pasted) == HERE | set(MOTO)
    version_2(pasted["UploadTrainingDataCommand"], desk, aws.url)
    found = aws.client("s3").list_objects_v2(Bucket=outputs["InputBucketName"], Prefix="training/")["Contents"]
    assert {item["Key"] for item in found} == {"training/", "training/train.csv"}
    logs = aws.client("logs")
    place = {"logGroupName": outputs["TrainingLogGroupName"], "logStreamName": "training-job-name/algo-1"}
    logs.create_log_stream(**place)
    logs.put_log_events(**place, logEvents=[{"timestamp": 1_750_000_000_000, "message": "epoch 1"}])
    assert version_2(pasted["ViewTrainingLogsCommand"], desk, aws.url).strip() == "epoch 1"
    with moto() as url:
        for command in MOTO:
            version_2(pasted[command], desk, url)


def turn_on(aws: Aws, template: Path, name: str, outputs: dict[str, str]) -> dict[str, str]:
    """Turn features on one by one: each brings its outputs and takes none away."""
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    outputs = deploy(aws, template, name, f"VpcId={vpc}", f"SubnetIds={subnet}")
    for feature, brings in FEATURES.items():
        before = set(outputs)
        outputs = deploy(aws, template, name, f"{feature}=true")
        assert set(outputs) == before | brings, feature
    return outputs


def see_notebook(aws: Aws, name: str, outputs: Mapping[str, str]) -> None:
    """The notebook's own script writes what the output says, wherever the network leads."""
    sagemaker = aws.client("sagemaker")
    assert sagemaker.describe_notebook_instance(NotebookInstanceName=outputs["NotebookInstanceName"])
    found = sagemaker.list_notebook_instance_lifecycle_configs()["NotebookInstanceLifecycleConfigs"]
    names = [one["NotebookInstanceLifecycleConfigName"] for one in found]
    (ours,) = (one for one in names if one.startswith(name))
    lifecycle = sagemaker.describe_notebook_instance_lifecycle_config(NotebookInstanceLifecycleConfigName=ours)
    script = base64.b64decode(lifecycle["OnStart"][0]["Content"]).decode()
    assert base64.b64encode(outputs["SageMakerSdkConfig"].encode()).decode() in script


def start_studio(aws: Aws, template: Path, name: str, app: App) -> str:
    """An app's real script finds the stack's defaults of that moment, through the real AWS CLI."""
    keys = " ".join(f"{key}={value}" for key, value in {**KEYS, "AWS_ENDPOINT_URL": aws.url}.items())
    app.stub("aws", f'{keys} exec {program_2()} "$@"')
    sagemaker = aws.client("sagemaker")
    scripts, lab = set(), ""
    for count in ("1", "3"):
        settings = [f"TrainingInstanceCount={count}", "NotebookPackages="]
        outputs = deploy(aws, template, name, *settings)
        domain = sagemaker.describe_domain(DomainId=outputs["DomainId"])
        lab = str(domain["DefaultUserSettings"]["JupyterLabAppSettings"]["BuiltInLifecycleConfigArn"]).split("/")[-1]
        about = sagemaker.describe_studio_lifecycle_config(StudioLifecycleConfigName=lab)
        scripts.add(base64.b64decode(about["StudioLifecycleConfigContent"]).decode())
        assert app.start(next(iter(scripts))).returncode == 0
        written = (app.root / "etc/xdg/sagemaker/config.yaml").read_text(encoding="utf-8")
        assert written.strip() == outputs["SageMakerSdkConfig"].strip()
        assert yaml.safe_load(written)["CustomParameters"]["TrainingInstanceCount"] == count
    assert len(scripts) == 1
    return lab
