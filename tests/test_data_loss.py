"""The table of data that is lost with a resource."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from hypothesis import given
from hypothesis import strategies as st

from smtemplates.aws_data.data_loss import SENTENCES, SNAPSHOT_TYPES, data_loss, snapshot_sentence

NO_DATA = {"AWS::DocDB::DBInstance", "AWS::Neptune::DBInstance"}  # their cluster stores the data


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("AWS::SageMaker::NotebookInstance", "The files of notebook instance A/B are deleted."),
        ("AWS::SageMaker::Domain", "The spaces of domain A/B, with all files in them, are deleted."),
        (
            "AWS::SageMaker::MlflowApp",
            "The records of MLflow app A/B (experiments, runs and registered models) are deleted.",
        ),
        ("AWS::S3::Bucket", "CloudFormation deletes bucket A/B only if it is empty."),
        ("AWS::IAM::Role", ""),
    ],
)
def test_sentence_names_the_resource(kind: str, sentence: str) -> None:
    """The sentence on lost data names the resource, and a type without data has none."""
    assert data_loss(kind, "A/B") == sentence


def test_snapshot_only_where_cloudformation_creates_one() -> None:
    """The policy Snapshot deletes a resource of another type without a snapshot, and the sentence warns of it."""
    assert (
        snapshot_sentence("AWS::RDS::DBInstance", "Db")
        == "CloudFormation deletes the resource Db and keeps a snapshot."
    )
    assert "does not apply" in snapshot_sentence("AWS::EC2::Instance", "Server")
    assert "files on the volumes of instance Server" in snapshot_sentence("AWS::EC2::Instance", "Server")


def test_types_exist() -> None:
    """CloudFormation has every type of the table."""
    assert not (SENTENCES.keys() | SNAPSHOT_TYPES) - set(PROVIDER_SCHEMA_MANAGER.get_resource_types("us-east-1"))


def test_stateful_types_have_a_sentence() -> None:
    """Every type that cfn-lint calls stateful has a sentence, except those whose cluster has it."""
    text = files("cfnlint.data.AdditionalSpecs").joinpath("StatefulResources.json").read_text(encoding="utf-8")
    assert set(json.loads(text)["ResourceTypes"]) - SENTENCES.keys() == NO_DATA


@given(st.text(), st.sampled_from(sorted(SENTENCES)))
def test_every_name_is_in_the_sentence(name: str, kind: str) -> None:
    """The sentence contains any name unchanged, also a name with braces."""
    assert name in data_loss(kind, name)
