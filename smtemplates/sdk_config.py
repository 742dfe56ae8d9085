"""SDK defaults: the SageMaker Python SDK's config.yaml for this workspace."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

from troposphere import If, Sub

from smtemplates.encryption import Encryption
from smtemplates.network import Network
from smtemplates.parts import Part, output
from smtemplates.roles import Roles
from smtemplates.storage import Storage


@dataclass(frozen=True, kw_only=True)
class SdkConfig(Part):
    """Hold what the configuration is made of."""

    storage: Storage
    encryption: Encryption
    network: Network
    roles: Roles

    def text(self) -> Sub:
        """Write the configuration; every block that needs a key or a VPC is absent, not blank, without one.

        No volume key: instances with local disks refuse one, and these defaults are for every instance type.
        Source: https://sagemaker.readthedocs.io/en/stable/overview.html#configuring-and-using-defaults-with-the-sagemaker-python-sdk
        Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceConfig.html
        """
        return Sub(
            (files("smtemplates") / "assets" / "sdk_config.yaml").read_text(encoding="utf-8"),
            Input=self.storage.input.name(),
            Output=self.storage.output.name(),
            Models=self.storage.models.name(),
            Role=self.roles.execution_arn(),
            RemoteKey=self._key("\n        S3KmsKeyId: '{}'"),
            RemoteVpc=self._vpc("\n        VpcConfig:{}", indent=10),
            TrainingKey=self._key("\n    OutputDataConfig:\n      KmsKeyId: '{}'"),
            TrainingVpc=self._vpc("\n    VpcConfig:{}", indent=6),
            ProcessingKey=self._key("\n    ProcessingOutputConfig:\n      KmsKeyId: '{}'"),
            ProcessingVpc=self._vpc("\n    NetworkConfig:\n      VpcConfig:{}", indent=8),
            ModelVpc=self._vpc("\n    VpcConfig:{}", indent=6),
        )

    def _key(self, block: str) -> If:
        return If(self.encryption.has_key, Sub(block.format("${Key}"), Key=self.encryption.key_arn()), "")

    def _vpc(self, block: str, *, indent: int) -> If:
        lists = f"\n{' ' * indent}SecurityGroupIds: [${{Groups}}]\n{' ' * indent}Subnets: [${{SubnetIds}}]"
        return If(self.network.has_vpc, Sub(block.format(lists), Groups=self.network.security_groups_text()), "")


def sdk_config(storage: Storage, encryption: Encryption, network: Network, roles: Roles) -> SdkConfig:
    """Give the SDK this workspace's role, buckets, key, network and job defaults."""
    handles = {"storage": storage, "encryption": encryption, "network": network, "roles": roles}
    config = SdkConfig(title="SDK defaults", source=__name__, **handles)
    return SdkConfig(
        title="SDK defaults",
        source=__name__,
        outputs=[
            output(
                "SageMakerSdkConfig",
                "Defaults for the SageMaker Python SDK; save as ~/.config/sagemaker/config.yaml",
                config.text(),
            )
        ],
        **handles,
    )
