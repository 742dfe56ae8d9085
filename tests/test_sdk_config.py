"""The SageMaker Python SDK's defaults, under the SDK's own schema."""

from __future__ import annotations

import ast
import itertools
import runpy
from importlib import import_module, metadata
from importlib.resources import files
from typing import Any

import pytest
import samples
import yaml

from smtemplates.evaluate import Stack

JSON_SCHEMA: Any = import_module("jsonschema")  # it has no types
CHOICES = [
    {name: value for choice in choices for name, value in choice.items()}
    for choices in itertools.product(
        ({}, samples.VPC, samples.VPC | samples.GROUPS),
        ({}, samples.KEY, samples.MADE_KEY),
        ({}, samples.AWKWARD_ROLE),
        ({}, samples.BUCKETS, samples.NO_BUCKETS),
    )
]
JOBS = {
    "TrainingInstanceType": "ml.g5.2xlarge",
    "TrainingInstanceCount": "3",
    "TrainingVolumeSizeGb": "77",
    "TrainingMaxRuntimeSeconds": "7200",
    "ProcessingInstanceType": "ml.m5.4xlarge",
    "ProcessingInstanceCount": "2",
    "ProcessingVolumeSizeGb": "88",
}


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    """Read the SDK's schema; its file stands alone, the SDK's other dependencies are not needed."""
    (file,) = (file for file in metadata.files("sagemaker-core") or [] if file.match("core/config/config_schema.py"))
    found: dict[str, Any] = runpy.run_path(str(file.locate()))["SAGEMAKER_PYTHON_SDK_CONFIG_SCHEMA"]
    return found


def config(stack: Stack) -> dict[str, Any]:
    """Read the output as the SDK reads its file."""
    found: dict[str, Any] = yaml.safe_load(stack.outputs["SageMakerSdkConfig"])
    return found


def blank(value: Any) -> bool:
    """Tell whether anything in it is there without a content."""
    if isinstance(value, dict | list):
        return not value or any(map(blank, value.values() if isinstance(value, dict) else value))
    return value in (None, "")


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: "+".join(choice) or "plain")
def test_the_sdk_accepts_it(template: dict[str, Any], schema: dict[str, Any], choice: dict[str, str]) -> None:
    """For every combination of VPC, key, role and buckets it is valid, and what there is none of is not there."""
    found = config(samples.deployed(template, choice))
    JSON_SCHEMA.validate(found, schema)
    assert not blank(found)


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: "+".join(choice) or "plain")
def test_it_is_this_workspace(template: dict[str, Any], choice: dict[str, str]) -> None:
    """Jobs, models and pipelines get the stack's role, key and VPC where there is one; sessions the output bucket."""
    stack = samples.deployed(template, choice)
    its, out = stack.parameters, stack.outputs
    sagemaker = config(stack)["SageMaker"]
    modules = sagemaker.pop("PythonSDK")["Modules"]
    made = samples.physical("EncryptionKey", "Arn") if its["CreateKmsKey"] == "true" else None
    key = {"KmsKeyId": its["KmsKeyArn"] or made} if its["KmsKeyArn"] or made else None
    groups = its["SecurityGroupIds"] or samples.physical("SecurityGroup", "GroupId")
    vpc = {"SecurityGroupIds": groups.split(","), "Subnets": its["SubnetIds"].split(",")} if its["VpcId"] else None
    assert modules["Session"]["DefaultS3Bucket"] == out["OutputBucketName"]
    assert modules["RemoteFunction"].get("S3KmsKeyId") == (key["KmsKeyId"] if key else None)
    assert modules["RemoteFunction"].get("VpcConfig") == vpc
    roles = {block.get("RoleArn") or block.get("ExecutionRoleArn") for block in sagemaker.values()}
    assert roles | {modules["RemoteFunction"]["RoleArn"]} == {out["ExecutionRoleArn"]}
    assert set(sagemaker) == {"TrainingJob", "ProcessingJob", "Model", "Pipeline"}
    assert sagemaker["TrainingJob"].get("OutputDataConfig") == key
    assert sagemaker["ProcessingJob"].get("ProcessingOutputConfig") == key
    assert sagemaker["TrainingJob"].get("VpcConfig") == sagemaker["Model"].get("VpcConfig") == vpc
    assert sagemaker["ProcessingJob"].get("NetworkConfig") == ({"VpcConfig": vpc} if vpc else None)


def test_job_defaults_are_custom_parameters(template: dict[str, Any]) -> None:
    """What the SDK has no default for stands in CustomParameters, as text."""
    found = config(samples.deployed(template, JOBS))["CustomParameters"]
    assert {name: found[name] for name in JOBS} == JOBS
    assert all(isinstance(value, str) for value in found.values())


def test_awkward_values_stay_text(template: dict[str, Any], schema: dict[str, Any]) -> None:
    """Names that YAML would take for numbers, dates or truths arrive as they are."""
    for name in ("1234", "2024-01-01", "0x1f", "1e3", "true", "null"):
        stack = samples.deployed(template, {**samples.BUCKETS, "ExistingInputBucketName": name})
        JSON_SCHEMA.validate(config(stack), schema)
        assert config(stack)["CustomParameters"]["InputBucket"] == name


CONFIGS = "sagemaker/core/training/configs.py"


def fields(classes: dict[str, ast.ClassDef], name: str) -> set[str]:
    """Name the fields of one of the SDK's classes, its parents' too; none where a parent is of another module."""
    own = {ast.unparse(one.target) for one in classes[name].body if isinstance(one, ast.AnnAssign)}
    parents = [ast.unparse(base) for base in classes[name].bases]
    if any(parent.startswith("shapes.") for parent in parents):
        return set()
    return own.union(*(fields(classes, parent) for parent in parents if parent in classes))


def test_the_snippet_for_sdk_3_fits_the_sdk(template: dict[str, Any]) -> None:
    """What the reference shows for ModelTrainer names classes and fields that the SDK has, and our own defaults."""
    tree = ast.parse((files("smtemplates.reference") / "assets" / "model_trainer.py").read_text(encoding="utf-8"))
    (path,) = (one for one in metadata.files("sagemaker-core") or [] if one.match(CONFIGS))
    body = ast.parse(path.read_text()).body
    classes = {one.name: one for one in body if isinstance(one, ast.ClassDef)}
    handed_on = {alias.name for one in body if isinstance(one, ast.ImportFrom) for alias in one.names}
    module = CONFIGS.removesuffix(".py").replace("/", ".")
    (imported,) = (one for one in tree.body if isinstance(one, ast.ImportFrom) and one.module == module)
    shown = {alias.name for alias in imported.names}
    assert shown <= set(classes) | handed_on
    for call in (one for one in ast.walk(tree) if isinstance(one, ast.Call) and isinstance(one.func, ast.Name)):
        name = ast.unparse(call.func)
        if name in classes and (known := fields(classes, name)):
            assert {str(word.arg) for word in call.keywords} <= known, name
    keys = {ast.literal_eval(one.slice) for one in ast.walk(tree) if isinstance(one, ast.Subscript)}
    config = yaml.safe_load(samples.deployed(template, samples.VPC).outputs["SageMakerSdkConfig"])
    job = config["SageMaker"]["TrainingJob"]
    assert keys <= {*config, *config["CustomParameters"], "TrainingJob", *job, *job["VpcConfig"]}
