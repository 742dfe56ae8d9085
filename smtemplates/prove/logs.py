"""The log groups and log streams that experiments create, or that SageMaker creates for their resources.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html
"""

from __future__ import annotations

from collections.abc import Iterator

from smtemplates.aws.errors import CloudError
from smtemplates.aws.session import Cloud
from smtemplates.prove.experiment import PREFIX, TAG
from smtemplates.prove.kind import Found, Kind, is_missing

SAGEMAKER = "/aws/sagemaker/"
STUDIO = f"{SAGEMAKER}studio"
SHARED = (*(f"{SAGEMAKER}{name}" for name in ("TrainingJobs", "ProcessingJobs", "NotebookInstances")), STUDIO)
# SageMaker creates a log group for each endpoint, without tags. Its name ends with that of the endpoint.
ENDPOINTS = f"{SAGEMAKER}Endpoints/{PREFIX}"


def _items(cloud: Cloud, operation: str, key: str, **arguments: str) -> list[dict[str, str]]:
    """Return the items of all pages of an operation. `key` is the name of the list in a page."""
    items: list[dict[str, str]] = []
    token: dict[str, str] = {}
    while True:
        page = cloud.call("logs", operation, **arguments, **token)
        items += page[key]
        if not page.get("nextToken"):
            return items
        token = {"nextToken": page["nextToken"]}


def _log_groups(cloud: Cloud, prefix: str) -> list[dict[str, str]]:
    """Return the log groups whose names start with a prefix."""
    return _items(cloud, "describe_log_groups", "logGroups", logGroupNamePrefix=prefix)


def log_streams(cloud: Cloud, group: str, prefix: str = "") -> list[str]:
    """Return the names of the log streams of a group that start with a prefix; none if there is no such group."""
    arguments = {"logGroupName": group, **({"logStreamNamePrefix": prefix} if prefix else {})}
    try:
        return [item["logStreamName"] for item in _items(cloud, "describe_log_streams", "logStreams", **arguments)]
    except CloudError as error:
        if is_missing(error):
            return []
        raise


def _own_streams(cloud: Cloud, group: str) -> list[str]:
    """Return the log streams of experiments in a group that all resources of an account share.

    The name of a stream of a job starts with the name of the job. In the group of Studio, it starts with the ID of the
    domain and the name of the user profile. For an app in a space it is the name of the space instead (inferred: AWS
    does not document it). Profiles and spaces of experiments have the names of the experiments.
    """
    found = log_streams(cloud, group, "" if group == STUDIO else PREFIX)
    return [name for name in found if any(part.startswith(PREFIX) for part in name.split("/")[:2])]


def _streams(cloud: Cloud) -> Iterator[Found]:
    for group in _log_groups(cloud, SAGEMAKER):
        if (shared := group["logGroupName"]) in SHARED:
            for name in _own_streams(cloud, shared):
                yield Found(f"{shared}:{name}", own=True)


def _delete_stream(cloud: Cloud, name: str) -> str:
    """Delete a log stream. A colon, which neither name can contain, follows the name of its group."""
    group, _, stream = name.partition(":")
    try:
        cloud.call("logs", "delete_log_stream", logGroupName=group, logStreamName=stream)
    except CloudError as error:
        if not is_missing(error):
            raise
    return ""


def _groups(cloud: Cloud) -> Iterator[Found]:
    """Yield the log groups of experiments, and the shared ones that have the tag. The others are of the account."""
    for group in (*_log_groups(cloud, PREFIX), *_log_groups(cloud, SAGEMAKER)):
        name = group["logGroupName"]
        if name.startswith(ENDPOINTS):
            yield Found(name, own=True)
        elif name.startswith(PREFIX) or name in SHARED:
            own = TAG in cloud.call("logs", "list_tags_for_resource", resourceArn=_arn(group))["tags"]
            if own or name.startswith(PREFIX):
                yield Found(name, own)


def _arn(group: dict[str, str]) -> str:
    return group["arn"].removesuffix(":*")


def _delete_group(cloud: Cloud, name: str) -> str:
    """Delete a log group. A shared one belongs to the account if it has no tag, or if others have written to it."""
    group = next((item for item in _log_groups(cloud, name) if item["logGroupName"] == name), None)
    if group is None:
        return ""
    if name in SHARED:
        if TAG not in cloud.call("logs", "list_tags_for_resource", resourceArn=_arn(group))["tags"]:
            return "The account had it before."
        if log_streams(cloud, name):
            cloud.call("logs", "untag_resource", resourceArn=_arn(group), tagKeys=[TAG])
            return "Others have written to it, so it belongs to the account now."
    try:
        cloud.call("logs", "delete_log_group", logGroupName=name)
    except CloudError as error:
        if not is_missing(error):
            raise
    return ""


LOG_STREAM = Kind(title="log stream", find=_streams, delete=_delete_stream)
LOG_GROUP = Kind(title="log group", find=_groups, delete=_delete_group)
