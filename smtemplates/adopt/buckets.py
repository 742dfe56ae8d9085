"""Compare the settings of existing buckets with those of buckets that the stack creates.

The commands only raise settings. A command that replaces a whole configuration is shown only if the state has none.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from smtemplates.adopt.kinds import BUCKETS
from smtemplates.adopt.state import Instance

NONCURRENT_DAYS = 90
ABORT_DAYS = 7
MOST_DAYS = 100_000  # a larger number is not one of days
_UNKNOWN = "not in the state"
_BLOCKS = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
_TRANSPORT = "aws:SecureTransport"


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One setting of a bucket: its value in the state, that of the template, and the command that raises it, or ''."""

    bucket: str
    name: str
    current: str
    ours: str
    command: str = ""
    note: str = ""


@dataclass(frozen=True)
class _Bucket:
    """A bucket, with the resources that configure it, by type."""

    name: str
    partition: str
    parts: Mapping[str, Instance]
    key: str

    def value(self, suffix: str, *path: str | int) -> Any:
        """Return an attribute of the resource aws_s3_bucket_SUFFIX; None if there is none."""
        part = self.parts.get(f"aws_s3_bucket_{suffix}")
        return part.value(*path) if part else None

    def command(self, operation: str, option: str, value: Any) -> str:
        text = value if isinstance(value, str) else json.dumps(value)
        return f"aws s3api {operation} --bucket {shlex.quote(self.name)} --{option} {shlex.quote(text)}"


def compare(instances: Sequence[Instance], roles: Mapping[str, Instance], key: str) -> list[Setting]:
    """Return the settings of the existing buckets. `key` is the ARN of the KMS key of the stack, or ''."""
    found = []
    for bucket in dict.fromkeys(roles[role].text("bucket") for role in BUCKETS if role in roles):
        instance = next(one for one in roles.values() if one.type == "aws_s3_bucket" and one.text("bucket") == bucket)
        own = {one.type: one for one in instances if one.text("bucket") == bucket and one.type != "aws_s3_object"}
        partition = instance.text("arn").partition(":")[2].partition(":")[0] or "aws"
        described = _Bucket(bucket, partition, own, key)
        found += [setting for check in _CHECKS for setting in check(described)]
    return found


def _versioning(bucket: _Bucket) -> Iterator[Setting]:
    status = bucket.value("versioning", "versioning_configuration", 0, "status")
    enabled = status == "Enabled"
    yield Setting(
        bucket=bucket.name,
        name="versioning",
        current=status if isinstance(status, str) else _UNKNOWN,
        ours="Enabled",
        command=""
        if enabled
        else bucket.command("put-bucket-versioning", "versioning-configuration", "Status=Enabled"),
    )


def _encryption(bucket: _Bucket) -> Iterator[Setting]:
    path = ("rule", 0, "apply_server_side_encryption_by_default", 0)
    algorithm = bucket.value("server_side_encryption_configuration", *path, "sse_algorithm")
    wanted = "aws:kms" if bucket.key else "AES256"
    rule = {"SSEAlgorithm": wanted, **({"KMSMasterKeyID": bucket.key} if bucket.key else {})}
    configuration = {"Rules": [{"ApplyServerSideEncryptionByDefault": rule, "BucketKeyEnabled": True}]}
    # S3 encrypts all new objects with AES256 in any case, and DSSE is stronger than a KMS key
    lower = bool(bucket.key) and algorithm not in ("aws:kms", "aws:kms:dsse")
    yield Setting(
        bucket=bucket.name,
        name="encryption",
        current=algorithm if isinstance(algorithm, str) else f"{_UNKNOWN} (S3 uses AES256)",
        ours=f"{wanted} with the KMS key of the stack" if bucket.key else wanted,
        command=bucket.command("put-bucket-encryption", "server-side-encryption-configuration", configuration)
        if lower
        else "",
    )


def _public_access(bucket: _Bucket) -> Iterator[Setting]:
    values = [bucket.value("public_access_block", name) for name in _BLOCKS]
    complete = all(value is True for value in values)
    names = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    missing = [name for name, value in zip(names, values, strict=True) if value is not True]
    known = "aws_s3_bucket_public_access_block" in bucket.parts
    current = "all four blocks" if complete else f"without {', '.join(missing)}" if known else _UNKNOWN
    text = ",".join(f"{name}=true" for name in names)
    yield Setting(
        bucket=bucket.name,
        name="public access",
        current=current,
        ours="all four blocks",
        command=""
        if complete
        else bucket.command("put-public-access-block", "public-access-block-configuration", text),
    )


