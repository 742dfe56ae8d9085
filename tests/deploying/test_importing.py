"""Determine which resources CloudFormation can import, before any call to AWS."""

from __future__ import annotations

from typing import Any

import pytest

import smtemplates
from deploying.local_aws import Aws
from smtemplates.deploy.requests.importing import check_import, import_note, importable

NAMED = {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "Properties": {"BucketName": "data"}}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, ""),
        ({"DeletionPolicy": "RetainExceptOnCreate"}, ""),
        ({"DeletionPolicy": "Delete"}, "its DeletionPolicy is neither Retain nor RetainExceptOnCreate"),
        ({"DeletionPolicy": {"Ref": "Policy"}}, "its DeletionPolicy is neither Retain nor RetainExceptOnCreate"),
        ({"Properties": {}}, "its BucketName is not a static name"),
        ({"Properties": {"BucketName": {"Ref": "Name"}}}, "its BucketName is not a static name"),
        ({"Properties": None}, "its BucketName is not a static name"),
        ({"Type": "AWS::KMS::Key"}, "AWS chooses the identifier of its type"),
        ({"Type": "Custom::Folder"}, "AWS chooses the identifier of its type"),
    ],
)
def test_only_retained_resources_with_a_static_name_can_be_imported(changes: dict[str, Any], reason: str) -> None:
    template = {"Resources": {"Data": {**NAMED, **changes}}}
    assert importable(template) == {"Data": reason}
    assert bool(check_import(template)) is bool(reason)


def test_the_note_names_the_resources_that_can_be_imported() -> None:
    """A transform can add resources, so a template with one is not rejected."""
    template = {"Resources": {"Data": NAMED, "Key": {"Type": "AWS::KMS::Key"}}}
    assert import_note(template) == (
        "CloudFormation imports these resources if they exist: Data. 1 other resources cannot be imported."
    )
    assert not check_import({"Transform": "Macro", "Resources": {"Key": {"Type": "AWS::KMS::Key"}}})
    assert not check_import({"Resources": {"Fn::ForEach::X": [], "Key": {"Type": "AWS::KMS::Key"}}})


def test_the_workspace_has_nothing_to_import() -> None:
    """The template leaves all names to CloudFormation, and has parameters for existing resources."""
    (sentence,) = check_import(smtemplates.build().to_dict())
    assert "can import no resource of this template" in sentence
    assert sentence.endswith("enter their names in the parameters Existing...")


@pytest.mark.server
def test_the_option_is_rejected_before_anything_is_created(aws: Aws, name: str) -> None:
    done = aws.run("plan", name, "--import-existing")
    assert done.returncode == 2
    assert "CloudFormation can import no resource of this template" in done.stderr
    assert aws.status(name) is None
