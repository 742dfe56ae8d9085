"""The resources that SageMaker leaves in the VPC of a domain: file system, network interfaces and security groups.

A domain of the workspace has no home file system. If an experiment refutes this, AWS retains the file system.

Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteDomain.html (RetentionPolicy)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from smtemplates.aws.errors import CloudError
from smtemplates.aws.session import Cloud
from smtemplates.errors import Error
from smtemplates.prove.experiment import TAG
from smtemplates.prove.kind import MOST_POLLS, POLL_SECONDS, Found, Kind, has_tag, is_missing

# The tag of the file systems and security groups that SageMaker creates.
# Source: https://docs.aws.amazon.com/sagemaker/latest/dg/security-iam-awsmanpol-notebooks.html
OF_SAGEMAKER = "ManagedByAmazonSageMakerResource"


def clear(cloud: Cloud) -> None:
    """Delete the resources of SageMaker in the VPCs of experiments, which prevent the deletion of the VPCs."""
    found = cloud.pages("ec2", "describe_vpcs", "Vpcs", Filters=[{"Name": "tag-key", "Values": [TAG]}])
    if not (vpcs := [one["VpcId"] for one in found]):
        return
    for system in list(_file_systems(cloud)):
        if has_tag(system["Tags"], OF_SAGEMAKER) and any(
            one.get("VpcId") in vpcs for one in _mount_targets(cloud, system)
        ):
            # so that a later run finds it without a mount target, and without the VPC
            tag = {"Key": TAG, "Value": "file-system"}
            cloud.call("efs", "tag_resource", ResourceId=system["FileSystemId"], Tags=[tag])
            _delete_file_system(cloud, system["FileSystemId"])
    inside = {"Filters": [{"Name": "vpc-id", "Values": vpcs}]}
    for one in list(cloud.pages("ec2", "describe_network_interfaces", "NetworkInterfaces", **inside)):
        if one["Status"] == "available":
            cloud.call("ec2", "delete_network_interface", NetworkInterfaceId=one["NetworkInterfaceId"])
    groups = list(cloud.pages("ec2", "describe_security_groups", "SecurityGroups", **inside))
    _delete_groups(cloud, [one for one in groups if has_tag(one.get("Tags", []), OF_SAGEMAKER)])


def _delete_groups(cloud: Cloud, groups: list[Any]) -> None:
    """Delete security groups, whose rules refer to each other."""
    for one in groups:
        for direction, key in (("ingress", "IpPermissions"), ("egress", "IpPermissionsEgress")):
            if rules := one.get(key):
                arguments = {"GroupId": one["GroupId"], "IpPermissions": rules}
                cloud.call("ec2", f"revoke_security_group_{direction}", **arguments)
    for one in groups:
        cloud.call("ec2", "delete_security_group", GroupId=one["GroupId"])


def _file_systems(cloud: Cloud) -> Iterator[Any]:
    token: dict[str, str] = {}
    while True:
        page = cloud.call("efs", "describe_file_systems", **token)
        yield from page["FileSystems"]
        if not page.get("NextMarker"):
            return
        token = {"Marker": page["NextMarker"]}


def _mount_targets(cloud: Cloud, system: Any) -> list[Any]:
    if not system["NumberOfMountTargets"]:
        return []
    found: list[Any] = cloud.call("efs", "describe_mount_targets", FileSystemId=system["FileSystemId"])["MountTargets"]
    return found


def _own_file_systems(cloud: Cloud) -> Iterator[Found]:
    for system in _file_systems(cloud):
        if has_tag(system["Tags"]) and system["LifeCycleState"] not in ("deleting", "deleted"):
            yield Found(system["FileSystemId"], own=True)


def _delete_file_system(cloud: Cloud, name: str) -> str:
    """Delete a file system after its mount targets, whose deletion takes time.

    Raises:
        Error: A mount target still exists.
    """
    try:
        for _ in range(MOST_POLLS):
            targets = cloud.call("efs", "describe_mount_targets", FileSystemId=name)["MountTargets"]
            if not targets:
                cloud.call("efs", "delete_file_system", FileSystemId=name)
                return ""
            for one in targets:
                if one["LifeCycleState"] != "deleting":
                    cloud.call("efs", "delete_mount_target", MountTargetId=one["MountTargetId"])
            cloud.pause(POLL_SECONDS)
    except CloudError as error:
        if is_missing(error):
            return ""
        raise
    raise Error("It still has a mount target.")


FILE_SYSTEM = Kind(title="file system", find=_own_file_systems, delete=_delete_file_system)
