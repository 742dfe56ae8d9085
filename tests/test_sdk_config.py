"""Check the defaults file of the SageMaker Python SDK against the schema of the SDK."""

from __future__ import annotations

import itertools
import runpy
from importlib import import_module, metadata
from typing import Any

import pytest
import samples
import yaml

from smtemplates.evaluate import Stack

JSON_SCHEMA: Any = import_module("jsonschema")  # the package has no types
CHOICES = [
    {name: value for choice in choices for name, value in choice.items()}
    for choices in itertools.product(
        ({}, samples.VPC, samples.VPC | samples.GROUPS),
        ({}, samples.KEY, samples.MADE_KEY),
        ({}, samples.AWKWARD_ROLE),
        ({}, samples.BUCKETS, samples.NO_BUCKETS),
    )
]
ISOLATED = {"Isolation": "Project", "ProjectName": "off", "Environment": "prd"}


@pytest.fixture(scope="module")
def validator() -> Any:
    """Return the validator for the schema of the SDK. Its file can be run without the rest of the SDK."""
    (file,) = (file for file in metadata.files("sagemaker-core") or [] if file.match("core/config/config_schema.py"))
    schema = runpy.run_path(str(file.locate()))["SAGEMAKER_PYTHON_SDK_CONFIG_SCHEMA"]
    kind = JSON_SCHEMA.validators.validator_for(schema)
    kind.check_schema(schema)  # once, because it takes longer than to validate a file
    return kind(schema)


def config(stack: Stack) -> dict[str, Any]:
    """Return the output parsed as the SDK parses its file."""
    found: dict[str, Any] = yaml.safe_load(stack.outputs["SageMakerSdkConfig"])
    return found


def is_empty(value: Any) -> bool:
    """Return whether a value, or any value inside it, is empty."""
    if isinstance(value, dict | list):
        return not value or any(map(is_empty, value.values() if isinstance(value, dict) else value))
    return value in (None, "")


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: "+".join(choice) or "plain")
def test_sdk_accepts_the_file(template: dict[str, Any], validator: Any, choice: dict[str, str]) -> None:
    """For every combination of VPC, key, role and buckets the file is valid and contains no empty values."""
    found = config(samples.deployed(template, choice))
    validator.validate(found)
    assert not is_empty(found)


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: "+".join(choice) or "plain")
def test_file_contains_the_resources_of_the_stack(template: dict[str, Any], choice: dict[str, str]) -> None:
    """Jobs, models and pipelines use the role, key and VPC of the stack. Sessions use its output bucket."""
    stack = samples.deployed(template, choice)
    parameters, outputs = stack.parameters, stack.outputs
    sagemaker = config(stack)["SageMaker"]
    modules = sagemaker.pop("PythonSDK")["Modules"]
    made = samples.physical("EncryptionKey", "Arn") if parameters["CreateKmsKey"] == "true" else None
    key = {"KmsKeyId": parameters["KmsKeyArn"] or made} if parameters["KmsKeyArn"] or made else None
    groups = parameters["SecurityGroupIds"] or samples.physical("SecurityGroup", "GroupId")
    vpc = (
        {"SecurityGroupIds": groups.split(","), "Subnets": parameters["SubnetIds"].split(",")}
        if parameters["VpcId"]
        else None
    )
    assert modules["Session"]["DefaultS3Bucket"] == outputs["OutputBucketName"]
    assert modules["RemoteFunction"].get("S3KmsKeyId") == (key["KmsKeyId"] if key else None)
    assert modules["RemoteFunction"].get("VpcConfig") == vpc
    roles = {block.get("RoleArn") or block.get("ExecutionRoleArn") for block in sagemaker.values()}
    assert roles | {modules["RemoteFunction"]["RoleArn"]} == {outputs["ExecutionRoleArn"]}
    assert set(sagemaker) == {"TrainingJob", "ProcessingJob", "Model", "Pipeline"}
    assert sagemaker["TrainingJob"].get("OutputDataConfig") == key
    assert sagemaker["ProcessingJob"].get("ProcessingOutputConfig") == key
    assert sagemaker["TrainingJob"].get("VpcConfig") == sagemaker["Model"].get("VpcConfig") == vpc
    assert sagemaker["ProcessingJob"].get("NetworkConfig") == ({"VpcConfig": vpc} if vpc else None)


def test_job_defaults_are_custom_parameters(template: dict[str, Any]) -> None:
    """Settings without a default in the SDK are in CustomParameters, as text."""
    found = config(samples.deployed(template, samples.JOBS))["CustomParameters"]
    assert {name: found[name] for name in samples.JOBS} == samples.JOBS
    assert all(isinstance(value, str) for value in found.values())


def test_awkward_values_stay_text(template: dict[str, Any], validator: Any) -> None:
    """Names that look like numbers, dates or Booleans in YAML are text."""
    for name in ("1234", "2024-01-01", "0x1f", "1e3", "true", "null"):
        stack = samples.deployed(template, {**samples.BUCKETS, "ExistingInputBucketName": name})
        validator.validate(config(stack))
        assert config(stack)["CustomParameters"]["InputBucket"] == name


def test_all_resources_get_the_tags_of_the_project(template: dict[str, Any], validator: Any) -> None:
    """With isolation, each resource type for which the SDK reads tags has both tags, also inside a VPC with a key."""
    tags = [{"Key": "Project", "Value": "off"}, {"Key": "Environment", "Value": "prd"}]
    for choice in ({}, samples.VPC | samples.KEY):
        found = config(samples.deployed(template, ISOLATED, choice))
        validator.validate(found)
        blocks = found["SageMaker"]
        remote = blocks.pop("PythonSDK")["Modules"]["RemoteFunction"]
        assert all(block["Tags"] == tags for block in (remote, *blocks.values()))
        tagged = {
            name
            for name, block in _properties(_properties(validator.schema)["SageMaker"]).items()
            if _accepts_tags(block)
        }
        assert tagged - set(blocks) == OUTSIDE_THE_POLICIES


def _properties(block: dict[str, Any]) -> dict[str, Any]:
    return dict(block.get("properties", {}))


def _accepts_tags(block: dict[str, Any]) -> bool:
    return "Tags" in _properties(block)


# Resource types that the execution role cannot create.
OUTSIDE_THE_POLICIES = {"CompilationJob", "EdgePackagingJob"}
