"""The options of the bucket in which a template is staged."""

# ruff: noqa: PLC0415 - commands import their dependencies themselves, so that --help does not load the AWS SDK
from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from smtemplates.console.streams import named
from smtemplates.errors import UsageError

if TYPE_CHECKING:
    from smtemplates.deploy.requests.staging import Bucket

ENCRYPTIONS = ("AES256", "aws:kms", "aws:kms:dsse")


def add_staging(
    command: argparse.ArgumentParser, *, bucket_help: str, creation_help: str
) -> argparse._MutuallyExclusiveGroup:
    """Add the options of the staging bucket, and return the group of those that select the bucket."""
    group = command.add_argument_group("staging bucket")
    selection = group.add_mutually_exclusive_group()
    selection.add_argument("--staging-bucket", type=named, metavar="BUCKET", help=bucket_help)
    selection.add_argument("--create-staging-bucket", action="store_true", help=creation_help)
    group.add_argument(
        "--staging-prefix", type=named, metavar="PREFIX", help="first part of the key (default: smtemplates)"
    )
    group.add_argument(
        "--staging-kms-key", type=named, metavar="KEY", help="KMS key (default: the encryption of the bucket)"
    )
    group.add_argument(
        "--staging-encryption",
        choices=ENCRYPTIONS,
        help="default: aws:kms with a KMS key, otherwise as the bucket",
    )
    group.add_argument(
        "--staging-bucket-owner",
        type=named,
        metavar="ACCOUNT",
        help="ID of the account that owns the bucket (default: your account)",
    )
    return selection


def bucket_of(arguments: argparse.Namespace) -> Bucket | None:
    """Return the staging bucket that the arguments select.

    Raises:
        UsageError: An option of the bucket is specified without a bucket, or its value is not valid.
    """
    from smtemplates.deploy.requests.staging import Bucket

    options = {
        "prefix": arguments.staging_prefix,
        "kms_key": arguments.staging_kms_key,
        "encryption": arguments.staging_encryption,
        "owner": arguments.staging_bucket_owner,
    }
    given = {name: value for name, value in options.items() if value is not None}
    if arguments.staging_bucket or arguments.create_staging_bucket:
        if "prefix" in given:
            given["prefix"] = given["prefix"].rstrip("/")
        return Bucket(name=arguments.staging_bucket, **given)
    if given:
        raise UsageError(
            "--staging-prefix, --staging-kms-key, --staging-encryption and --staging-bucket-owner require "
            "--staging-bucket or --create-staging-bucket."
        )
    return None
