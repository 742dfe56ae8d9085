"""Registry sharing: other accounts that can read the model package group, or also deploy its versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from awacs.aws import Action, Allow, Condition, Principal, StringEquals
from troposphere import If, Parameter, Sub

from smtemplates.core.construct import (
    Construct,
    NamedCondition,
    choice_parameter,
    equals,
    is_not_empty,
    split_list,
    string_parameter,
    when,
)
from smtemplates.core.iam import actions, policy_document, regional_arns

DESCRIBE, DEPLOY = "Describe", "Deploy"


@dataclass(frozen=True, kw_only=True)
class RegistrySharing(Construct):
    """Contain the accounts and their access, on which the policies of group, model bucket and key depend."""

    accounts: Parameter
    access: Parameter
    is_shared: NamedCondition
    can_deploy: NamedCondition

    def group_policy(self, group: Sub) -> If:
        """Return the policy of the group. Lists of versions are authorized for the versions, not for the group.

        The documentation of AWS RAM also names the group for them, so both are allowed.

        Source: https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-deploy.html
        Source: https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-ram.html
        """

        def arns(resource: str) -> list[Sub]:
            return regional_arns("sagemaker", resource, Group=group)

        deploy = when(self.can_deploy, Action("sagemaker", "CreateModel"))
        versions = [*actions("sagemaker", "DescribeModelPackage", "ListModelPackages"), deploy]
        group_actions = actions("sagemaker", "DescribeModelPackageGroup", "ListModelPackages")
        return when(
            self.is_shared,
            policy_document(
                self._allow("ReadGroup", group_actions, arns("model-package-group/${Group}")),
                self._allow("ReadVersions", versions, arns("model-package/${Group}/*")),
            ),
        )

    def read_artifacts(self, folders: Sequence[Any]) -> If:
        """Return the statement of a bucket policy that allows reading these folders."""
        return when(self.can_deploy, self._allow("ReadArtifacts", actions("s3", "GetObject"), folders))

    def decrypt_artifacts(self) -> If:
        """Return the statement of a key policy that allows reading encrypted objects in Amazon S3.

        The bucket policy limits the objects. With bucket keys, the encryption context contains only the bucket.

        Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
        """
        via = StringEquals({"kms:ViaService": Sub("s3.${AWS::Region}.${AWS::URLSuffix}")})
        statement = self._allow("DecryptArtifacts", actions("kms", "Decrypt"), ["*"], Condition(via))
        return when(self.can_deploy, statement)

    def _allow(
        self, sid: str, what: Sequence[Any], resources: Sequence[Any], condition: Condition | None = None
    ) -> dict[str, Any]:
        return {
            "Sid": sid,
            "Effect": Allow,
            "Principal": Principal("AWS", split_list(self.accounts)),
            "Action": what,
            "Resource": resources,
            **({"Condition": condition} if condition else {}),
        }


def registry_sharing() -> RegistrySharing:
    """Build the parameters for the access of other accounts."""
    accounts = string_parameter(
        "RegistryReaderAccountIds",
        "IDs of AWS accounts that can read the group and its versions, separated by commas. In these accounts, the "
        "users also need a policy, which is in the reference. Leave empty to allow only this account.",
        pattern="^$|^[0-9]{12}(,[0-9]{12}){0,19}$",
        hint="must be empty or up to 20 account IDs such as 111122223333, separated by commas, without spaces",
        max_length=260,
    )
    access = choice_parameter(
        "RegistryAccess",
        "Access of the accounts in RegistryReaderAccountIds. Describe allows listing and describing the versions. "
        "Deploy also allows creating models from them, reading the folders models/ and artifacts/ of the model bucket "
        "that this stack creates, and decrypting with the key that this stack creates. The reference contains the "
        "statements for an existing bucket or key. Default: Describe.",
        (DESCRIBE, DEPLOY),
        default=DESCRIBE,
    )
    is_shared = NamedCondition("ShareRegistry", is_not_empty(accounts))
    can_deploy = NamedCondition("ShareArtifacts", equals(access, DEPLOY))
    return RegistrySharing(
        title="Registry",
        source=__name__,
        parameters={"Accounts that can read the registry": accounts, "Access of these accounts": access},
        conditions=[is_shared, can_deploy],
        accounts=accounts,
        access=access,
        is_shared=is_shared,
        can_deploy=can_deploy,
    )
