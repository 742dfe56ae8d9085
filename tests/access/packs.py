"""Requests that only a workflow pack allows, and requests that no pack allows, as tables for reviewers.

`BY_PACK` has the rows (action, resource, context) of each pack. Every row is allowed with this pack alone, and denied
with all other packs together. `OTHERS` are denied with all packs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from access.simulator import Context
from access.table import ANA, ANAS, IN_VPC, JOB, LOGS, OWN, RUNTIME, S3, SM, TYPES

Request = tuple[str, str, Context]

HUB = "arn:aws:sagemaker:us-east-1:aws:hub"
GLUE, ATHENA = "arn:aws:glue:{here}", "arn:aws:athena:{here}"
MODEL, PROFILE = "arn:aws:bedrock:us-east-1::foundation-model", "arn:aws:bedrock:{here}inference-profile"
THERE = "arn:aws:bedrock:us-west-2::foundation-model"
SPACE, APP = f"{SM}space/d-abcdefghijkl/team", f"{SM}app/d-abcdefghijkl/team/JupyterLab/default"
SHARED: Context = {**ANAS, "sagemaker:SpaceSharingType": "Shared"}
BO = f"{SM}user-profile/d-abcdefghijkl/bo"
TAG = "sagemaker:ResourceTag/sagemaker:user-profile-arn"
DEFINITIONS = ("data-quality", "model-quality", "model-bias", "model-explainability")
SCHEDULES = "CreateMonitoringSchedule UpdateMonitoringSchedule"
INVOKE = "InvokeModel InvokeModelWithResponseStream"
PUSH = "CompleteLayerUpload InitiateLayerUpload PutImage UploadLayerPart"
_JOB: Context = {TYPES: ["ml.m5.large"], RUNTIME: "3600"}
# Jobs outside the VPC of the workspace, or with another security group.
OUTSIDE: list[Context] = [
    _JOB,
    *({**_JOB, key: value} for key, value in IN_VPC.items()),
    *({**JOB, key: ["subnet-00000000"]} for key in IN_VPC),
]
GROUP, SCHEDULE = f"{SM}feature-group/churn", f"{SM}monitoring-schedule/churn"


def each(service: str, names: str, resource: str = "*", context: Context | None = None) -> Iterator[Request]:
    """Yield a request for each of several actions of one service."""
    for name in names.split():
        yield f"{service}:{name}", resource, context or {}


def _jumpstart() -> Iterable[Request]:
    for bucket in (
        "jumpstart-cache-prod-us-east-1",
        "jumpstart-private-cache-prod-us-east-1",
        "sagemaker-example-files-prod-us-east-1",
        "sagemaker-sample-data-us-east-1",
        "sagemaker-sample-files",
    ):
        yield from each("s3", "GetObject", f"{S3}{bucket}/model.tar.gz")
        yield from each("s3", "ListBucket", f"{S3}{bucket}")
    yield from each("sagemaker", "DescribeHub", f"{HUB}/SageMakerPublicHub")
    yield from each("sagemaker", "DescribeHubContent", f"{HUB}-content/SageMakerPublicHub/Model/llama")


def _feature_store() -> Iterable[Request]:
    names = "CreateFeatureGroup DeleteFeatureGroup DescribeFeatureGroup UpdateFeatureGroup"
    records = "BatchGetRecord BatchWriteRecord DeleteRecord GetRecord PutRecord"
    yield from each("sagemaker", f"{names} DescribeFeatureMetadata UpdateFeatureMetadata {records}", GROUP)
    yield from each("s3", "GetBucketAcl", f"{S3}{{output}}")
    yield from each("s3", "PutObjectAcl", f"{S3}{{output}}/features/1.parquet")
    for resource in ("catalog", "database/sagemaker_featurestore"):
        yield from each("glue", "CreateDatabase CreateTable UpdateTable", GLUE + resource)
    yield from each("glue", "GetDatabase", f"{GLUE}database/sagemaker_featurestore")
    yield from each("glue", "CreateTable GetTable UpdateTable", f"{GLUE}table/sagemaker_featurestore/churn")


def _model_monitor() -> Iterable[Request]:
    for kind in DEFINITIONS:
        definition = f"{SM}{kind}-job-definition/churn"
        action = "".join(part.capitalize() for part in kind.split("-")) + "JobDefinition"
        yield from each("sagemaker", f"Create{action}", definition, JOB)
        yield from each("sagemaker", f"Delete{action} Describe{action}", definition)
    yield from each("sagemaker", SCHEDULES, SCHEDULE, JOB)
    yield from each("sagemaker", SCHEDULES, SCHEDULE)  # with the name of a job definition
    names = "DeleteMonitoringSchedule DescribeMonitoringSchedule StartMonitoringSchedule StopMonitoringSchedule"
    yield from each("sagemaker", names, SCHEDULE)


def _autopilot() -> Iterable[Request]:
    job = f"{SM}automl-job/churn"
    yield from each("sagemaker", "CreateAutoMLJob CreateAutoMLJobV2", job, IN_VPC)
    yield from each("sagemaker", "DescribeAutoMLJob DescribeAutoMLJobV2 StopAutoMLJob", job)


def _shared_spaces() -> Iterable[Request]:
    yield from each("sagemaker", "CreateSpace DeleteSpace UpdateSpace", SPACE, SHARED)
    for owner in (f"{SM}{OWN}", BO):
        context = {**SHARED, "sagemaker:OwnerUserProfileArn": owner}
        yield from each("sagemaker", "CreateApp DeleteApp", APP, context)


def _remote_ide() -> Iterable[Request]:
    yield from each("sagemaker", "StartSession", SPACE, {**ANA, TAG: f"{SM}{OWN}"})
    yield from each("sagemaker", "CreateSpace UpdateSpace", SPACE, {**ANAS, "sagemaker:RemoteAccess": "ENABLED"})


def _bedrock() -> Iterable[Request]:
    for resource in (f"{MODEL}/amazon.nova-lite-v1:0", f"{PROFILE}/us.amazon.nova-pro-v1:0"):
        yield from each("bedrock", INVOKE, resource)
    by_profile = {"bedrock:InferenceProfileArn": f"{PROFILE}/us.amazon.nova-pro-v1:0"}
    yield from each("bedrock", INVOKE, f"{THERE}/amazon.nova-pro-v1:0", by_profile)


def _data_lake() -> Iterable[Request]:
    names = "BatchGetQueryExecution GetQueryExecution GetQueryResults GetQueryResultsStream GetWorkGroup"
    yield from each("athena", f"{names} StartQueryExecution StopQueryExecution", f"{ATHENA}workgroup/science")
    tables = "BatchGetPartition GetPartition GetPartitions GetTable GetTables"
    for resource in ("database/sales", "table/sales/orders"):
        yield from each("glue", tables, GLUE + resource)
    yield from each("glue", "GetDatabases GetTables", f"{GLUE}catalog")
    for database in ("sales", "features", "default"):
        yield from each("glue", "GetDatabase", f"{GLUE}database/{database}")
    yield from each("lakeformation", "GetDataAccess")


def _logs_insights() -> Iterable[Request]:
    names = "GetLogGroupFields GetLogRecord GetQueryResults StartQuery"
    yield from each("logs", names, f"{LOGS}/aws/sagemaker/TrainingJobs")
    yield from each("logs", "StopQuery")


def _others() -> Iterable[Request]:
    """Yield requests for other resources, and requests outside the limits. No pack allows them."""
    yield from each("s3", "GetObject PutObject", f"{S3}jumpstart-cache-prod-eu-west-1/model.tar.gz")
    yield from each("s3", "PutObject DeleteObject", f"{S3}jumpstart-cache-prod-us-east-1/model.tar.gz")
    yield from each("sagemaker", "DescribeHub", f"{SM}hub/private")
    yield from each("sagemaker", "CreateHub DeleteHub ImportHubContent", f"{SM}hub/private")
    yield from each("sagemaker", "DescribeFeatureGroup", "arn:aws:sagemaker:eu-west-1:{account}:feature-group/churn")
    for bucket in ("{input}", "{models}", "somebody-elses"):
        yield from each("s3", "GetBucketAcl", f"{S3}{bucket}")
        yield from each("s3", "PutObjectAcl", f"{S3}{bucket}/features/1.parquet")
    yield from each("s3", "PutBucketAcl", f"{S3}{{output}}")
    yield from each("glue", "UpdateTable CreateTable DeleteTable", f"{GLUE}table/sales/orders")
    yield from each("glue", "DeleteDatabase UpdateDatabase", f"{GLUE}database/sagemaker_featurestore")
    for context in (*OUTSIDE, {**JOB, RUNTIME: "999999"}, {**IN_VPC, TYPES: ["ml.m5.large"]}):
        yield from each("sagemaker", SCHEDULES, SCHEDULE, context)
        for kind in DEFINITIONS:
            action = "".join(part.capitalize() for part in kind.split("-"))
            yield from each("sagemaker", f"Create{action}JobDefinition", f"{SM}{kind}-job-definition/churn", context)
    for context in OUTSIDE:
        network = {key: value for key, value in context.items() if "Vpc" in key}
        yield from each("sagemaker", "CreateAutoMLJob CreateAutoMLJobV2", f"{SM}automl-job/churn", network)
    unshared = {key: value for key, value in ANAS.items() if key != "sagemaker:SpaceSharingType"}
    yield from each("sagemaker", "CreateSpace DeleteSpace UpdateSpace", SPACE, unshared)
    yield from each("sagemaker", "CreateApp DeleteApp", APP, {**ANAS, "sagemaker:OwnerUserProfileArn": BO})
    for context in ({**SHARED, "sagemaker:OwnerUserProfileArn": BO}, {**ANA, "sagemaker:SpaceSharingType": "Shared"}):
        yield from each("sagemaker", "CreateSpace DeleteSpace UpdateSpace", SPACE, context)
    yield from each("sagemaker", "CreateApp DeleteApp", f"{SM}app/d-other/team/JupyterLab/default", SHARED)
    yield from each("sagemaker", "StartSession", SPACE, {**ANA, TAG: BO})
    yield from each("sagemaker", "StartSession", SPACE, ANA)
    yield from each("sagemaker", "StartSession", f"{SM}space/d-other/team", {**ANA, TAG: f"{SM}{OWN}"})
    yield from each("ecr", PUSH, "arn:aws:ecr:{here}repository/other")
    yield from each("ecr", "BatchDeleteImage DeleteRepository SetRepositoryPolicy PutLifecyclePolicy", "{repository}")
    yield from each("bedrock", INVOKE, f"{MODEL}/meta.llama-1")
    yield from each("bedrock", INVOKE, f"{THERE}/amazon.nova-lite-v1:0")
    other = {"bedrock:InferenceProfileArn": f"{PROFILE}/us.meta.llama-1"}
    yield from each("bedrock", INVOKE, f"{THERE}/meta.llama-1", other)
    yield from each("bedrock", INVOKE, f"{PROFILE}/eu.amazon.nova-pro-v1:0")
    yield from each("athena", "StartQueryExecution GetQueryResults", f"{ATHENA}workgroup/primary")
    yield from each("athena", "UpdateWorkGroup DeleteWorkGroup", f"{ATHENA}workgroup/science")
    for resource in ("database/hr", "table/hr/salaries", "table/default/any"):
        yield from each("glue", "GetTables", GLUE + resource)
    yield from each("lakeformation", "GetDataAccess", "*", {"aws:RequestedRegion": "eu-west-1"})
    yield from each("lakeformation", "GrantPermissions PutDataLakeSettings")
    yield from each("logs", "StartQuery GetQueryResults", f"{LOGS}/aws/lambda/other")
    yield from each("logs", "StopQuery", "*", {"aws:RequestedRegion": "eu-west-1"})


BY_PACK: dict[str, list[Request]] = {
    "JumpStart": list(_jumpstart()),
    "FeatureStore": list(_feature_store()),
    "ModelMonitor": list(_model_monitor()),
    "Autopilot": list(_autopilot()),
    "SharedSpaces": list(_shared_spaces()),
    "RemoteIde": list(_remote_ide()),
    "DockerBuild": list(each("ecr", f"DescribeImages {PUSH}", "{repository}")),
    "Bedrock": list(_bedrock()),
    "DataLake": list(_data_lake()),
    "LogsInsights": list(_logs_insights()),
}
OTHERS = list(_others())
# Denials that belong to packs: they limit a pack, or apply without it.
DENIALS = {"OnlyCappedMonitors", "NoRemoteIde"}
