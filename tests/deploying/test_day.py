"""A working day: create a workspace with the real script on the local cloud, use its outputs, and destroy it."""

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
from expectations import added_outputs
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
# The switches of features, including new ones, in the order of the template, with the outputs that they add.
FEATURES = added_outputs()
# The commands that run on the local cloud. The others run on Moto in this order, as far as Moto supports them.
LOCAL = {"UploadTrainingDataCommand", "ViewTrainingLogsCommand"}
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
    """Return the folder of a data scientist with data and a request for the endpoint."""
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


def test_outputs_suffice_for_a_working_day(aws: Aws, name: str, desk: Path, app: App) -> None:
    """A data scientist works with the outputs alone, without any other configuration."""
    template = desk / "workspace.yaml"
    template.write_text(smtemplates.render(smtemplates.build()), encoding="utf-8")
    outputs = deploy(aws, template, name)
    check_folders(aws, outputs)
    check_log_groups(aws, outputs)
    check_config(outputs)
    run_commands(aws, outputs, desk)
    outputs = turn_on(aws, template, name, outputs)
    check_notebook(aws, name, outputs)
    lifecycle = start_studio(aws, template, name, app)
    outputs = deploy(aws, template, name, *(f"{feature}=false" for feature in FEATURES))
    assert not set().union(*FEATURES.values()) & set(outputs)
    destroyed = aws.run("destroy", name, "--confirm", name, "--delete-data")
    assert (destroyed.returncode, aws.status(name)) == (0, None), destroyed.stderr
    left = [item["Name"] for item in aws.client("s3").list_buckets()["Buckets"]]
    assert not {outputs[bucket] for bucket in FOLDERS} & set(left)
    remaining = aws.client("sagemaker").list_studio_lifecycle_configs()["StudioLifecycleConfigs"]
    assert lifecycle not in {one["StudioLifecycleConfigName"] for one in remaining}
    check_log_groups(aws, outputs)  # they belong to the account


def check_folders(aws: Aws, outputs: Mapping[str, str]) -> None:
    for bucket, folders in FOLDERS.items():
        found = aws.client("s3").list_objects_v2(Bucket=outputs[bucket])["Contents"]
        assert {item["Key"] for item in found} == folders


def check_log_groups(aws: Aws, outputs: Mapping[str, str]) -> None:
    groups = aws.client("logs").describe_log_groups(logGroupNamePrefix="/aws/sagemaker/")["logGroups"]
    retentions = {group["logGroupName"]: group.get("retentionInDays") for group in groups}
    assert {retentions.get(outputs[group]) for group in LOG_GROUPS} == {30}


def check_config(outputs: Mapping[str, str]) -> None:
    (file,) = (file for file in metadata.files("sagemaker-core") or [] if file.match("core/config/config_schema.py"))
    schema = runpy.run_path(str(file.locate()))["SAGEMAKER_PYTHON_SDK_CONFIG_SCHEMA"]
    config = yaml.safe_load(outputs["SageMakerSdkConfig"])
    JSON_SCHEMA.validate(config, schema)
    assert config["SageMaker"]["TrainingJob"] == {"RoleArn": outputs["ExecutionRoleArn"]}


def run_commands(aws: Aws, outputs: Mapping[str, str], desk: Path) -> None:
    """Run every command of the outputs of a new workspace."""
    pasted = commands(outputs)
    assert set(pasted) == LOCAL | set(MOTO)
    version_2(pasted["UploadTrainingDataCommand"], desk, aws.url)
    found = aws.client("s3").list_objects_v2(Bucket=outputs["InputBucketName"], Prefix="training/")["Contents"]
    assert {item["Key"] for item in found} == {"training/", "training/train.csv"}
    logs = aws.client("logs")
    stream = {"logGroupName": outputs["TrainingLogGroupName"], "logStreamName": "training-job-name/algo-1"}
    logs.create_log_stream(**stream)
    logs.put_log_events(**stream, logEvents=[{"timestamp": 1_750_000_000_000, "message": "epoch 1"}])
    assert version_2(pasted["ViewTrainingLogsCommand"], desk, aws.url).strip() == "epoch 1"
    with moto() as url:
        for command in MOTO:
            version_2(pasted[command], desk, url)


def turn_on(aws: Aws, template: Path, name: str, outputs: dict[str, str]) -> dict[str, str]:
    """Enable the features one after the other, and check that each adds its outputs and removes none."""
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    outputs = deploy(aws, template, name, f"VpcId={vpc}", f"SubnetIds={subnet}")
    for feature, added in FEATURES.items():
        before = set(outputs)
        outputs = deploy(aws, template, name, f"{feature}=true")
        assert set(outputs) == before | added, feature
    return outputs


def check_notebook(aws: Aws, name: str, outputs: Mapping[str, str]) -> None:
    """Check that the lifecycle script of the notebook writes the configuration of the outputs."""
    sagemaker = aws.client("sagemaker")
    assert sagemaker.describe_notebook_instance(NotebookInstanceName=outputs["NotebookInstanceName"])
    found = sagemaker.list_notebook_instance_lifecycle_configs()["NotebookInstanceLifecycleConfigs"]
    names = [one["NotebookInstanceLifecycleConfigName"] for one in found]
    (ours,) = (one for one in names if one.startswith(name))
    lifecycle = sagemaker.describe_notebook_instance_lifecycle_config(NotebookInstanceLifecycleConfigName=ours)
    script = base64.b64decode(lifecycle["OnStart"][0]["Content"]).decode()
    assert base64.b64encode(outputs["SageMakerSdkConfig"].encode()).decode() in script


def start_studio(aws: Aws, template: Path, name: str, app: App) -> str:
    """Run the lifecycle script of an app with the real AWS CLI, and check that it writes the current configuration."""
    keys = " ".join(f"{key}={value}" for key, value in {**KEYS, "AWS_ENDPOINT_URL": aws.url}.items())
    app.stub("aws", f'{keys} exec {program_2()} "$@"')
    sagemaker = aws.client("sagemaker")
    scripts, lab = set(), ""
    for count in ("1", "3"):
        settings = [f"TrainingInstanceCount={count}", "NotebookPackages="]
        outputs = deploy(aws, template, name, *settings)
        domain = sagemaker.describe_domain(DomainId=outputs["DomainId"])
        lab = str(domain["DefaultUserSettings"]["JupyterLabAppSettings"]["BuiltInLifecycleConfigArn"]).split("/")[-1]
        described = sagemaker.describe_studio_lifecycle_config(StudioLifecycleConfigName=lab)
        scripts.add(base64.b64decode(described["StudioLifecycleConfigContent"]).decode())
        assert app.start(next(iter(scripts))).returncode == 0
        written = (app.root / "etc/xdg/sagemaker/config.yaml").read_text(encoding="utf-8")
        assert written.strip() == outputs["SageMakerSdkConfig"].strip()
        assert yaml.safe_load(written)["CustomParameters"]["TrainingInstanceCount"] == count
    assert len(scripts) == 1
    return lab
