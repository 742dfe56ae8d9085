"""Job defaults: the instances and limits of training and processing jobs."""

from __future__ import annotations

from dataclasses import dataclass

from troposphere import Parameter

from smtemplates.core.construct import Construct, number_parameter, string_parameter
from smtemplates.templates.workspace.project import INSTANCE_TYPE

DAY_SECONDS = 24 * 3600


@dataclass(frozen=True, kw_only=True)
class JobDefaults(Construct):
    """Contain the defaults for one type of job."""

    instance_type: Parameter
    count: Parameter
    volume_gb: Parameter


@dataclass(frozen=True, kw_only=True)
class Training(JobDefaults):
    """Contain the defaults for training jobs."""

    runtime: Parameter


def training() -> Training:
    """Build the defaults for training jobs."""
    instance_type, count, volume = _machines("Training")
    runtime = number_parameter(
        "TrainingMaxRuntimeSeconds",
        "Number of seconds after which SageMaker stops a training job. Default: 86400 (one day).",
        default=DAY_SECONDS,
        least=1,
        most=28 * DAY_SECONDS,
    )
    return Training(
        title="Training defaults",
        source=__name__,
        parameters={
            "Training instance type": instance_type,
            "Training instances": count,
            "Training volume size (GB)": volume,
            "Maximum training runtime (seconds)": runtime,
        },
        instance_type=instance_type,
        count=count,
        volume_gb=volume,
        runtime=runtime,
    )


def processing() -> JobDefaults:
    """Build the defaults for processing jobs."""
    instance_type, count, volume = _machines("Processing")
    return JobDefaults(
        title="Processing defaults",
        source=__name__,
        parameters={
            "Processing instance type": instance_type,
            "Processing instances": count,
            "Processing volume size (GB)": volume,
        },
        instance_type=instance_type,
        count=count,
        volume_gb=volume,
    )


def _machines(kind: str) -> tuple[Parameter, Parameter, Parameter]:
    return (
        string_parameter(
            f"{kind}InstanceType",
            f"Instance type in the {kind.lower()} command and in the defaults of the SageMaker SDK. Default: "
            f"ml.m5.large.",
            pattern=INSTANCE_TYPE,
            hint="must be an instance type such as ml.m5.large",
            max_length=40,
            default="ml.m5.large",
        ),
        number_parameter(
            f"{kind}InstanceCount",
            f"Number of instances in the {kind.lower()} command and in the defaults of the SageMaker SDK. Default: 1.",
            default=1,
            least=1,
            most=100,
        ),
        number_parameter(
            f"{kind}VolumeSizeGb",
            f"Size in GB of the volume of each instance in the {kind.lower()} command and in the defaults of the "
            f"SageMaker SDK. Default: 50.",
            default=50,
            least=1,
            most=16384,
        ),
    )
