"""Check that every container image URI in the outputs is the URI that the SDK of AWS returns, in every Region."""

from __future__ import annotations

import json
import re
from importlib.metadata import files
from typing import Any

import pytest
import samples

from smtemplates.evaluate import Stack, check_parameters

# The image of each output in the data of the SDK: file, scope and version.
IMAGES = {
    "PyTorchTrainingImage": ("pytorch", "training", "2.10.0"),
    "PyTorchInferenceImage": ("pytorch", "inference", "2.6.0"),
    "TensorFlowTrainingImage": ("tensorflow", "training", "2.21.0"),
    "TensorFlowInferenceImage": ("tensorflow", "inference", "2.20.0"),
    "HuggingFaceTrainingImage": ("huggingface", "training", "5.3.0"),
    "HuggingFaceInferenceImage": ("huggingface", "inference", "5.5.3"),
    "ScikitLearnImage": ("sklearn", "training", "1.9-0"),
    "XGBoostImage": ("xgboost", "training", "3.2-0"),
}
# Source: botocore's partitions, by the start of the Region's name
SUFFIXES = {
    "cn-": "amazonaws.com.cn",
    "eusc-": "amazonaws.eu",
    "us-iso-": "c2s.ic.gov",
    "us-isob-": "sc2s.sgov.gov",
    "us-isof-": "csp.hci.ic.gov",
    "eu-isoe-": "cloud.adc-e.uk",
}


def _config(name: str) -> dict[str, Any]:
    """Read one file of sagemaker-core without importing the package and its dependencies."""
    (path,) = (file for file in files("sagemaker-core") or () if file.match(f"image_uri_config/{name}.json"))
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _entry(name: str) -> dict[str, Any]:
    file, scope, version = IMAGES[name]
    entry = _config(file)[scope]["versions"][version]
    aliases = entry.get("version_aliases", {})
    return dict(entry[next(iter(aliases.values()))] if aliases else entry)


def _uri(name: str, entry: dict[str, Any], region: str, processor: str) -> str:
    version = IMAGES[name][2]
    python = entry.get("py_versions", [""])[0]
    if "container_version" in entry:
        framework = next(iter(_config("huggingface")[IMAGES[name][1]]["versions"][version]["version_aliases"].values()))
        pieces = [framework.removeprefix("pytorch"), f"transformers{version}", processor, python]
        tag = "-".join([*pieces, entry["container_version"][processor]])
    elif name == "XGBoostImage":
        tag = version
    else:
        tag = f"{version}-{processor}-{python}"
    suffix = next((value for start, value in SUFFIXES.items() if region.startswith(start)), "amazonaws.com")
    return f"{entry['registries'][region]}.dkr.ecr.{region}.{suffix}/{entry['repository']}:{tag}"


@pytest.mark.parametrize("instance_type", ["ml.m5.large", "ml.g5.xlarge", "ml.p4d.24xlarge"])
@pytest.mark.parametrize("name", IMAGES)
def test_image_uris_are_those_of_the_sdk(template: dict[str, Any], name: str, instance_type: str) -> None:
    """The output is the SDK's URI for the instance type. It is absent in exactly the Regions without a URI."""
    entry = _entry(name)
    gpu = instance_type != "ml.m5.large" and "Training" in name
    processor = "gpu" if gpu or name == "HuggingFaceTrainingImage" else "cpu"
    regions = template["Mappings"]["ImageRegistries"]
    assert set(entry["registries"]) <= set(regions), "the SDK has a Region that is missing in the template"
    for region in regions:
        stack = Stack(template, {"TrainingInstanceType": instance_type}, pseudo={"AWS::Region": region})
        expected = _uri(name, entry, region, processor) if region in entry["registries"] else None
        assert stack.outputs.get(name) == expected, region


def test_regions_of_the_mapping_are_those_of_the_sdk(template: dict[str, Any]) -> None:
    """A Region that the SDK adds or removes fails this test."""
    regions = {region for name in IMAGES for region in _entry(name)["registries"]}
    assert regions == set(template["Mappings"]["ImageRegistries"])


def test_commands_use_only_images_of_the_region(template: dict[str, Any]) -> None:
    """In a Region without the image, a command uses another image or a placeholder, but never 'none'."""
    for region in template["Mappings"]["ImageRegistries"]:
        outputs = Stack(template, samples.VPC, pseudo={"AWS::Region": region}).outputs
        commands = [str(value) for name, value in outputs.items() if name.endswith("Command")]
        assert not [command for command in commands if "none." in command], region


# The variables that an image needs to serve a model, or a model of the Hugging Face Hub.
# Source: https://github.com/aws/sagemaker-scikit-learn-container/issues/82
# Source: https://github.com/aws/sagemaker-huggingface-inference-toolkit
SERVING: dict[str, dict[str, str]] = {
    "PyTorchInferenceImage": {},
    "TensorFlowInferenceImage": {},
    "HuggingFaceInferenceImage": {"HF_MODEL_ID": "org/model", "HF_TASK": "text-classification"},
    "ScikitLearnImage": {"SAGEMAKER_PROGRAM": "serve.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"},
    "XGBoostImage": {},
}


def test_every_inference_image_can_be_served(template: dict[str, Any]) -> None:
    """The endpoint accepts the image with the environment that it needs, which the description of its output names."""
    outputs = samples.deployed(template).outputs
    assert SERVING.keys() == {name for name in outputs if name.endswith("Image") and "Training" not in name}
    for name, environment in SERVING.items():
        text = ",".join(f"{key}={value}" for key, value in environment.items())
        choice = {"ModelImageUri": outputs[name], "ContainerEnvironment": text}
        assert check_parameters(template, choice) == []
        container = samples.deployed(template, choice).resources["Model"]["Properties"]["PrimaryContainer"]
        assert container["Image"] == outputs[name]
        assert json.loads(container.get("Environment", "{}")) == environment
        description = template["Outputs"][name]["Description"]
        assert set(re.findall("[A-Z]+(?:_[A-Z]+)+", description)) == environment.keys()
