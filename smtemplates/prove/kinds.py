"""All kinds of resources that experiments create, in the order of their deletion.

Everything of an earlier kind is deleted before the first of a later one.
"""

from __future__ import annotations

from collections.abc import Iterator

from smtemplates.aws.errors import CloudError, DeploymentError
from smtemplates.aws.session import Cloud
from smtemplates.deploy import api
from smtemplates.deploy.operations import stack as stacks
from smtemplates.deploy.operations.states import in_progress
from smtemplates.deploy.resources import buckets
from smtemplates.prove import networks
from smtemplates.prove.experiment import PREFIX
from smtemplates.prove.kind import Found, Kind, has_tag
from smtemplates.prove.logs import LOG_GROUP, LOG_STREAM
from smtemplates.prove.named import ENDPOINT_CONFIG, MODEL, PROCESSING_JOB, TRAINING_JOB
from smtemplates.prove.networks import FILE_SYSTEM
from smtemplates.prove.products import PRODUCT


def _stacks(cloud: Cloud) -> Iterator[Found]:
    for item in list(cloud.pages("cloudformation", "describe_stacks", "Stacks")):
        if item["StackName"].startswith(PREFIX) and "ParentId" not in item:
            own = has_tag(item.get("Tags", [])) or (
                item["StackStatus"] == "REVIEW_IN_PROGRESS" and _has_own_change_set(cloud, item["StackId"])
            )
            yield Found(item["StackName"], own)


def _has_own_change_set(cloud: Cloud, stack: str) -> bool:
    """Return whether all change sets of a stack without resources have the tag, which such a stack may not have."""
    sets = list(cloud.pages("cloudformation", "list_change_sets", "Summaries", StackName=stack))
    described = [cloud.call("cloudformation", "describe_change_set", ChangeSetName=one["ChangeSetId"]) for one in sets]
    return all(has_tag(one.get("Tags", [])) for one in described)


def _delete_stack(cloud: Cloud, name: str) -> str:
    """Delete a stack in any state with its data.

    Raises:
        StoppedError: The user interrupted the wait. The deletion continues in AWS.
    """
    if (stack := stacks.find(cloud, name)) is None:
        return ""
    try:
        if in_progress(stack.status) and stack.status != "CREATE_IN_PROGRESS":
            api.watch(cloud, stack.name)
        api.destroy(cloud, stack.name, delete_data=True, clear_studio=True, disable_protection=True)
    except DeploymentError:
        networks.clear(cloud)
        raise
    return ""


def _buckets(cloud: Cloud) -> Iterator[Found]:
    """Yield the buckets of the Region. The name of a bucket in a stack starts with the name of the stack."""
    names: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = cloud.call("s3", "list_buckets", Prefix=PREFIX, BucketRegion=cloud.region, **token)
        names += [item["Name"] for item in page.get("Buckets", [])]
        if not page.get("ContinuationToken"):
            break
        token = {"ContinuationToken": page["ContinuationToken"]}
    for name in names:
        try:
            tags = cloud.call("s3", "get_bucket_tagging", Bucket=name)["TagSet"]
        except CloudError as error:
            if error.code in buckets.NOT_FOUND:
                continue
            if error.code != "NoSuchTagSet":
                raise
            tags = []
        yield Found(name, has_tag(tags))


def _delete_bucket(cloud: Cloud, name: str) -> str:
    try:
        buckets.empty(cloud, name)
        cloud.call("s3", "delete_bucket", Bucket=name)
    except CloudError as error:
        if error.code not in buckets.NOT_FOUND:
            raise
    return ""


STACK = Kind(title="stack", find=_stacks, delete=_delete_stack)
BUCKET = Kind(title="bucket", find=_buckets, delete=_delete_bucket)
KINDS = (
    TRAINING_JOB,
    PROCESSING_JOB,
    PRODUCT,
    STACK,
    ENDPOINT_CONFIG,
    MODEL,
    FILE_SYSTEM,
    BUCKET,
    LOG_STREAM,
    LOG_GROUP,
)
