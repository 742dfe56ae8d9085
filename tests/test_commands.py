"""Run the commands of the outputs with both versions of the AWS CLI and check their requests to AWS."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import samples
from aws_cli import KEYS, Request, Service, commands, moto, service, version_1, version_2

from smtemplates.evaluate import Stack

pytestmark = pytest.mark.slow

Choice = dict[str, str]
JOBS = {
    **samples.JOBS,
    "NotebookInstanceType": "ml.t3.xlarge",
    "NotebookVolumeSizeGb": "33",
    "NotebookRootAccess": "Enabled",
    "EndpointName": "churn",
    "UserProfileNames": "ana,bo",
}
COMBINATIONS: list[Choice] = [
    {name: value for choice in choices for name, value in choice.items()}
    for choices in itertools.product(
        ({}, samples.VPC, samples.VPC | samples.GROUPS),
        ({}, samples.KEY, samples.MADE_KEY),
        ({}, samples.AWKWARD_ROLE),
        ({}, samples.NO_BUCKETS | JOBS),
    )
]
COMBINATIONS.append({"Isolation": "Project"})
# Each command needs the result of the previous one.
ORDER = [
    "UploadTrainingDataCommand",
    "CreateTrainingJobCommand",
    "CreateProcessingJobCommand",
    "CreateModelCommand",
    "CreateEndpointConfigCommand",
    "CreateEndpointCommand",
    "CreateNotebookCommand",
]
SDK: Any = import_module("boto3")  # the package has no types
FEW = [
    COMBINATIONS[0],
    samples.VPC | samples.MADE_KEY,
    samples.VPC | samples.GROUPS | samples.KEY | samples.AWKWARD_ROLE | JOBS,
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with data to upload and a request for an endpoint."""
    here = tmp_path_factory.mktemp("commands")
    (here / "data").mkdir()
    (here / "data" / "train.csv").write_text("1,2\n", encoding="utf-8")
    (here / "request.json").write_text("[1]", encoding="utf-8")
    return here


