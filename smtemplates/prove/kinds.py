"""The kinds of resources that experiments create: how to find them by name and tag, and how to delete them.

Deletion is by name and can be repeated, so the run that created a resource and every later run delete it in the same
way, also after the process was killed. The deletion of a resource that does not exist has no effect.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from smtemplates.aws.errors import CloudError, DeploymentError, StoppedError
from smtemplates.aws.session import Cloud
from smtemplates.deploy import api
from smtemplates.deploy.operations import stack as stacks
from smtemplates.deploy.operations.stack import Stack
from smtemplates.deploy.operations.states import in_progress
from smtemplates.deploy.resources import buckets
from smtemplates.prove.experiment import PREFIX, TAG

POLL_SECONDS = 5.0
MOST_POLLS = 240
ATTEMPTS = 3
MISSING = ("ResourceNotFound", "ResourceNotFoundException", "NoSuchBucket", "ValidationException")
# The start of the names of the security groups that SageMaker creates for the file system of a domain.
# Source: https://docs.aws.amazon.com/sagemaker/latest/dg/onboard-vpc.html
STUDIO_GROUP = "security-group-for-"
LOG_GROUPS = ("TrainingJobs", "ProcessingJobs", "NotebookInstances", "studio")


@dataclass(frozen=True)
class Found:
    """A resource with a name of the experiments. `own` is whether it has the tag."""

    name: str
    own: bool


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of resources. `find` yields those in the Region of the cloud. `local` is whether the local cloud has it.

    Everything of an earlier kind in the table is deleted before the first of a later one.
    """

    title: str
    find: Callable[[Cloud], Iterator[Found]]
    delete: Callable[[Cloud, str], None]
    local: bool = True


def _has_tag(tags: Any) -> bool:
    return any(tag["Key"] == TAG for tag in tags)


def _stacks(cloud: Cloud) -> Iterator[Found]:
    for item in list(cloud.pages("cloudformation", "describe_stacks", "Stacks")):
        if item["StackName"].startswith(PREFIX) and "ParentId" not in item:
            own = _has_tag(item.get("Tags", [])) or (
                item["StackStatus"] == "REVIEW_IN_PROGRESS" and _has_own_change_set(cloud, item["StackId"])
            )
            yield Found(item["StackName"], own)


def _has_own_change_set(cloud: Cloud, stack: str) -> bool:
    """Return whether all change sets of a stack without resources have the tag, which such a stack may not have."""
    sets = list(cloud.pages("cloudformation", "list_change_sets", "Summaries", StackName=stack))
    described = [cloud.call("cloudformation", "describe_change_set", ChangeSetName=one["ChangeSetId"]) for one in sets]
    return all(_has_tag(one.get("Tags", [])) for one in described)


def _delete_stack(cloud: Cloud, name: str) -> None:
    """Delete a stack in any state with its data.

    An interruption only ends the wait of the deployer, so the deletion is then followed again.

    Raises:
        StoppedError: The stack is deleted, and the user interrupted the wait.
    """
    failures: list[DeploymentError] = []
    stopped: list[StoppedError] = []
    while len(failures) < ATTEMPTS and (stack := stacks.find(cloud, name)) is not None:
        error = _try_to_delete(cloud, stack)
        failures += [error] if isinstance(error, DeploymentError) else []
        stopped += [error] if isinstance(error, StoppedError) else []
    if len(failures) == ATTEMPTS:
        raise failures[-1]
    if stopped:
        raise stopped[-1]


def _try_to_delete(cloud: Cloud, stack: Stack) -> DeploymentError | StoppedError | None:
    """Delete a stack, and return the error if it may still exist."""
    try:
        if in_progress(stack.status) and stack.status != "CREATE_IN_PROGRESS":
            api.watch(cloud, stack.name)
        api.destroy(cloud, stack.name, delete_data=True, clear_studio=True, disable_protection=True)
    except StoppedError as error:
        return error
    except DeploymentError as error:
        _clear_networks(cloud)
        cloud.pause(POLL_SECONDS)
        return error
    return None


def _clear_networks(cloud: Cloud) -> None:
    """Delete unused network interfaces and groups of SageMaker, which prevent the deletion of the VPC of a stack."""
    found = cloud.pages("ec2", "describe_vpcs", "Vpcs", Filters=[{"Name": "tag-key", "Values": [TAG]}])
    inside = {"Filters": [{"Name": "vpc-id", "Values": [one["VpcId"] for one in found]}]}
    if not inside["Filters"][0]["Values"]:
        return
    for one in list(cloud.pages("ec2", "describe_network_interfaces", "NetworkInterfaces", **inside)):
        if one["Status"] == "available":
            cloud.call("ec2", "delete_network_interface", NetworkInterfaceId=one["NetworkInterfaceId"])
    for one in list(cloud.pages("ec2", "describe_security_groups", "SecurityGroups", **inside)):
        if one["GroupName"].startswith(STUDIO_GROUP):
            cloud.call("ec2", "delete_security_group", GroupId=one["GroupId"])


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
        yield Found(name, _has_tag(tags))


def _delete_bucket(cloud: Cloud, name: str) -> None:
    try:
        buckets.empty(cloud, name)
        cloud.call("s3", "delete_bucket", Bucket=name)
    except CloudError as error:
        if error.code not in buckets.NOT_FOUND:
            raise


