"""Possible replacements that only repeat the name of a resource that is updated in place."""

from __future__ import annotations

from typing import Any

import pytest

from smtemplates.deploy.change_sets.resource_changes import UNKNOWN, resource_changes

KEY = ("EncryptionKey", "AWS::KMS::Key")


def modified(name: str, type_: str, replacement: str, *details: dict[str, Any], **more: Any) -> dict[str, Any]:
    change = {"LogicalResourceId": name, "ResourceType": type_, "Action": "Modify", "Replacement": replacement}
    return {"ResourceChange": {**change, "Details": list(details), **more}}


def caused(entity: str, source: str = "ResourceAttribute", **target: Any) -> dict[str, Any]:
    about = {"Attribute": "Properties", "Name": "KmsKeyId", "RequiresRecreation": "Always", **target}
    return {"ChangeSource": source, "CausingEntity": entity, "Evaluation": "Dynamic", "Target": about}


def fate(*items: dict[str, Any], name: str = "Domain") -> str:
    return next(change.fate for change in resource_changes(items) if change.logical_id == name)


def domain(*details: dict[str, Any], **more: Any) -> dict[str, Any]:
    return modified("Domain", "AWS::SageMaker::Domain", "Conditional", *details, **more)


def test_name_of_an_updated_resource_replaces_nothing() -> None:
    """A key whose policy changes keeps its ARN. A resource that refers to the key keeps its own ID."""
    profile = modified("Profile", "AWS::SageMaker::UserProfile", "Conditional", caused("Domain", "ResourceReference"))
    items = (modified(*KEY, "False"), domain(caused("EncryptionKey.Arn")), profile)
    assert (fate(*items), fate(*items, name="Profile")) == ("update", "update")
    change = next(each for each in resource_changes(items) if each.logical_id == "Domain")
    assert [(item.path, item.recreation) for item in change.properties] == [("/Properties/KmsKeyId", "Never")]


@pytest.mark.parametrize(
    "items",
    [
        [modified(*KEY, "True"), domain(caused("EncryptionKey.Arn"))],
        [modified(*KEY, "Conditional"), domain(caused("EncryptionKey.Arn"))],
        [domain(caused("EncryptionKey.Arn"))],
        [modified(*KEY, "False"), domain(caused("EncryptionKey.Other"))],
        [modified("Nested", "AWS::CloudFormation::Stack", "False"), domain(caused("Nested.Outputs.Arn"))],
        [modified("Nested", "AWS::CloudFormation::Stack", "False"), domain(caused("Nested", "ResourceReference"))],
        [modified("Own", "Custom::Key", "False"), domain(caused("Own", "ResourceReference"))],
        [modified(*KEY, "False"), domain(caused("EncryptionKey.Arn"), caused("Key", "ParameterReference"))],
        [modified(*KEY, "False"), domain(caused("EncryptionKey.Arn", BeforeValue="a", AfterValue="b"))],
        [
            modified(*KEY, "False"),
            domain(caused("EncryptionKey.Arn", BeforeValue="a"), PolicyAction="ReplaceAndDelete"),
        ],
        [modified(*KEY, "False"), domain()],
    ],
    ids=[
        "replaced",
        "possibly replaced",
        "not changed",
        "other attribute",
        "output of a nested stack",
        "nested stack",
        "custom resource",
        "parameter",
        "other value",
        "policy of a replacement",
        "unknown cause",
    ],
)
def test_other_causes_may_replace(items: list[dict[str, Any]]) -> None:
    """A replacement is possible if the name can change, or if there is another cause."""
    assert fate(*items) in {"may replace", "replace"}


@pytest.mark.parametrize("after", [UNKNOWN, "a"])
def test_unknown_and_equal_values_are_kept(after: str) -> None:
    """A value that AWS does not know yet, or that is the same, is the name that is kept."""
    detail = caused("EncryptionKey.KeyId", BeforeValue="a", AfterValue=after)
    assert fate(modified(*KEY, "False"), domain(detail)) == "update"