@pytest.fixture
def aws(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """Yield a service to which both CLIs send their requests, without the settings of this machine."""
    with service() as running:
        environment = {**KEYS, "AWS_ENDPOINT_URL": running.url, "HOME": str(folder), "AWS_CONFIG_FILE": "/dev/null"}
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(folder)
        yield running


def deployed(template: dict[str, Any], choice: Choice, **pseudo: str) -> Stack:
    features = {
        "CreateNotebook": "true",
        "CreateMlflow": "true",
        "CreateDomain": "true" if "VpcId" in choice else "false",
    }
    return samples.deployed(template, features, choice, **pseudo)


@dataclass(frozen=True)
class Expected:
    """The expected requests to the service for the parameters and outputs of a stack."""

    parameters: Mapping[str, Any]
    outputs: Mapping[str, Any]

    def number(self, parameter: str) -> int:
        return int(self.parameters[parameter])

    def uri(self, which: str, path: str) -> str:
        return f"s3://{self.outputs[f'{which}BucketName']}/{path}"

    @property
    def endpoint(self) -> str:
        return self.parameters["EndpointName"] or "endpoint-name"

    @property
    def key(self) -> dict[str, str]:
        made = samples.physical("EncryptionKey", "Arn") if self.parameters["CreateKmsKey"] == "true" else ""
        return {"KmsKeyId": key} if (key := self.parameters["KmsKeyArn"] or made) else {}

    @property
    def vpc(self) -> dict[str, Any]:
        groups = self.parameters["SecurityGroupIds"] or samples.physical("SecurityGroup", "GroupId")
        inside = {"SecurityGroupIds": groups.split(","), "Subnets": self.parameters["SubnetIds"].split(",")}
        return {"VpcConfig": inside} if self.parameters["VpcId"] else {}

    @property
    def tags(self) -> dict[str, Any]:
        wanted = {"Project": self.parameters["ProjectName"], "Environment": self.parameters["Environment"]}
        tags = [{"Key": key, "Value": value} for key, value in wanted.items()]
        return {"Tags": tags} if self.parameters["Isolation"] == "Project" else {}

    def training(self) -> dict[str, Any]:
        source = {
            "S3DataType": "S3Prefix",
            "S3Uri": self.uri("Input", "training/"),
            "S3DataDistributionType": "FullyReplicated",
        }
        return {
            "RoleArn": self.outputs["ExecutionRoleArn"],
            "AlgorithmSpecification": {
                "TrainingImage": self.outputs["PyTorchTrainingImage"],
                "TrainingInputMode": "File",
            },
            "HyperParameters": {
                "sagemaker_program": "train.py",
                "sagemaker_submit_directory": self.uri("Output", "code/source.tar.gz"),
            },
            "InputDataConfig": [{"ChannelName": "training", "DataSource": {"S3DataSource": source}}],
            "OutputDataConfig": {"S3OutputPath": self.uri("Model", "artifacts/"), **self.key},
            "ResourceConfig": self.machines("Training"),
            "StoppingCondition": {"MaxRuntimeInSeconds": self.number("TrainingMaxRuntimeSeconds")},
            **self.vpc,
            **self.tags,
        }

    def machines(self, kind: str) -> dict[str, Any]:
        return {
            "InstanceType": self.parameters[f"{kind}InstanceType"],
            "InstanceCount": self.number(f"{kind}InstanceCount"),
            "VolumeSizeInGB": self.number(f"{kind}VolumeSizeGb"),
        }

    def processing(self) -> dict[str, Any]:
        result = {
            "S3Uri": self.uri("Output", "processing/"),
            "LocalPath": "/opt/ml/processing/result",
            "S3UploadMode": "EndOfJob",
        }
        return {
            "RoleArn": self.outputs["ExecutionRoleArn"],
            "AppSpecification": {
                "ImageUri": self.outputs.get("ScikitLearnImage", self.outputs["PyTorchTrainingImage"]),
                "ContainerEntrypoint": ["python3", "/opt/ml/processing/code/process.py"],
            },
            "ProcessingInputs": [
                self.input("code", self.uri("Output", "code/process.py")),
                self.input("data", self.uri("Input", "training/")),
            ],
            "ProcessingOutputConfig": {"Outputs": [{"OutputName": "result", "S3Output": result}], **self.key},
            "ProcessingResources": {"ClusterConfig": self.machines("Processing")},
            "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
            **({"NetworkConfig": self.vpc} if self.vpc else {}),
            **self.tags,
        }

    @staticmethod
    def input(name: str, uri: str) -> dict[str, Any]:
        path = f"/opt/ml/processing/{name}"
        location = {"S3Uri": uri, "LocalPath": path, "S3DataType": "S3Prefix", "S3InputMode": "File"}
        return {"InputName": name, "S3Input": location}

    def model(self) -> dict[str, Any]:
        return {
            "ModelName": "model-name",
            "ExecutionRoleArn": self.outputs["ExecutionRoleArn"],
            "PrimaryContainer": {
                "Image": self.outputs.get("PyTorchInferenceImage", "image-uri"),
                "ModelDataUrl": self.uri("Model", "artifacts/training-job-name/output/model.tar.gz"),
            },
            **self.vpc,
            **self.tags,
        }

    def config(self) -> dict[str, Any]:
        serverless = {"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}}
        on = {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1} if self.vpc else serverless
        variant = {"VariantName": "AllTraffic", "ModelName": "model-name", **on}
        return {"EndpointConfigName": "endpoint-config-name", "ProductionVariants": [variant], **self.tags}

    def notebook(self) -> dict[str, Any]:
        inside = {
            "SecurityGroupIds": self.vpc.get("VpcConfig", {}).get("SecurityGroupIds"),
            "SubnetId": self.parameters["SubnetIds"].split(",")[0],
            "DirectInternetAccess": "Disabled",
        }
        return {
            "NotebookInstanceName": "notebook-name",
            "InstanceType": self.parameters["NotebookInstanceType"],
            "VolumeSizeInGB": self.number("NotebookVolumeSizeGb"),
            "RoleArn": self.outputs["ExecutionRoleArn"],
            "PlatformIdentifier": "notebook-al2023-v1",
            "RootAccess": self.parameters["NotebookRootAccess"],
            "InstanceMetadataServiceConfiguration": {"MinimumInstanceMetadataServiceVersion": "2"},
            **self.key,
            **(inside if self.vpc else {}),
        }

    def studio(self) -> dict[str, Any]:
        user = self.parameters["UserProfileNames"].split(",")[0] or "user-profile-name"
        return {"DomainId": self.outputs.get("DomainId"), "UserProfileName": user}


def requests(stack: Stack) -> dict[str, list[Request]]:
    """Return the expected requests of each command."""
    expected = Expected(stack.parameters, stack.outputs)
    endpoint = {"EndpointName": expected.endpoint, "EndpointConfigName": "endpoint-config-name", **expected.tags}
    logs = {"logGroupName": "/aws/sagemaker/TrainingJobs", "logStreamNamePrefix": "training-job-name"}
    notebook = {"NotebookInstanceName": expected.outputs["NotebookInstanceName"]}
    return {
        "UploadTrainingDataCommand": [(f"PUT /{expected.outputs['InputBucketName']}/training/train.csv", None)],
        "CreateTrainingJobCommand": [("SageMaker.CreateTrainingJob", expected.training())],
        "CreateProcessingJobCommand": [("SageMaker.CreateProcessingJob", expected.processing())],
        "CreateModelCommand": [("SageMaker.CreateModel", expected.model())],
        "CreateEndpointConfigCommand": [("SageMaker.CreateEndpointConfig", expected.config())],
        "CreateEndpointCommand": [("SageMaker.CreateEndpoint", endpoint)],
        "InvokeEndpointCommand": [(f"POST /endpoints/{expected.endpoint}/invocations", [1])],
        "ViewTrainingLogsCommand": [("Logs_20140328.FilterLogEvents", logs)],
        "CreateNotebookCommand": [("SageMaker.CreateNotebookInstance", expected.notebook())],
        "NotebookUrlCommand": [("SageMaker.CreatePresignedNotebookInstanceUrl", notebook)],
        "MlflowUrlCommand": [("SageMaker.CreatePresignedMlflowAppUrl", {"Arn": expected.outputs["MlflowAppArn"]})],
        "StudioUrlCommand": [("SageMaker.CreatePresignedDomainUrl", expected.studio())],
    }


def without_job_names(sent: list[Request], stack: Stack) -> list[Request]:
    """Check that the names of jobs consist of the project and the time, and return the requests without them."""
    pattern = rf"{stack.parameters['ProjectName']}-{stack.parameters['Environment']}-\d{{8}}-\d{{6}}"
    for _, body in sent:
        for name in ("TrainingJobName", "ProcessingJobName"):
            if isinstance(body, dict) and name in body:
                assert re.fullmatch(pattern, body.pop(name))
    return sent


def check_requests(
    template: dict[str, Any], choices: Iterable[Choice], aws: Service, run: Callable[[str], object]
) -> None:
    """Compare the requests of each command with the expected ones. Equal commands of several stacks run once."""
    known: dict[str, list[Request]] = {}
    for choice in choices:
        stack = deployed(template, choice)
        expected = requests(stack)
        for name, command in commands(stack.outputs).items():
            if command not in known:
                run(command)
                known[command] = without_job_names(aws.take_requests(), stack)
            assert known[command] == expected[name], choice


def test_version_1_sends_the_expected_requests(template: dict[str, Any], aws: Service, folder: Path) -> None:
    """For every combination of VPC, key, role and buckets, each request has all required fields.

    The AWS CLI accepts a training job without algorithm, resources and stopping condition, so the fields are compared.
    """
    check_requests(template, COMBINATIONS, aws, lambda command: version_1(command, folder))


def test_version_2_sends_the_same_requests(template: dict[str, Any], aws: Service, folder: Path) -> None:
    """The AWS CLI 2 accepts each command and sends the same requests."""
    check_requests(template, FEW, aws, lambda command: version_2(command, folder, aws.url))


@pytest.mark.parametrize("region", ["eu-central-1", "cn-north-1", "us-gov-west-1", "eu-isoe-west-1"])
def test_commands_use_the_region_and_its_images(
    template: dict[str, Any], aws: Service, folder: Path, region: str
) -> None:
    """In every Region, commands start with that Region and contain its images or a placeholder."""
    stack = deployed(template, {}, AWS_Region=region)
    expected = requests(stack)
    for name, command in commands(stack.outputs).items():
        assert command.startswith(f"aws --region {region} ")
        version_1(command, folder)
        assert without_job_names(aws.take_requests(), stack) == expected[name]


def test_every_command_is_tested(template: dict[str, Any]) -> None:
    """Each command of the outputs has an expected request, except for the one that runs Docker."""
    promised = {name for name in template["Outputs"] if name.endswith("Command")}
    assert promised == {*requests(deployed(template, samples.VPC)), "PushStudioImageCommand"}


def test_image_is_pushed_with_the_password_of_the_registry(template: dict[str, Any], folder: Path) -> None:
    """The command signs Docker in to the registry of the account, and pushes the image with its tag."""
    create = {"CreateStudioRepository": "true"}
    pasted = commands(samples.deployed(template, {"CreateDomain": "true"}, samples.VPC, create).outputs)
    docker = 'docker() { echo "docker $*"; [ "$1" != login ] || cat; }'
    with moto() as url:
        printed = version_2(f"{docker}\n{pasted['PushStudioImageCommand']}", folder, url).splitlines()
    registry = f"{samples.ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com"
    uri = samples.physical("StudioRepository", "RepositoryUri")
    assert printed == [
        f"docker login --username AWS --password-stdin {registry}",
        "123456789012-auth-token",  # of the account of moto
        f"docker tag local-image {uri}:TAG",
        f"docker push {uri}:TAG",
    ]


def test_commands_run_in_moto(template: dict[str, Any], folder: Path) -> None:
    """The commands, pasted into a shell in order, upload data and create a job, a model and an endpoint in moto."""
    stack = deployed(template, {**samples.VPC, **samples.KEY, **samples.BUCKETS, "EndpointName": "churn"})
    pasted = commands(stack.outputs)
    with moto() as url:
        sdk = partial(SDK.client, endpoint_url=url, region_name="us-east-1", aws_access_key_id="a")
        clients = {name: sdk(name, aws_secret_access_key="b") for name in ("s3", "sagemaker", "logs")}  # noqa: S106 moto's
        clients["s3"].create_bucket(Bucket="team-input")
        clients["logs"].create_log_group(logGroupName="/aws/sagemaker/TrainingJobs")
        for name in (*ORDER, "ViewTrainingLogsCommand", "InvokeEndpointCommand"):
            version_2(pasted[name], folder, url)
        found = clients["s3"].list_objects_v2(Bucket="team-input")["Contents"]
        sagemaker = clients["sagemaker"]
        job = sagemaker.list_training_jobs()["TrainingJobSummaries"][0]["TrainingJobName"]
        training = sagemaker.describe_training_job(TrainingJobName=job)
        endpoint = sagemaker.describe_endpoint(EndpointName="churn")
    assert [item["Key"] for item in found] == ["training/train.csv"]
    assert training["RoleArn"] == stack.outputs["ExecutionRoleArn"]
    assert endpoint["EndpointConfigName"] == "endpoint-config-name"
