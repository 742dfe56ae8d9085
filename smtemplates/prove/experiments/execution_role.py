"""The execution role in jobs that run."""

from __future__ import annotations

from decimal import Decimal

from smtemplates.aws_data.usage_prices import KEY_HOUR, M5_LARGE_HOUR, REQUESTS
from smtemplates.prove import jobs
from smtemplates.prove.experiment import Charge, Experiment, RefutedError
from smtemplates.prove.logs import log_streams
from smtemplates.prove.trial import Trial
from smtemplates.prove.workspace import workspace

DATA = b"1,2\n3,4\n"
TRAINING_CODE = """\
import pathlib
found = pathlib.Path("/opt/ml/input/data/training/numbers.csv").read_text()
print("read", len(found), "characters")
pathlib.Path("/opt/ml/model/model.txt").write_text(found)
"""
PROCESSING_CODE = """\
import pathlib
found = pathlib.Path("/opt/ml/processing/input/numbers.csv").read_text()
print("read", len(found), "characters")
pathlib.Path("/opt/ml/processing/output/copy.csv").write_text(found)
"""


def run(trial: Trial) -> str:
    """Run a training and a processing job with the role, and look for the results and the log streams."""
    outputs = trial.deploy(workspace())
    role = outputs["ExecutionRoleArn"]
    source = f"s3://{outputs['InputBucketName']}/training/"
    trial.call("s3", "put_object", Bucket=outputs["InputBucketName"], Key="training/numbers.csv", Body=DATA)
    trial.only_in_aws("SageMaker runs no jobs there.")
    trained = jobs.train(
        trial, role, TRAINING_CODE, inputs=source, output=f"s3://{outputs['ModelBucketName']}/artifacts/"
    )
    jobs.check_completed(trial, trained, "Training")
    model = trained["ModelArtifacts"]["S3ModelArtifacts"]
    trial.check(jobs.object_at(trial, model) is not None, expected=True, what="The model exists in the model bucket")
    target = f"s3://{outputs['OutputBucketName']}/processing/{trained['TrainingJobName']}/"
    processed = jobs.process(trial, role, PROCESSING_CODE, inputs=source, output=target)
    jobs.check_completed(trial, processed, "Processing")
    trial.check(jobs.object_at(trial, f"{target}copy.csv"), DATA, "The content of the result of the processing job")
    for kind, described in (("Training", trained), ("Processing", processed)):
        name = described[f"{kind}JobName"]
        if not log_streams(trial.cloud, f"/aws/sagemaker/{kind}Jobs", f"{name}/"):
            raise RefutedError(f"The {kind.lower()} job {name} completed, but it has no log stream.")
    return "Both jobs completed with the role. Their results and logs exist."


def run_key(trial: Trial) -> str:
    """Run a training job with a customer key for the volume and the output."""
    outputs = trial.deploy(workspace(fix={"CreateKmsKey": "true"}))
    bucket = outputs["InputBucketName"]
    trial.call("s3", "put_object", Bucket=bucket, Key="training/numbers.csv", Body=DATA)
    trial.only_in_aws("SageMaker runs no jobs there.")
    trained = jobs.train(
        trial,
        outputs["ExecutionRoleArn"],
        TRAINING_CODE,
        inputs=f"s3://{bucket}/training/",
        output=f"s3://{outputs['ModelBucketName']}/artifacts/",
        key=trial.physical_id("EncryptionKey"),
    )
    jobs.check_completed(trial, trained, "Training")
    return "SageMaker created the grant for the volume with the permissions of the role."


ROLE_EXPERIMENT = Experiment(
    name="execution-role",
    creates=(
        "a stack with the three buckets and the execution role with least privilege",
        "an object of 8 bytes in the input bucket",
        "a training and a processing job with the scikit-learn image, each of at most 10 minutes on an ml.m5.large",
    ),
    asks=(
        "Start the training job with the role. Its code reads the object and writes a model.",
        "Start the processing job with the role. Its code copies the object to the output bucket.",
        "Read the status and the failure reason of both jobs, their results in S3, and the names of their log streams.",
    ),
    refuted_by="A job fails for another reason than capacity or a quota, or its result or its log stream is missing.",
    charges=(Charge(Decimal(20) / 60, M5_LARGE_HOUR), Charge(1, REQUESTS)),
    minutes=45,
    run=run,
)
KEY_EXPERIMENT = Experiment(
    name="customer-key",
    creates=(
        "a stack with the three buckets and the execution role, and a KMS key that encrypts the buckets",
        "an object of 8 bytes in the input bucket",
        "a training job with the scikit-learn image, of at most 10 minutes on an ml.m5.large",
    ),
    asks=(
        "Start the training job with the key for its volume and its output.",
        "Read its status and its failure reason.",
    ),
    refuted_by="The job fails for another reason than capacity or a quota.",
    charges=(Charge(Decimal(10) / 60, M5_LARGE_HOUR), Charge(1, KEY_HOUR), Charge(1, REQUESTS)),
    minutes=30,
    run=run_key,
)
