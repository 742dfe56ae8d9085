"""The objects of SageMaker that prevent the deletion of a resource until they are deleted.

Users, IAM Identity Center and the console create them, so that no template contains them. `CONTENTS` are the types that
can be deleted with --clear-studio, in the order of their deletion. `BLOCKING` are the deletions that they prevent.
`NOT_CLEARED` and `LEFT_BEHIND` are not deleted: the first prevent a deletion, the second remain after it.
"""

from __future__ import annotations

from dataclasses import dataclass

DOMAIN = "AWS::SageMaker::Domain"
USER_PROFILE = "AWS::SageMaker::UserProfile"
SPACE = "AWS::SageMaker::Space"
APP = "AWS::SageMaker::App"
MODEL_PACKAGE_GROUP = "AWS::SageMaker::ModelPackageGroup"

_GUIDE = "https://docs.aws.amazon.com/sagemaker/latest/dg/"
_DELETE_DOMAIN = f"{_GUIDE}gs-studio-delete-domain.html"
_REMOVE_PROFILE = f"{_GUIDE}domain-user-profile-remove.html"


@dataclass(frozen=True, kw_only=True)
class Content:
    """A type of object in a Studio domain.

    `noun` names it in messages, `operation` in the names of its operations, and `listed` in the answer of the list
    operation. `name` is the field with its name, and `identifiers` are the fields that identify it. An object whose
    status is in `harmless` prevents no deletion.
    """

    type: str
    noun: str
    operation: str
    listed: str
    name: str
    identifiers: tuple[str, ...]
    harmless: tuple[str, ...]
    source: str


CONTENTS = (
    # An app in status Failed cannot be deleted, and does not have to be. A deleted app stays in the list for some time.
    Content(
        type=APP,
        noun="app",
        operation="app",
        listed="Apps",
        name="AppName",
        identifiers=("DomainId", "AppName", "AppType", "SpaceName", "UserProfileName"),
        harmless=("Deleted", "Failed"),
        source=_DELETE_DOMAIN,
    ),
    # The deletion takes about 20 seconds. A space in status Pending cannot be deleted yet.
    Content(
        type=SPACE,
        noun="space",
        operation="space",
        listed="Spaces",
        name="SpaceName",
        identifiers=("DomainId", "SpaceName"),
        harmless=(),
        source="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteSpace.html",
    ),
    # IAM Identity Center and the console create user profiles, too.
    Content(
        type=USER_PROFILE,
        noun="user profile",
        operation="user_profile",
        listed="UserProfiles",
        name="UserProfileName",
        identifiers=("DomainId", "UserProfileName"),
        harmless=(),
        source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sagemaker-userprofile.html",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Blocking:
    """A resource of `type` cannot be deleted while objects of `by` refer to it.

    `field` is the field of the object, as the list operation returns it, that contains the name of the resource.
    """

    type: str
    by: str
    field: str
    source: str


BLOCKING = (
    Blocking(type=DOMAIN, by=APP, field="DomainId", source="https://github.com/rebuy-de/aws-nuke/issues/1004"),
    Blocking(type=DOMAIN, by=SPACE, field="DomainId", source=_DELETE_DOMAIN),
    Blocking(type=DOMAIN, by=USER_PROFILE, field="DomainId", source=_DELETE_DOMAIN),
    Blocking(
        type=USER_PROFILE,
        by=APP,
        field="UserProfileName",
        source="https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1754",
    ),
    Blocking(
        type=USER_PROFILE,
        by=SPACE,
        field="OwnershipSettingsSummary.OwnerUserProfileName",
        source=_REMOVE_PROFILE,
    ),
    Blocking(type=SPACE, by=APP, field="SpaceName", source=_DELETE_DOMAIN),
)


@dataclass(frozen=True, kw_only=True)
class NotCleared:
    """Objects that prevent the deletion of a resource of `type`, and that no option deletes."""

    type: str
    text: str
    source: str


NOT_CLEARED = {
    MODEL_PACKAGE_GROUP: NotCleared(
        type=MODEL_PACKAGE_GROUP,
        text="Model package group {name} contains model versions. Delete or move them first.",
        source="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteModelPackageGroup.html",
    )
}


@dataclass(frozen=True, kw_only=True)
class LeftBehind:
    """A resource that AWS keeps when a domain is deleted. `field` of DescribeDomain contains its ID."""

    field: str
    text: str
    source: str


LEFT_BEHIND = (
    LeftBehind(
        field="HomeEfsFileSystemId",
        text=(
            "File system {id} of domain {domain} is not deleted. It contains the home directories of the users, costs "
            "money, and prevents the deletion of its subnets. Delete it in Amazon EFS if its files are not needed."
        ),
        source="https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1085",
    ),
)