@dataclass(frozen=True)
class _Jobs:
    """The training or processing jobs. Deleting a job stops it first, and deletes its log streams.

    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteTrainingJob.html
    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteProcessingJob.html
    """

    noun: str

    def kind(self) -> Kind:
        return Kind(title=f"{self.noun.lower()} job", find=self.find, delete=self.delete, local=False)

    def call(self, cloud: Cloud, verb: str, name: str) -> Any:
        return cloud.call("sagemaker", f"{verb}_{self.noun.lower()}_job", **{f"{self.noun}JobName": name})

    def find(self, cloud: Cloud) -> Iterator[Found]:
        operation, key = f"list_{self.noun.lower()}_jobs", f"{self.noun}JobSummaries"
        for item in list(cloud.pages("sagemaker", operation, key, NameContains=PREFIX)):
            if (name := item[f"{self.noun}JobName"]).startswith(PREFIX):
                tags = cloud.pages("sagemaker", "list_tags", "Tags", ResourceArn=item[f"{self.noun}JobArn"])
                yield Found(name, _has_tag(tags))

    def status(self, cloud: Cloud, name: str) -> str | None:
        try:
            return str(self.call(cloud, "describe", name)[f"{self.noun}JobStatus"])
        except CloudError as error:
            if error.code in MISSING:
                return None
            raise

    def delete(self, cloud: Cloud, name: str) -> None:
        status = self.status(cloud, name)
        if status == "InProgress":
            self.call(cloud, "stop", name)
        for _ in range(MOST_POLLS):
            if status not in ("InProgress", "Stopping"):
                break
            cloud.pause(POLL_SECONDS)
            status = self.status(cloud, name)
        if status is not None:
            _delete_streams(cloud, f"/aws/sagemaker/{self.noun}Jobs", f"{name}/")
            self.call(cloud, "delete", name)


def _delete_streams(cloud: Cloud, group: str, prefix: str) -> None:
    """Delete the log streams of a group whose names start with a prefix."""
    for item in log_streams(cloud, group, prefix):
        cloud.call("logs", "delete_log_stream", logGroupName=group, logStreamName=item)


def log_streams(cloud: Cloud, group: str, prefix: str) -> list[str]:
    """Return the names of the log streams of a group that start with a prefix; none if there is no such group."""
    arguments = {"logGroupName": group, **({"logStreamNamePrefix": prefix} if prefix else {})}
    names: list[str] = []
    token: dict[str, str] = {}
    while True:
        try:
            page = cloud.call("logs", "describe_log_streams", **arguments, **token)
        except CloudError as error:
            if error.code in MISSING:
                return names
            raise
        names += [item["logStreamName"] for item in page["logStreams"]]
        if not page.get("nextToken"):
            return names
        token = {"nextToken": page["nextToken"]}


def _log_groups(cloud: Cloud) -> Iterator[Found]:
    """Yield the log groups of experiments, and those of SageMaker that have the tag. The others are of the account."""
    shared = [f"/aws/sagemaker/{name}" for name in LOG_GROUPS]
    for prefix in (PREFIX, *shared):
        for item in cloud.call("logs", "describe_log_groups", logGroupNamePrefix=prefix)["logGroups"]:
            name = item["logGroupName"]
            if name.startswith(PREFIX) or name == prefix:
                arn = item["arn"].removesuffix(":*")
                own = TAG in cloud.call("logs", "list_tags_for_resource", resourceArn=arn)["tags"]
                if own or name not in shared:
                    yield Found(name, own)


def _delete_log_group(cloud: Cloud, name: str) -> None:
    """Delete a log group that an experiment created, unless others have written to it since."""
    if not log_streams(cloud, name, "") and any(found.name == name for found in _log_groups(cloud)):
        cloud.call("logs", "delete_log_group", logGroupName=name)


def _products(cloud: Cloud) -> Iterator[Found]:
    """Yield the products that were launched through Service Catalog, also those of other users of the account.

    Source: https://docs.aws.amazon.com/servicecatalog/latest/dg/API_SearchProvisionedProducts.html
    """
    token: dict[str, str] = {}
    account = {"Key": "Account", "Value": "self"}
    while True:
        page = cloud.call("servicecatalog", "search_provisioned_products", AccessLevelFilter=account, **token)
        for item in page.get("ProvisionedProducts", []):
            if item["Name"].startswith(PREFIX):
                yield Found(item["Name"], _has_tag(item.get("Tags", [])))
        if not page.get("NextPageToken"):
            return
        token = {"PageToken": page["NextPageToken"]}


def _terminate_product(cloud: Cloud, name: str) -> None:
    """Terminate a launched product, which deletes its stack with the launch role.

    Raises:
        DeploymentError: Its termination failed.
    """
    record = ""
    for _ in range(MOST_POLLS):
        try:
            found = cloud.call("servicecatalog", "describe_provisioned_product", Name=name)["ProvisionedProductDetail"]
            if found["Status"] not in ("UNDER_CHANGE", "PLAN_IN_PROGRESS"):
                if found["LastRecordId"] == record:
                    raise DeploymentError(f"Its termination failed. {found.get('StatusMessage', found['Status'])}")
                arguments = {"ProvisionedProductName": name, "TerminateToken": str(uuid.uuid4())}
                ended = cloud.call("servicecatalog", "terminate_provisioned_product", **arguments)
                record = ended["RecordDetail"]["RecordId"]
        except CloudError as error:
            if error.code in MISSING:
                return
            raise
        cloud.pause(POLL_SECONDS)


TRAINING_JOB = _Jobs("Training").kind()
PROCESSING_JOB = _Jobs("Processing").kind()
PRODUCT = Kind(title="launched product", find=_products, delete=_terminate_product)
STACK = Kind(title="stack", find=_stacks, delete=_delete_stack)
BUCKET = Kind(title="bucket", find=_buckets, delete=_delete_bucket)
LOG_GROUP = Kind(title="log group", find=_log_groups, delete=_delete_log_group)
KINDS = (TRAINING_JOB, PROCESSING_JOB, PRODUCT, STACK, BUCKET, LOG_GROUP)
