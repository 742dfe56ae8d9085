"""Make folders and log groups. No event is logged: it holds a presigned URL."""

import json
import logging
import signal
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

LOG = logging.getLogger()
S3, LOGS = (boto3.client(name, config=Config(retries={"mode": "standard"})) for name in ("s3", "logs"))
PAUSES = 0, 2, 4, 8  # seconds: new policies take time to work, two stacks may make one log group at once
WORK_SECONDS = 45  # of the function's 60


def handler(event: dict[str, Any], _context: object) -> None:
    """Do what is asked for and answer."""
    doing, failure = "read the request", ""
    # not an Exception: botocore would try again
    signal.signal(signal.SIGALRM, lambda *_: sys.exit("time is up"))
    signal.alarm(WORK_SECONDS)
    try:
        for pause in PAUSES:
            time.sleep(pause)
            try:
                for doing in steps(event):
                    LOG.info(doing)
                break
            except ClientError:
                if pause == PAUSES[-1]:
                    raise
    except (Exception, SystemExit) as error:
        failure = f"Could not {doing}: {error}"
        LOG.exception(failure)
    signal.alarm(0)
    answer(event, failure)


def steps(event: dict[str, Any]) -> Iterator[str]:
    """Say what comes next, then do it; again does no harm."""
    given = event["ResourceProperties"]
    act = {"Create": write, "Update": write, "Delete": remove}[event["RequestType"]]
    if event["ResourceType"] == "Custom::Folders":
        for bucket in given["Buckets"]:
            for key in bucket["Keys"]:
                yield f"{act.__name__} s3://{bucket['Bucket']}/{key}"
                act(event["StackId"], Bucket=bucket["Bucket"], Key=key)
    elif act is write:  # log groups are the account's: they stay
        old = event.get("OldResourceProperties", {})
        for name in given["Names"]:
            yield f"set up log group {name}"
            with suppress(LOGS.exceptions.ResourceAlreadyExistsException):
                LOGS.create_log_group(logGroupName=name)
            keep(name, int(given["RetentionInDays"]), name in old.get("Names", ()) and old["RetentionInDays"])


def keep(name: str, days: int, before: Any) -> None:
    """Set a log group's retention, but shorten none that others set."""
    found = LOGS.describe_log_groups(logGroupNamePrefix=name, limit=1)["logGroups"]  # by name: its own first
    now = {group["logGroupName"]: group.get("retentionInDays") for group in found}.get(name)
    if not now or now < days or str(now) == before:
        LOGS.put_retention_policy(logGroupName=name, retentionInDays=days)


def write(stack: str, **marker: str) -> None:
    """Write a marker where no object has its name."""
    try:
        S3.put_object(**marker, IfNoneMatch="*", Metadata={"smtemplates-stack": stack})
    except ClientError as error:
        if error.response["Error"]["Code"] != "PreconditionFailed":
            raise


def remove(stack: str, **marker: str) -> None:
    """Remove all versions that this stack wrote; what cannot be removed is empty, and stays."""
    try:
        for page in S3.get_paginator("list_object_versions").paginate(Bucket=marker["Bucket"], Prefix=marker["Key"]):
            for version in page.get("Versions", []):
                if version["Key"] != marker["Key"]:
                    return  # the folder's content follows
                exact = marker | {"VersionId": version["VersionId"]}
                if not version["Size"] and S3.head_object(**exact)["Metadata"].get("smtemplates-stack") == stack:
                    S3.delete_object(**exact)
    except ClientError:
        LOG.exception("%s stays", marker)


def answer(event: dict[str, Any], failure: str) -> None:
    """Tell CloudFormation; if that fails Lambda does it all again."""
    body = {name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")} | {
        "Status": "FAILED" if failure and event.get("RequestType") != "Delete" else "SUCCESS",
        "Reason": ascii(failure)[1:-1][:1000],
        # never a new one: the old one would be deleted
        "PhysicalResourceId": event.get("PhysicalResourceId", event["LogicalResourceId"]),
    }
    data = json.dumps(body).encode()
    request = urllib.request.Request(event["ResponseURL"], data, {"Content-Type": ""}, method="PUT")  # noqa: S310 AWS's own
    urllib.request.build_opener().open(request, timeout=10).close()
