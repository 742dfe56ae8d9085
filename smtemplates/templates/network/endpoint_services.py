"""The services for which the network offers interface endpoints: a table with the calls that need each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_GUIDE = "https://docs.aws.amazon.com/sagemaker/latest/dg/"
_STUDIO = f"{_GUIDE}studio-updated-and-internet-access.html"

# Regions whose provider schemas lack both AWS::SageMaker::MlflowApp and AWS::SageMaker::MlflowTrackingServer. A test
# compares them.
WITHOUT_MLFLOW = ("ap-southeast-6", "cn-north-1", "cn-northwest-1", "us-gov-east-1", "us-gov-west-1")
# Regions whose provider schemas lack AWS::SageMaker::Domain. A test compares them.
WITHOUT_STUDIO = ("ca-west-1", "mx-central-1")

# The first part of the names of endpoint services by partition. It is com.amazonaws, except for some services in some
# partitions. The names in the isolated partitions are inferred from one Region of each.
# Source: https://github.com/aws/aws-cdk/blob/main/packages/aws-cdk-lib/aws-ec2/lib/vpc-endpoint.ts
# Source: https://github.com/aws/aws-cdk/pull/25333 (describe-vpc-endpoint-services in cn-northwest-1)
_USUAL = "com.amazonaws"
_KINDS = ("Ecr", "Monitoring", "SageMaker", "ServiceCatalog", "Sts")
_DIFFERENT: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "aws": ("", ()),
    "aws-us-gov": ("", ()),
    "aws-cn": ("cn.com.amazonaws", _KINDS),
    "aws-eusc": ("eu.amazonaws", ("Ecr",)),
    "aws-iso": ("gov.ic.c2s", ("Ecr", "SageMaker")),
    "aws-iso-b": ("gov.sgov.sc2s", ("Ecr", "SageMaker")),
    "aws-iso-e": ("uk.adc-e.cloud", ("Ecr",)),
    "aws-iso-f": ("gov.ic.hci.csp", ("Ecr",)),
}
PREFIXES = {
    partition: {kind: different if kind in kinds else _USUAL for kind in _KINDS}
    for partition, (different, kinds) in _DIFFERENT.items()
}


@dataclass(frozen=True, kw_only=True)
class Service:
    """An AWS service with an interface endpoint.

    `name` is its name in the parameter, and the end of the name of the endpoint service. `logical_id` is that of the
    endpoint. `needed_for` are the calls that need it, and `source` documents them. `kind` is its column in PREFIXES.
    Without it, the name of the endpoint service starts with com.amazonaws. With `sagemaker_web`, it starts with
    aws.sagemaker: browsers and clients use the service with tokens, so it has no endpoint policy here. `lacking` are
    the Regions where the endpoint is left out.
    """

    name: str
    logical_id: str
    needed_for: str
    source: str
    default: bool = True
    kind: str = ""
    sagemaker_web: bool = False
    lacking: tuple[str, ...] = ()


SERVICES = (
    Service(
        name="sagemaker.api",
        logical_id="SageMakerApiEndpoint",
        needed_for="the SageMaker API: jobs, models, Studio, links to Studio and MLflow. An idle notebook instance "
        "calls StopNotebookInstance.",
        source=f"{_GUIDE}interface-vpc-endpoint.html",
        kind="SageMaker",
    ),
    Service(
        name="sagemaker.runtime",
        logical_id="SageMakerRuntimeEndpoint",
        needed_for="InvokeEndpoint.",
        source=_STUDIO,
        kind="SageMaker",
    ),
    Service(
        name="studio",
        logical_id="StudioEndpoint",
        needed_for="Studio without internet access, and browsers in the VPC that open Studio.",
        source=_STUDIO,
        sagemaker_web=True,
        lacking=WITHOUT_STUDIO,
    ),
    Service(
        name="experiments",
        logical_id="MlflowEndpoint",
        needed_for="MLflow: experiments, runs and registered models. It is documented for tracking servers. That an "
        "MLflow app uses it is inferred.",
        source=f"{_GUIDE}mlflow-interface-endpoint-create.html",
        sagemaker_web=True,
        lacking=WITHOUT_MLFLOW,
    ),
    Service(
        name="sts",
        logical_id="StsEndpoint",
        needed_for="GetCallerIdentity, which the SageMaker SDK calls.",
        source=_STUDIO,
        kind="Sts",
    ),
    Service(
        name="logs",
        logical_id="LogsEndpoint",
        needed_for="GetLogEvents, with which the SageMaker SDK shows the logs of a job, and log events that code in a "
        "notebook or job writes.",
        source=_STUDIO,
    ),
    Service(
        name="monitoring",
        logical_id="MonitoringEndpoint",
        needed_for="PutMetricData of code in jobs, and GetMetricStatistics of the SageMaker SDK.",
        source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-interface-VPC.html",
        kind="Monitoring",
    ),
    Service(
        name="ssm",
        logical_id="SsmEndpoint",
        needed_for="GetParameter, with which the apps of Studio in a workspace read their settings when they start.",
        source="https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-create-vpc.html",
    ),
    Service(
        name="notebook",
        logical_id="NotebookEndpoint",
        needed_for="browsers in the VPC, for example over a VPN, that open a notebook instance.",
        source=f"{_GUIDE}notebook-interface-endpoint.html",
        default=False,
        sagemaker_web=True,
    ),
    Service(
        name="ecr.api",
        logical_id="EcrApiEndpoint",
        needed_for="Docker on a notebook instance or in Studio: GetAuthorizationToken. Jobs do not need it, because "
        "SageMaker pulls their images.",
        source="https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html",
        default=False,
        kind="Ecr",
    ),
    Service(
        name="ecr.dkr",
        logical_id="EcrDockerEndpoint",
        needed_for="Docker on a notebook instance or in Studio: images that it pulls and pushes.",
        source="https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html",
        default=False,
        kind="Ecr",
    ),
    Service(
        name="kms",
        logical_id="KmsEndpoint",
        needed_for="code that encrypts with a KMS key itself. Encrypted buckets and volumes do not need it.",
        source="https://docs.aws.amazon.com/kms/latest/developerguide/kms-vpc-endpoint.html",
        default=False,
    ),
    Service(
        name="secretsmanager",
        logical_id="SecretsManagerEndpoint",
        needed_for="GetSecretValue, for code that reads passwords.",
        source="https://docs.aws.amazon.com/secretsmanager/latest/userguide/vpc-endpoint-overview.html",
        default=False,
    ),
    Service(
        name="servicecatalog",
        logical_id="ServiceCatalogEndpoint",
        needed_for="SageMaker Projects in Studio.",
        source=_STUDIO,
        default=False,
        kind="ServiceCatalog",
    ),
)