def _ownership(bucket: _Bucket) -> Iterator[Setting]:
    owner = bucket.value("ownership_controls", "rule", 0, "object_ownership")
    controls = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    enforced = owner == "BucketOwnerEnforced"
    yield Setting(
        bucket=bucket.name,
        name="object ownership",
        current=owner if isinstance(owner, str) else _UNKNOWN,
        ours="BucketOwnerEnforced",
        command="" if enforced else bucket.command("put-bucket-ownership-controls", "ownership-controls", controls),
        note="" if enforced else "This disables ACLs. Check first that no other account writes with ACLs.",
    )


def _policy(bucket: _Bucket) -> Iterator[Setting]:
    text = bucket.value("policy", "policy")
    present = isinstance(text, str)
    denies = present and _TRANSPORT in text
    arn = f"arn:{bucket.partition}:s3:::{bucket.name}"
    document = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "DenyWithoutTls",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [arn, f"{arn}/*"],
                "Condition": {"Bool": {_TRANSPORT: "false"}},
            }
        ],
    }
    note = (
        "Add a statement that denies requests without TLS to the policy."
        if present
        else ("This replaces a policy that is not in the state. Check first with aws s3api get-bucket-policy.")
    )
    yield Setting(
        bucket=bucket.name,
        name="requests without TLS",
        current="denied" if denies else "allowed by the policy" if present else _UNKNOWN,
        ours="denied",
        command="" if present else bucket.command("put-bucket-policy", "policy", document),
        note="" if denies else note,
    )


def _lifecycle(bucket: _Bucket) -> Iterator[Setting]:
    rules = bucket.value("lifecycle_configuration", "rule")
    enabled = [rule for rule in rules if isinstance(rule, dict)] if isinstance(rules, list) else []
    enabled = [rule for rule in enabled if rule.get("status") == "Enabled"]
    days = [_number(rule, "noncurrent_version_expiration", "noncurrent_days") for rule in enabled]
    uploads = [_number(rule, "abort_incomplete_multipart_upload", "days_after_initiation") for rule in enabled]
    current = _lifecycle_text(min(filter(None, days), default=0), min(filter(None, uploads), default=0))
    cleanup = {
        "ID": "Cleanup",
        "Status": "Enabled",
        "Filter": {},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": ABORT_DAYS},
        "NoncurrentVersionExpiration": {"NoncurrentDays": NONCURRENT_DAYS},
    }
    present = "aws_s3_bucket_lifecycle_configuration" in bucket.parts
    note = (
        "To change the rules, send all of them in one configuration."
        if present
        else (
            "This replaces rules that are not in the state, and deletes older versions after "
            f"{NONCURRENT_DAYS} days. Check first with aws s3api get-bucket-lifecycle-configuration."
        )
    )
    yield Setting(
        bucket=bucket.name,
        name="life cycle",
        current=current if present else _UNKNOWN,
        ours=_lifecycle_text(NONCURRENT_DAYS, ABORT_DAYS),
        command=""
        if present
        else bucket.command("put-bucket-lifecycle-configuration", "lifecycle-configuration", {"Rules": [cleanup]}),
        note=note,
    )


def _number(rule: Mapping[str, Any], block: str, key: str) -> int:
    """Return a number of a block, of which a rule has at most one; 0 if there is none."""
    found = rule.get(block)
    value = found[0].get(key) if isinstance(found, list) and found and isinstance(found[0], dict) else None
    return int(value) if isinstance(value, int | float) and 0 < value < MOST_DAYS else 0


def _lifecycle_text(noncurrent: int, uploads: int) -> str:
    versions = f"older versions are deleted after {noncurrent} days" if noncurrent else "older versions are kept"
    parts = f"incomplete uploads after {uploads} days" if uploads else "incomplete uploads are kept"
    return f"{versions}, {parts}"


_CHECKS: Sequence[Callable[[_Bucket], Iterator[Setting]]] = (
    _versioning, _encryption, _public_access, _ownership, _policy, _lifecycle,
)  # fmt: skip
