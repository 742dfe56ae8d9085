"""The workflow packs for jobs, models and features of SageMaker."""

from __future__ import annotations

from awacs.aws import Condition, Null
from troposphere import Sub

from smtemplates.core.iam import actions, allow, regional_arns
from smtemplates.templates.workspace.network import Network
from smtemplates.templates.workspace.packs.pack import ACTIONS, DOCS, GUIDE, Pack, Permission
from smtemplates.templates.workspace.storage import Storage


def jumpstart() -> Pack:
    """Allow models of JumpStart. AWS documents no list of its buckets; their names are those in its SDK and samples.

    Source: https://github.com/aws/sagemaker-python-sdk (jumpstart/region_config.json, which a test compares)
    Source: https://github.com/aws/amazon-sagemaker-examples (the buckets with sample data)
    """
    region = "${AWS::Region}"
    names = (
        f"jumpstart-cache-prod-{region}",
        f"jumpstart-private-cache-prod-{region}",
        f"sagemaker-example-files-prod-{region}",
        f"sagemaker-sample-data-{region}",
        "sagemaker-sample-files",
    )
    buckets = [f"arn:${{AWS::Partition}}:s3:::{name}" for name in names]
    hub = f"arn:${{AWS::Partition}}:sagemaker:{region}:aws:hub"
    return Pack(
        name="JumpStart",
        allows="Models of JumpStart and its public hub, and the sample data of AWS.",
        note="Gated models also need your acceptance of their license. Proprietary models need a subscription in AWS "
        "Marketplace, which no pack allows.",
        permissions=(
            Permission(
                statement=allow("ReadSamples", actions("s3", "GetObject"), [Sub(f"{name}/*") for name in buckets]),
                reason="Models, their scripts and sample data are in buckets of AWS.",
                source=f"{GUIDE}/jumpstart-foundation-models.html",
            ),
            Permission(
                statement=allow("ListSamples", actions("s3", "ListBucket"), [Sub(name) for name in buckets]),
                reason="SageMaker lists the files of an uncompressed model.",
                source=f"{GUIDE}/large-model-inference-uncompressed.html",
            ),
            Permission(
                statement=allow(
                    "SeeHub",
                    actions("sagemaker", "DescribeHub", "DescribeHubContent"),
                    [Sub(f"{hub}/SageMakerPublicHub"), Sub(f"{hub}-content/SageMakerPublicHub/*")],
                ),
                reason="The SDK and Studio read the description of a model from the public hub.",
                source=f"{GUIDE}/jumpstart-curated-hubs.html",
            ),
        ),
    )


def feature_store(storage: Storage) -> Pack:
    """Allow feature groups whose offline store is in the output bucket."""
    return Pack(
        name="FeatureStore",
        allows="Feature groups, online and in the output bucket.",
        note="To query the offline store, also use the pack DataLake with the database sagemaker_featurestore.",
        permissions=(
            Permission(
                statement=allow(
                    "UseFeatures",
                    actions("sagemaker", "*FeatureGroup", "*FeatureMetadata", "*Record"),
                    regional_arns("sagemaker", "feature-group/*"),
                ),
                reason="Create, change, delete and describe feature groups; read and write records.",
                source=ACTIONS,
            ),
            Permission(
                statement=allow(
                    "WriteOfflineStore",
                    actions("s3", "GetBucketAcl", "PutObjectAcl"),
                    [storage.output.arn(), storage.output.arn("/*")],
                ),
                reason="Feature Store checks the bucket and writes with the access control list of the bucket's owner.",
                source=f"{DOCS}/aws-managed-policy/latest/reference/AmazonSageMakerFeatureStoreAccess.html",
            ),
            Permission(
                statement=allow(
                    "CatalogFeatures",
                    actions("glue", "CreateDatabase", "CreateTable", "GetDatabase", "GetTable", "UpdateTable"),
                    regional_arns(
                        "glue", "catalog", "database/sagemaker_featurestore", "table/sagemaker_featurestore/*"
                    ),
                ),
                reason="SageMaker registers the offline store in the Glue database of Feature Store.",
                source=f"{DOCS}/aws-managed-policy/latest/reference/AmazonSageMakerFullAccess.html",
            ),
        ),
    )


def model_monitor(network: Network) -> Pack:
    """Allow schedules that monitor endpoints and models.

    A schedule that names a job definition sends no instance type and no VPC, which are in the definition (inferred).
    """
    schedule = ("CreateMonitoringSchedule", "UpdateMonitoringSchedule")
    by_name = Condition(Null({"sagemaker:InstanceTypes": "true"}))
    kinds = regional_arns("sagemaker", "*")  # the actions determine the types
    return Pack(
        name="ModelMonitor",
        allows="Schedules that check data quality, model quality, bias and explainability.",
        note="MaxJobRuntimeSeconds and AllowedInstanceTypes apply to the job definitions.",
        permissions=(
            Permission(
                statement=allow(
                    "DefineMonitors",
                    actions("sagemaker", "Create*JobDefinition", *schedule),
                    kinds,
                    network.inside(),
                ),
                reason="Define the jobs of a schedule, in the VPC if there is one.",
                source=ACTIONS,
            ),
            Permission(
                statement=allow(
                    "ScheduleMonitors",
                    actions("sagemaker", *schedule),
                    regional_arns("sagemaker", "monitoring-schedule/*"),
                    by_name,
                ),
                reason="Schedule a job definition by its name. The definition already contains the VPC.",
                source=ACTIONS,
            ),
            Permission(
                statement=allow(
                    "ManageMonitors",
                    actions(
                        "sagemaker",
                        *(f"{verb}*JobDefinition" for verb in ("Delete", "Describe")),
                        *(f"{verb}MonitoringSchedule" for verb in ("Delete", "Describe", "Start", "Stop")),
                    ),
                    kinds,
                ),
                reason="Describe, start, stop and delete schedules and job definitions.",
                source=ACTIONS,
            ),
        ),
    )


def autopilot(network: Network) -> Pack:
    """Allow AutoML jobs."""
    jobs = regional_arns("sagemaker", "automl-job/*")
    return Pack(
        name="Autopilot",
        allows="AutoML jobs.",
        note="Autopilot selects the instance types. The requests contain neither types nor a maximum runtime that IAM "
        "could check, so AllowedInstanceTypes and MaxJobRuntimeSeconds do not apply.",
        permissions=(
            Permission(
                statement=allow("RunAutopilot", actions("sagemaker", "CreateAutoMLJob*"), jobs, network.inside()),
                reason="Create AutoML jobs of both versions, in the VPC if there is one.",
                source=f"{GUIDE}/autopilot-automate-model-development.html",
            ),
            Permission(
                statement=allow("ManageAutopilot", actions("sagemaker", "DescribeAutoMLJob*", "StopAutoMLJob"), jobs),
                reason="Follow and stop AutoML jobs.",
                source=ACTIONS,
            ),
        ),
    )
