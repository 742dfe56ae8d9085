"""Create folders and log groups. Events are not logged, because they contain a presigned URL."""

import json
import logging
import signal
import sys
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

LOG = logging.getLogger()
S3, LOGS = (boto3.client(name, config=Config(retries={"mode": "standard"})) for name in ("s3", "logs"))
TAG = "smtemplates:stack"  # of a log group: the stack that created it or set its retention last
PAUSES = 0, 2, 4, 8  # seconds: new policies need time, and two stacks can create the same log group at once
WORK_SECONDS = 45  # of the timeout of 60


def handler(event: dict[str, Any], _context: object) -> None:
    """Process the request and send a response."""
    doing, failure = "read the request", ""
    # not an Exception, which botocore would retry
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
    """Yield each step before it runs. Steps can be repeated safely."""
    given = event["ResourceProperties"]
    act = {"Create": write, "Update": write, "Delete": remove}[event["RequestType"]]
    if event["ResourceType"] == "Custom::Folders":
        for bucket in given["Buckets"]:
            for key in bucket["Keys"]:
                yield f"{act.__name__} s3://{bucket['Bucket']}/{key}"
                act(event["StackId"], Bucket=bucket["Bucket"], Key=key)
    elif act is write:  # the account shares the log groups, so they are retained
        for name in given["Names"]:
            yield f"set up log group {name}"
            set_up(name, given, event.get("OldResourceProperties", {}), event["StackId"])


def set_up(name: str, given: dict[str, Any], old: dict[str, Any], stack: str) -> None:
    """Create a missing log group, and set the retention of a group that this stack may change.

    Groups of others change only if ChangeExisting is true, and a retention that others have set is never shortened.
    """
    arn = ":".join([*stack.replace(":cloudformation:", ":logs:").split(":")[:5], "log-group", name])
    try:
        LOGS.create_log_group(logGroupName=name, tags={TAG: stack})
        owner = stack
    except LOGS.exceptions.ResourceAlreadyExistsException:
        owner = LOGS.list_tags_for_resource(resourceArn=arn)["tags"].get(TAG)
    found = LOGS.describe_log_groups(logGroupNamePrefix=name, limit=1)["logGroups"]  # the exact match is first
    now = {group["logGroupName"]: group.get("retentionInDays") for group in found}.get(name)
    days, before = int(given["RetentionInDays"]), name in old.get("Names", ()) and old["RetentionInDays"]
    unchanged = str(now) == before  # since this stack set it
    own = owner == stack or name in given.get("Own", ())
    if not owner and "ChangeExisting" not in old:  # version 0.1.0 wrote no tags
        own = own or unchanged
    every = given.get("ChangeExisting") == "true"
    # if a group that had a retention of this stack has none, others removed it
    extend = (own or every) and now < days if now else every or (own and not before)
    if extend or (own and unchanged):
        if owner != stack:
            LOGS.tag_resource(resourceArn=arn, tags={TAG: stack})
        LOGS.put_retention_policy(logGroupName=name, retentionInDays=days)


def write(stack: str, **marker: str) -> None:
    """Write an empty object, unless an object with this name exists."""
    try:
        S3.put_object(**marker, IfNoneMatch="*", Metadata={"smtemplates-stack": stack})
    except ClientError as error:
        if error.response["Error"]["Code"] != "PreconditionFailed":
            raise


def remove(stack: str, **marker: str) -> None:
    """Remove all versions that this stack wrote. Objects that cannot be removed are empty, and remain."""
    try:
        for page in S3.get_paginator("list_object_versions").paginate(Bucket=marker["Bucket"], Prefix=marker["Key"]):
            for version in page.get("Versions", []):
                if version["Key"] != marker["Key"]:
                    return  # the content of the folder follows
                exact = marker | {"VersionId": version["VersionId"]}
                if not version["Size"] and S3.head_object(**exact)["Metadata"].get("smtemplates-stack") == stack:
                    S3.delete_object(**exact)
    except ClientError:
        LOG.exception("%s was not removed", marker)


def answer(event: dict[str, Any], failure: str) -> None:
    """Send the response to CloudFormation. If that fails, Lambda retries the function."""
    body = {name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")} | {
        "Status": "FAILED" if failure and event.get("RequestType") != "Delete" else "SUCCESS",
        "Reason": ascii(failure)[1:-1][:1000],
        # never a new ID, or CloudFormation would delete the old resource
        "PhysicalResourceId": event.get("PhysicalResourceId", event["LogicalResourceId"]),
    }
    data = json.dumps(body).encode()
    request = urllib.request.Request(event["ResponseURL"], data, {"Content-Type": ""}, method="PUT")  # noqa: S310 a URL of AWS
    urllib.request.build_opener().open(request, timeout=10).close()
