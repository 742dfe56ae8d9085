"""SDK defaults: config.yaml of the SageMaker Python SDK for this workspace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from troposphere import If, Sub

from smtemplates.core.assets import read_asset
from smtemplates.core.construct import Construct, fill_placeholders, output, when
from smtemplates.templates.workspace.encryption import Encryption
from smtemplates.templates.workspace.isolation import Isolation
from smtemplates.templates.workspace.job_defaults import JobDefaults, Training
from smtemplates.templates.workspace.network import Network
from smtemplates.templates.workspace.storage import Storage

# Further resources for which the SDK reads tags from its defaults. Its schema has no inference components.
OTHERS_WITH_TAGS = (
    "AutoMLJob",
    "AutoMLJobV2",
    "Endpoint",
    "EndpointConfig",
    "FeatureGroup",
    "MonitoringSchedule",
    "TransformJob",
)


@dataclass(frozen=True, kw_only=True)
class SdkConfig(Construct):
    """Contain the text of config.yaml, and its variant for resources that exist only in a VPC."""

    text: Callable[[], Sub]
    text_in_vpc: Callable[[], Sub]


def sdk_config(
    storage: Storage,
    encryption: Encryption,
    network: Network,
    isolation: Isolation,
    training: Training,
    processing: JobDefaults,
) -> SdkConfig:
    """Build the SDK defaults: the role, buckets, key, network, tags and job defaults of this workspace."""

    def vpc(value: Any, otherwise: str) -> If:
        return when(network.has_vpc, value, otherwise)

    template = fill_placeholders(
        read_asset(__package__, "sdk_config.yaml"),
        TrainingInstanceType=training.instance_type,
        TrainingInstanceCount=training.count,
        TrainingVolumeSizeGb=training.volume_gb,
        TrainingMaxRuntimeSeconds=training.runtime,
        ProcessingInstanceType=processing.instance_type,
        ProcessingInstanceCount=processing.count,
        ProcessingVolumeSizeGb=processing.volume_gb,
        SubnetIds=network.subnet_ids,
    )
    text = partial(_text, template, storage, encryption, network, isolation)
    return SdkConfig(
        title="SDK defaults",
        source=__name__,
        outputs=[
            output(
                "SageMakerSdkConfig",
                "Defaults for the SageMaker Python SDK. Save as ~/.config/sagemaker/config.yaml.",
                text(vpc),
            )
        ],
        text=partial(text, vpc),
        # a linter reports a condition on the VPC where a VPC is required
        text_in_vpc=partial(text, lambda value, _otherwise: value),
    )


def _text(
    template: str,
    storage: Storage,
    encryption: Encryption,
    network: Network,
    isolation: Isolation,
    vpc: Callable[[Any, str], Any],
) -> Sub:
    """Build the text of config.yaml. Lines for a key or a VPC are comments if there is none.

    There is no volume key, because instances with local disks do not accept one, and the defaults apply to all instance
    types. There are no tags without isolation.

    Source: https://sagemaker.readthedocs.io/en/stable/overview.html#configuring-and-using-defaults-with-the-sagemaker-python-sdk
    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceConfig.html
    """
    tags = ", ".join(f"{{Key: {key}, Value: '{value}'}}" for key, value in isolation.tags.items())
    return Sub(
        template,
        Input=storage.input.name(),
        Output=storage.output.name(),
        Models=storage.models.name(),
        Role=isolation.role.execution_arn(),
        WithKey=when(encryption.has_key, "", "# "),
        Key=when(encryption.has_key, encryption.key_arn(), ""),
        WithVpc=vpc("", "# "),
        Groups=vpc(network.security_groups_text(), ""),
        DefineTags=isolation.only(f"\n        Tags: &tags [{tags}]"),
        Tags=isolation.only("\n    Tags: *tags"),
        OthersWithTags=isolation.only("".join(f"\n  {name}: {{Tags: *tags}}" for name in OTHERS_WITH_TAGS)),
    )
