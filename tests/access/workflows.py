"""The tasks for which people use the execution role: the calls of each task with the condition keys that they send.

The calls of the SDKs are recorded from the SDKs (tests/sdk). Those of the AWS CLI, the console and SageMaker follow the
page or the source that is named. A task works in the combinations in which all of its calls are allowed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from access.combinations import Combination
from access.simulator import Context
from access.table import (
    ANAS,
    APPROVE,
    EC2,
    GROUP,
    IN_VPC,
    JOB,
    LOGS,
    PACKAGE,
    RUNTIME,
    S3,
    SM,
    TYPES,
    VIA,
    Row,
    When,
    always,
    each,
    never,
    off,
    on,
)

GUIDE = "https://docs.aws.amazon.com/sagemaker/latest/dg/"
API = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_"
STEPS = "sagemaker.workflow"
PASS: list[Row] = each("iam", "PassRole", "{role}", {"iam:PassedToService": "sagemaker.amazonaws.com"})
UPLOAD: list[Row] = [
    *each("s3", "ListBucket", f"{S3}{{output}}"),
    *each("s3", "PutObject", f"{S3}{{output}}/sagemaker/code/train.py"),
]
# The SDKs encrypt code with the key of the configuration file.
ENCRYPT: list[Row] = each("kms", "GenerateDataKey", "{key}", {VIA: "s3.us-east-1.amazonaws.com"}, on("key"))
CODE: list[Row] = [*each("s3", "PutObject", f"{S3}{{models}}/churn-1/source/sourcedir.tar.gz"), *ENCRYPT]
DEPLOY: list[Row] = [
    *each("sagemaker", "CreateModel", f"{SM}model/churn", IN_VPC),
    *PASS,
    *each("sagemaker", "CreateEndpointConfig", f"{SM}endpoint-config/churn", {TYPES: ["ml.m5.large"]}),
    *each("sagemaker", "CreateEndpoint", f"{SM}endpoint/churn"),
]
NOTEBOOK = each("sagemaker", "DescribeNotebookInstance", "{notebook}")
TRAINING = f"{SM}training-job/churn-1"
SPACE, APP = f"{SM}space/d-abcdefghijkl/anas", f"{SM}app/d-abcdefghijkl/anas/JupyterLab/default"


@dataclass(frozen=True)
class Workflow:
    """A task: its name, where its calls are documented, the calls, and the combinations in which it works."""

    title: str
    source: str
    calls: list[Row]
    works: When = always


def creation(kind: str, resource: str) -> list[Row]:
    """Return the calls that create a job, with the role that it uses."""
    return [*each("sagemaker", f"Create{kind}", f"{SM}{resource}/churn-1", JOB), *PASS]


def _sdk_2() -> Iterator[Workflow]:
    described = each("sagemaker", "DescribeTrainingJob", TRAINING)
    training = creation("TrainingJob", "training-job")
    yield Workflow("SDK 2: upload data", "Session.upload_data", UPLOAD)
    yield Workflow("SDK 2: find the role", "get_execution_role", NOTEBOOK, on("notebook"))
    yield Workflow("SDK 2: fit Estimator", "Estimator.fit", [*CODE, *training])
    metrics = [*described, *each("cloudwatch", "GetMetricStatistics")]
    yield Workflow("SDK 2: read the metrics of a job", "TrainingJobAnalytics.dataframe", metrics)
    yield Workflow("SDK 2: deploy Estimator", "Estimator.deploy", [*described, *DEPLOY])
    tuning = creation("HyperParameterTuningJob", "hyper-parameter-tuning-job")
    yield Workflow("SDK 2: run HyperparameterTuner", "HyperparameterTuner.fit", [*CODE, *tuning])
    transform = each("sagemaker", "CreateTransformJob", f"{SM}transform-job/churn-1", {TYPES: ["ml.m5.large"]})
    model = [*described, *each("sagemaker", "CreateModel", f"{SM}model/churn", IN_VPC), *PASS]
    yield Workflow("SDK 2: run Transformer", "Transformer.transform", [*model, *transform])
    pending: Context = {"sagemaker:ModelApprovalStatus": "PendingManualApproval"}
    version = [*each("sagemaker", "Search"), *each("sagemaker", "CreateModelPackage", PACKAGE, pending)]
    yield Workflow("SDK 2: register a version", "Model.register", [*described, *version], on("registry"))


def _sdk_3() -> Iterator[Workflow]:
    yield Workflow("SDK 3: upload data", "Session.upload_data", UPLOAD)
    yield Workflow("SDK 3: find the role", "get_execution_role", NOTEBOOK, on("notebook"))
    validation = each("iam", "GetRole", "{role}")  # the SDK reads the trust policy
    yield Workflow("SDK 3: construct ModelTrainer", "ModelTrainer.__init__", [*validation, *UPLOAD[:1]])
    logs = each("logs", "DescribeLogStreams", f"{LOGS}/aws/sagemaker/TrainingJobs")
    described = each("sagemaker", "DescribeTrainingJob", TRAINING)
    training = [*creation("TrainingJob", "training-job"), *described, *logs]
    yield Workflow("SDK 3: run the example of the reference", "ModelTrainer.train", [*UPLOAD, *ENCRYPT, *training])
    processing = creation("ProcessingJob", "processing-job")
    yield Workflow("SDK 3: run Processor", "ScriptProcessor.run", [*UPLOAD, *ENCRYPT, *processing])
    tags = each("sagemaker", "AddTags", f"{SM}endpoint/churn", {"sagemaker:TaggingAction": "CreateEndpoint"})
    seen = [
        *each("sagemaker", "DescribeModel", f"{SM}model/churn"),
        *each("sagemaker", "DescribeEndpoint", f"{SM}endpoint/churn"),
    ]
    yield Workflow("SDK 3: deploy with ModelBuilder", "ModelBuilder.deploy", [*validation, *DEPLOY, *tags, *seen])
    pipeline = f"{SM}pipeline/churn"
    tagged = each("sagemaker", "AddTags", pipeline, {"sagemaker:TaggingAction": "CreatePipeline"})
    calls = each("sagemaker", "CreatePipeline UpdatePipeline StartPipelineExecution AddTags", pipeline)
    calls += each("sagemaker", "ListTags")
    calls = [*validation, *UPLOAD, *ENCRYPT, *calls, *tagged, *PASS]
    yield Workflow("SDK 3: update and start Pipeline", "Pipeline.upsert", calls)


def _command_line() -> Iterator[Workflow]:
    copied = each("s3", "GetObject GetObjectTagging", f"{S3}{{input}}/training/a.csv")
    names = "PutObject PutObjectTagging AbortMultipartUpload"
    copied += each("s3", names, f"{S3}{{output}}/training/a.csv")
    source = "https://docs.aws.amazon.com/cli/latest/reference/s3/cp.html"
    yield Workflow("CLI: copy more than 8 MB between the buckets", source, copied)
    restored = [
        *each("s3", "ListBucketVersions", f"{S3}{{models}}"),
        *each("s3", "GetObjectVersion GetObjectVersionTagging", f"{S3}{{models}}/models/model.tar.gz"),
        *each("s3", "PutObject", f"{S3}{{models}}/models/model.tar.gz"),
    ]
    source = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/RestoringPreviousVersions.html"
    yield Workflow("CLI: restore an older version", source, restored)
    erased = each("s3", "DeleteObjectVersion", f"{S3}{{models}}/models/model.tar.gz")
    yield Workflow("CLI: erase a version", source, erased, never)
    tail = each("logs", "FilterLogEvents", f"{LOGS}/aws/sagemaker/TrainingJobs")
    yield Workflow("CLI: aws logs tail", "https://docs.aws.amazon.com/cli/latest/reference/logs/tail.html", tail)
    query = each("logs", "StartQuery", f"{LOGS}/aws/sagemaker/TrainingJobs")
    yield Workflow("CLI: aws logs start-query", f"{API}StartQuery", query, never)
    for kind, resource in (
        ("TrainingJob", "training-job"),
        ("ProcessingJob", "processing-job"),
        ("HyperParameterTuningJob", "hyper-parameter-tuning-job"),
    ):
        calls = each("sagemaker", f"Describe{kind} Stop{kind} Delete{kind}", f"{SM}{resource}/churn-1")
        yield Workflow(f"CLI: stop and delete a {resource}", f"{API}Delete{kind}", calls)


def _resources() -> Iterator[Workflow]:
    endpoint, config = f"{SM}endpoint/churn", f"{SM}endpoint-config/churn"
    updated = [
        *each("sagemaker", "CreateEndpointConfig", config, {TYPES: ["ml.m5.large"]}),
        *each("sagemaker", "UpdateEndpoint DescribeEndpoint InvokeEndpoint", endpoint),
    ]
    yield Workflow("Update and invoke an endpoint", f"{API}UpdateEndpoint", updated)
    removed = [
        *each("sagemaker", "DeleteEndpoint", endpoint),
        *each("sagemaker", "DeleteEndpointConfig", config),
        *each("sagemaker", "DeleteModel", f"{SM}model/churn"),
    ]
    yield Workflow("Delete an endpoint", f"{GUIDE}realtime-endpoints-delete-resources.html", removed)
    component = f"{SM}inference-component/llm"
    names = "Create{0} Describe{0} Update{0} Update{0}RuntimeConfig Delete{0}".format("InferenceComponent")
    hosted = [*each("sagemaker", "CreateInferenceComponent", endpoint), *each("sagemaker", names, component)]
    yield Workflow("Host several models on an endpoint", f"{GUIDE}realtime-endpoints-deploy-models.html", hosted)
    execution = f"{SM}pipeline/churn/execution/1"
    names = "DescribePipelineExecution RetryPipelineExecution StopPipelineExecution UpdatePipelineExecution"
    yield Workflow("Stop and retry a pipeline", f"{GUIDE}run-pipeline.html", each("sagemaker", names, execution))
    lineage: list[Row] = []
    for kind in ("Action", "Artifact", "Context"):
        lineage += each("sagemaker", f"Create{kind} Delete{kind}", f"{SM}{kind.lower()}/churn")
        lineage += each("sagemaker", "AddAssociation DeleteAssociation", f"{SM}{kind.lower()}/churn")
    lineage += each("sagemaker", "QueryLineage")
    yield Workflow("Create and delete lineage", f"{GUIDE}lineage-tracking-manual-creation.html", lineage)
    trial = f"{SM}experiment-trial-component/churn"
    tracked = [
        *each("sagemaker", "CreateExperiment DescribeExperiment DeleteExperiment", f"{SM}experiment/churn"),
        *each("sagemaker", "CreateTrialComponent BatchPutMetrics AssociateTrialComponent", trial),
    ]
    yield Workflow("Track an experiment", f"{GUIDE}experiments.html", tracked)
    rejected = each("sagemaker", "UpdateModelPackage", PACKAGE, {"sagemaker:ModelApprovalStatus": "Rejected"})
    source = f"{GUIDE}model-registry-approve.html"
    yield Workflow("Reject a wrong version", source, rejected, on("registry"))
    yield Workflow("Approve a version", source, each("sagemaker", "UpdateModelPackage", PACKAGE, APPROVE), _approves)
    deleted = each("sagemaker", "DeleteModelPackage", PACKAGE)
    yield Workflow("Delete a version", f"{API}DeleteModelPackage", deleted, never)
    group = each("sagemaker", "DeleteModelPackageGroup", GROUP)
    yield Workflow("Delete a model package group", f"{API}DeleteModelPackageGroup", group, never)


def _places() -> Iterator[Workflow]:
    stopped = each("sagemaker", "StopNotebookInstance", "{notebook}")
    yield Workflow("Notebook: stop when idle", f"{API}StopNotebookInstance", stopped, on("notebook"))
    started = each("sagemaker", "StartNotebookInstance", "{notebook}")
    yield Workflow("Notebook: start it", f"{API}StartNotebookInstance", started, never)
    user = f"{SM}user-profile/d-abcdefghijkl/ana"
    source = f"{GUIDE}studio-updated-jl-admin-guide-permissions.html"
    opened = [
        *each("sagemaker", "CreatePresignedDomainUrl DescribeUserProfile", user, ANAS),
        *each("sagemaker", "CreateSpace UpdateSpace DescribeSpace DeleteSpace", SPACE, ANAS),
        *each("sagemaker", "CreateApp DescribeApp DeleteApp", APP, ANAS),
        *each("kms", "CreateGrant", "{key}", {VIA: "sagemaker.us-east-1.amazonaws.com"}, on("key")),
    ]
    yield Workflow("Studio: work in an own space", source, opened, on("studio"))
    shared: Context = {**ANAS, "sagemaker:SpaceSharingType": "Shared"}
    yield Workflow("Studio: open a shared space", source, each("sagemaker", "CreateApp", APP, shared), never)
    remote = each("sagemaker", "StartSession", SPACE, ANAS)
    yield Workflow("Studio: connect a local editor", f"{GUIDE}remote-access.html", remote, never)
    names = "DescribeMlflowApp CallMlflowAppApi CreatePresignedMlflowAppUrl"
    yield Workflow("Track with MLflow", f"{GUIDE}mlflow.html", each("sagemaker", names, "{app}"), on("mlflow"))
    other = each("sagemaker", "CallMlflowAppApi", f"{SM}mlflow-app/app-other")
    yield Workflow("Use another MLflow app", f"{GUIDE}mlflow.html", other, never)


def _limited() -> Iterator[Workflow]:
    """Yield jobs that a limit of the stack denies."""
    bare: Context = {TYPES: ["ml.m5.large"], RUNTIME: "3600"}
    foreign: Context = {**JOB, "sagemaker:VpcSubnets": ["subnet-00000000"]}
    unlimited: Context = {**IN_VPC, TYPES: ["ml.m5.large"]}
    large: Context = {**JOB, TYPES: ["ml.p4d.24xlarge"]}
    page = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html"
    for title, context, works in (
        ("outside the VPC", bare, off("vpc")),
        ("in another subnet", foreign, off("vpc")),
        ("without a maximum runtime", unlimited, off("runtime")),
        ("on another instance type", large, off("types")),
    ):
        training = each("sagemaker", "CreateTrainingJob", TRAINING, context)
        processing = each("sagemaker", "CreateProcessingJob", f"{SM}processing-job/churn-1", context)
        yield Workflow(f"Train {title}", page, training, works)
        yield Workflow(f"Process data {title}", page, processing, works)


def steps() -> Iterator[Workflow]:
    """Yield the steps of pipelines with an additional policy, whose text is in docs/how-to/permissions.md."""
    function = "arn:aws:lambda:{here}function:prepare"
    invoked = each("lambda", "InvokeFunction", function)
    yield Workflow("Lambda step", f"{STEPS}.lambda_step.LambdaStep", invoked, never)
    message = each("sqs", "SendMessage", "arn:aws:sqs:{here}approvals")
    yield Workflow("Callback step", f"{STEPS}.callback_step.CallbackStep", message, never)
    cluster = "arn:aws:elasticmapreduce:{here}cluster/j-ABCDEFGHIJKLM"
    rule = "arn:aws:events:{here}rule/SageMakerPipelineExecutionEMRStepStatusUpdateRule"
    names = "AddJobFlowSteps CancelSteps DescribeCluster DescribeStep ListSteps"
    emr = [*each("elasticmapreduce", names, cluster), *each("events", "DescribeRule PutRule PutTargets", rule)]
    yield Workflow("EMR step", f"{STEPS}.emr_step.EMRStep", emr, never)


def _never() -> Iterator[Workflow]:
    """Yield tasks for which the role has no permission without a pack or an additional policy."""
    page = "https://docs.aws.amazon.com/service-authorization/latest/reference/"
    automl = [*each("sagemaker", "CreateAutoMLJobV2", f"{SM}automl-job/churn", IN_VPC), *PASS]
    yield Workflow("AutoML step", f"{STEPS}.automl_step.AutoMLStep", automl, never)
    hub = each(
        "sagemaker", "DescribeHubContent", "arn:aws:sagemaker:us-east-1:aws:hub-content/SageMakerPublicHub/Model/x/1"
    )
    yield Workflow("JumpStart: describe a model", f"{API}DescribeHubContent", hub, never)
    feature = each("sagemaker", "CreateFeatureGroup PutRecord", f"{SM}feature-group/churn")
    yield Workflow("Feature Store: write a record", f"{GUIDE}feature-store.html", feature, never)
    model = each("bedrock", "InvokeModel", "arn:aws:bedrock:us-east-1::foundation-model/model")
    yield Workflow("Bedrock: invoke a model", f"{page}list_amazonbedrock.html", model, never)
    pushed = each("ecr", "PutImage InitiateLayerUpload", "arn:aws:ecr:{here}repository/team")
    yield Workflow("ECR: push an image", f"{page}list_amazonelasticcontainerregistry.html", pushed, never)
    query = each("athena", "StartQueryExecution", "arn:aws:athena:{here}workgroup/primary")
    yield Workflow("Athena: query", f"{page}list_amazonathena.html", query, never)
    instance = each("ec2", "RunInstances", f"{EC2}instance/*")
    yield Workflow("EC2: start an instance", f"{page}list_amazonec2.html", instance, never)


def _approves(combination: Combination) -> bool:
    return combination["registry"] == "approval"


WORKFLOWS = list(chain(_sdk_2(), _sdk_3(), _command_line(), _resources(), _places(), _limited(), steps(), _never()))
