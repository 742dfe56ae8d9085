"""Compare the settings of existing buckets with those of new ones, and raise them with the AWS CLI."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from deploying.local_aws import Aws

from adopting.test_adoption import WORKSPACE, adopted, bucket
from adopting.test_state import one, resource
from smtemplates.adopt.adoption import adopt
from smtemplates.adopt.buckets import Setting, compare
from smtemplates.adopt.state import parse_state, read_state
from smtemplates.templates.workspace import bucket as template

KEY = "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555"
ALL_BLOCKS = dict.fromkeys(
    ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"), True
)


def compared(*parts: dict[str, Any], key: str = "") -> dict[str, Setting]:
    found = adopted(bucket("raw-data", "input"), *parts)
    instances = [each.instance for each in found.decisions]
    return {setting.name: setting for setting in compare(instances, found.roles, key)}


def part(kind: str, **attributes: Any) -> dict[str, Any]:
    return resource(f"aws_s3_bucket_{kind}", "x", one(bucket="raw-data", **attributes))


def test_a_bucket_with_all_settings_needs_no_command() -> None:
    """Nothing is lowered: another KMS key remains, and a policy and lifecycle rules are not replaced."""
    encryption = [{"apply_server_side_encryption_by_default": [{"sse_algorithm": "aws:kms"}]}]
    settings = compared(
        part("versioning", versioning_configuration=[{"status": "Enabled"}]),
        part("server_side_encryption_configuration", rule=encryption),
        part("public_access_block", **ALL_BLOCKS),
        part("ownership_controls", rule=[{"object_ownership": "BucketOwnerEnforced"}]),
        part("policy", policy='{"Statement": []}'),
        part("lifecycle_configuration", rule=[{"status": "Enabled"}]),
        key=KEY,
    )
    assert [setting.name for setting in settings.values() if setting.command] == []
    assert settings["requests without TLS"].current == "allowed by the policy"
    assert settings["life cycle"].current == "older versions are kept, incomplete uploads are kept"


def test_settings_that_are_lower_are_named_with_their_command() -> None:
    settings = compared(
        part("versioning", versioning_configuration=[{"status": "Suspended"}]),
        part("public_access_block", **{**ALL_BLOCKS, "ignore_public_acls": False}),
        part("policy", policy='{"Condition": {"Bool": {"aws:SecureTransport": "false"}}}'),
    )
    assert settings["versioning"].current == "Suspended"
    assert settings["versioning"].command
    assert settings["public access"].current == "without IgnorePublicAcls"
    assert settings["requests without TLS"].current == "denied"
    assert not settings["encryption"].command  # S3 uses AES256 in any case
    assert "KMSMasterKeyID" in compared(key=KEY)["encryption"].command


def test_the_state_of_terraform_is_understood() -> None:
    """The attributes have the names that the AWS provider wrote."""
    instances = read_state(WORKSPACE)
    rows = compare(instances, adopt(instances).roles, KEY)
    found = {setting.name: setting for setting in rows if setting.bucket == "churn-dev-input"}
    assert {name: setting.current for name, setting in found.items()} == {
        "versioning": "Enabled",
        "encryption": "aws:kms",
        "public access": "all four blocks",
        "object ownership": "not in the state",
        "requests without TLS": "denied",
        "life cycle": "older versions are deleted after 30 days, incomplete uploads are kept",
    }
    assert len(rows) == 3 * len(found)


def test_numbers_are_those_of_the_template() -> None:
    ours = compared()["life cycle"].ours
    assert (
        ours == f"older versions are deleted after 90 days, incomplete uploads after {template.ABORT_UPLOADS_DAYS} days"
    )


@pytest.mark.server
def test_commands_raise_the_settings(aws: Aws) -> None:
    """The AWS CLI runs each command, and the bucket has the settings afterwards."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="raw-data")
    instances = parse_state(json.dumps({"version": 4, "resources": [bucket("raw-data", "input")]}), "a.tfstate")
    commands = [setting.command for setting in compare(instances, adopt(instances).roles, "")]
    for command in filter(None, commands):
        script = command.replace("aws ", f"{sys.executable} -m awscli ", 1)
        done = subprocess.run(
            ["/bin/sh", "-c", script], env=aws.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    assert s3.get_bucket_versioning(Bucket="raw-data")["Status"] == "Enabled"
    blocks = s3.get_public_access_block(Bucket="raw-data")["PublicAccessBlockConfiguration"]
    assert set(blocks.values()) == {True}
    owner = s3.get_bucket_ownership_controls(Bucket="raw-data")["OwnershipControls"]["Rules"][0]["ObjectOwnership"]
    assert owner == "BucketOwnerEnforced"
    (statement,) = json.loads(s3.get_bucket_policy(Bucket="raw-data")["Policy"])["Statement"]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket="raw-data")["Rules"]
    assert rule["NoncurrentVersionExpiration"]["NoncurrentDays"] == 90
