"""Training and processing jobs with the execution role of a workspace, in an image of AWS with Python."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from smtemplates.aws.errors import CloudError
from smtemplates.aws_data.partitions import partition_of
from smtemplates.core.assets import read_asset
from smtemplates.errors import UsageError
from smtemplates.prove.experiment import RefutedError
from smtemplates.prove.kind import MISSING
from smtemplates.prove.logs import LOG_GROUP
from smtemplates.prove.named import ENDED, PROCESSING_JOB, TRAINING_JOB
from smtemplates.prove.trial import OTHER_REASON, Trial

INSTANCE = "ml.m5.large"
RUN_SECONDS = 600
VOLUME_GB = 5


def image(region: str) -> str:
    """Return the URI of the scikit-learn image in a Region.

    Raises:
        UsageError: AWS does not document a registry for the Region.
    """
    known = json.loads(read_asset("smtemplates.templates.workspace", "images.json"))
    about = known["images"]["ScikitLearnImage"]
    account = known["registries"].get(region, {}).get(about["registry"])
    if not account:
        raise UsageError(f"There is no scikit-learn image in {region}. Choose another Region.")
    return f"{account}.dkr.ecr.{region}.{partition_of(region)[1]}/{about['repository']}:{about['tag']}"


def train(trial: Trial, role: str, code: str, *, inputs: str, output: str, key: str = "") -> Mapping[str, Any]:
    """Run a training job with Python code, and return its description at the end.

    `inputs` and `output` are S3 URIs, and `key` is the KMS key of the volume and the output.
    """
    name = trial.new_name()
    log_group(trial, "TrainingJobs")
    trial.create(
        TRAINING_JOB,
        name,
        "sagemaker",
        "create_training_job",
        TrainingJobName=name,
        RoleArn=role,
        AlgorithmSpecification={
            "TrainingImage": image(trial.cloud.region),
            "TrainingInputMode": "File",
            "ContainerEntrypoint": ["python3", "-c", code],
        },
        InputDataConfig=[
            {
                "ChannelName": "training",
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": inputs}},
            }
        ],
        OutputDataConfig={"S3OutputPath": output, **({"KmsKeyId": key} if key else {})},
        ResourceConfig={
            "InstanceType": INSTANCE,
            "InstanceCount": 1,
            "VolumeSizeInGB": VOLUME_GB,
            **({"VolumeKmsKeyId": key} if key else {}),
        },
        StoppingCondition={"MaxRuntimeInSeconds": RUN_SECONDS},
        Tags=trial.tag_list,
    )
    return _ended(
        trial,
        f"training job {name} ends",
        lambda: trial.call("sagemaker", "describe_training_job", TrainingJobName=name),
        "TrainingJobStatus",
    )


def process(trial: Trial, role: str, code: str, *, inputs: str, output: str) -> Mapping[str, Any]:
    """Run a processing job with Python code, and return its description at the end."""
    name = trial.new_name()
    log_group(trial, "ProcessingJobs")
    trial.create(
        PROCESSING_JOB,
        name,
        "sagemaker",
        "create_processing_job",
        ProcessingJobName=name,
        RoleArn=role,
        AppSpecification={"ImageUri": image(trial.cloud.region), "ContainerEntrypoint": ["python3", "-c", code]},
        ProcessingInputs=[
            {
                "InputName": "training",
                "S3Input": {
                    "S3Uri": inputs,
                    "LocalPath": "/opt/ml/processing/input",
                    "S3DataType": "S3Prefix",
                    "S3InputMode": "File",
                },
            }
        ],
        ProcessingOutputConfig={
            "Outputs": [
                {
                    "OutputName": "result",
                    "S3Output": {
                        "S3Uri": output,
                        "LocalPath": "/opt/ml/processing/output",
                        "S3UploadMode": "EndOfJob",
                    },
                }
            ]
        },
        ProcessingResources={
            "ClusterConfig": {"InstanceType": INSTANCE, "InstanceCount": 1, "VolumeSizeInGB": VOLUME_GB}
        },
        StoppingCondition={"MaxRuntimeInSeconds": RUN_SECONDS},
        Tags=trial.tag_list,
    )
    return _ended(
        trial,
        f"processing job {name} ends",
        lambda: trial.call("sagemaker", "describe_processing_job", ProcessingJobName=name),
        "ProcessingJobStatus",
    )


def _ended(trial: Trial, expected: str, describe: Callable[[], Mapping[str, Any]], status: str) -> Mapping[str, Any]:
    def question() -> Mapping[str, Any] | None:
        found = describe()
        return found if found[status] in ENDED else None

    return trial.until(expected, question)


def check_completed(trial: Trial, described: Mapping[str, Any], kind: str) -> None:
    """Check that a job completed. A failure for another reason than the job itself has no result.

    Raises:
        RefutedError: The job failed or was stopped.
        UsageError: A quota, the capacity or an internal error of AWS is the reason.
    """
    status, reason = described[f"{kind}JobStatus"], described.get("FailureReason", "")
    trial.note(f"{kind} job: {status}. {reason}".rstrip())
    if status != "Completed" and OTHER_REASON.search(reason):
        raise UsageError(f"The {kind.lower()} job failed for a reason outside the template: {reason}")
    if status != "Completed":
        raise RefutedError(f"The {kind.lower()} job is {status}: {reason or 'AWS gives no reason'}")


def log_group(trial: Trial, name: str) -> None:
    """Create a log group of SageMaker with the tag, unless the account has it: then it belongs to the account."""
    group = f"/aws/sagemaker/{name}"
    try:
        trial.create(LOG_GROUP, group, "logs", "create_log_group", logGroupName=group, tags=trial.tags)
    except CloudError as error:
        if error.code != "ResourceAlreadyExistsException":
            raise


def object_at(trial: Trial, uri: str) -> bytes | None:
    """Return the content of an object; None if it does not exist."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    try:
        content: bytes = trial.call("s3", "get_object", Bucket=bucket, Key=key)["Body"].read()
    except CloudError as error:
        if error.code in ("NoSuchKey", "404", *MISSING):
            return None
        raise
    return content
