"""The parameters whose values name something of this Region or account, as a table.

Patterns accept the ARNs of all Regions and accounts, and Rules cannot read a part of a value. The deployer therefore
checks the values before it creates a change set.
"""

from __future__ import annotations

from dataclasses import dataclass

_GUIDE = "https://docs.aws.amazon.com/"


@dataclass(frozen=True, kw_only=True)
class Place:
    """State where something must be: in the Region of the stack (`regional`), or in its account (`own_account`).

    The partition must always be that of the stack. Policies that AWS manages belong to every account.
    """

    noun: str
    regional: bool = False
    own_account: bool = False
    source: str


PLACES = {
    "AlarmTopicArn": Place(
        noun="SNS topic",
        regional=True,
        source=f"{_GUIDE}AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html",
    ),
    "KmsKeyArn": Place(
        noun="KMS key", regional=True, source=f"{_GUIDE}kms/latest/developerguide/multi-region-keys-overview.html"
    ),
    "ModelImageUri": Place(
        noun="container image",
        regional=True,
        source=f"{_GUIDE}sagemaker/latest/APIReference/API_ContainerDefinition.html",
    ),
    # inferred from the page of images
    "ModelPackageArn": Place(
        noun="model package",
        regional=True,
        source=f"{_GUIDE}sagemaker/latest/APIReference/API_ContainerDefinition.html",
    ),
    "ExistingRoleArn": Place(
        noun="role", own_account=True, source=f"{_GUIDE}IAM/latest/UserGuide/id_roles_use_passrole.html"
    ),
    "AdditionalPolicyArns": Place(
        noun="policy", own_account=True, source=f"{_GUIDE}IAM/latest/APIReference/API_AttachRolePolicy.html"
    ),
    "PermissionsBoundaryArn": Place(
        noun="policy", own_account=True, source=f"{_GUIDE}IAM/latest/UserGuide/access_policies_boundaries.html"
    ),
}
