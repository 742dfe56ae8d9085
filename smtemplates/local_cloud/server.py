"""The server of the local cloud: MiniStack, with additions to SageMaker, CloudFormation and IAM.

It runs in a separate environment. MiniStack is not installed with smtemplates, so its modules are imported by name.
"""

# ruff: noqa: SLF001 - MiniStack has no public interface for this, so private members of the locked version are patched
from __future__ import annotations

import asyncio
import os
import sys
import threading
import uuid
from importlib import import_module
from typing import Any

from smtemplates.local_cloud import access, catalog_server, evaluation, functions, stack_sets
from smtemplates.local_cloud.create_only import CREATE_ONLY
from smtemplates.local_cloud.sagemaker import Props, Resource, SageMaker
from smtemplates.local_cloud.sagemaker_types import KINDS

# Types that are recorded only: the prefix of their IDs, and the number of characters after it. The ID is also the value
# of the attributes in RECORDED_ATTRIBUTES.
RECORDED = {
    "AWS::ApplicationAutoScaling::ScalableTarget": ("target", 13),
    "AWS::ApplicationAutoScaling::ScalingPolicy": ("policy", 13),
    "AWS::Budgets::Budget": ("budget", 12),
    "AWS::EC2::EIP": ("eipalloc", 17),
    "AWS::EC2::FlowLog": ("fl", 17),
    "AWS::EC2::NatGateway": ("nat", 17),
    "AWS::EC2::SecurityGroupEgress": ("sgr", 17),
    "AWS::EC2::SecurityGroupIngress": ("sgr", 17),
    "AWS::ServiceCatalog::CloudFormationProduct": ("prod", 13),
    "AWS::ServiceCatalog::LaunchNotificationConstraint": ("cons", 13),
    "AWS::ServiceCatalog::LaunchRoleConstraint": ("cons", 13),
    "AWS::ServiceCatalog::LaunchTemplateConstraint": ("cons", 13),
    "AWS::ServiceCatalog::Portfolio": ("port", 13),
    "AWS::ServiceCatalog::PortfolioPrincipalAssociation": ("principal", 13),
    "AWS::ServiceCatalog::PortfolioProductAssociation": ("association", 13),
    "AWS::ServiceCatalog::PortfolioShare": ("share", 13),
    "AWS::ServiceCatalog::ResourceUpdateConstraint": ("cons", 13),
    "AWS::ServiceCatalog::TagOption": ("tag", 13),
    "AWS::ServiceCatalog::TagOptionAssociation": ("association", 13),
}

RECORDED_ATTRIBUTES = ("AllocationId",)


def ministack(name: str) -> Any:
    """Return a module of MiniStack."""
    return import_module(f"ministack.{name}")


def add_sagemaker() -> None:
    """Register the SageMaker types and their API."""
    provisioners = ministack("services.cloudformation.provisioners")
    responses = ministack("core.responses")
    service = SageMaker(lambda: (responses.get_account_id(), responses.get_region()))
    for kind_name, kind in KINDS.items():
        type_name = f"AWS::SageMaker::{kind_name}"
        provisioners._RESOURCE_HANDLERS[type_name] = service.handlers(kind_name)
        provisioners._REPLACING_PROPERTIES[type_name] = kind.create_only
    for type_name, create_only in CREATE_ONLY.items():
        provisioners._REPLACING_PROPERTIES.setdefault(type_name, create_only)
    ministack("app").SERVICE_HANDLERS["sagemaker"] = service.serve


def add_recorded_types() -> None:
    """Register types without a simulation. Their resources only get an ID in the form of AWS."""
    handlers = ministack("services.cloudformation.provisioners")._RESOURCE_HANDLERS
    for type_name, (prefix, digits) in RECORDED.items():
        handlers[type_name] = _recorder(prefix, digits)


def _recorder(prefix: str, digits: int) -> dict[str, Any]:
    def create(logical_id: str, _props: Props, stack_name: str) -> Resource:
        recorded = f"{prefix}-{uuid.uuid5(uuid.NAMESPACE_DNS, stack_name + logical_id).hex[:digits]}"
        return recorded, dict.fromkeys(RECORDED_ATTRIBUTES, recorded)

    def update(physical_id: str, _old: Props, _props: Props, _stack_name: str) -> Resource:
        return physical_id, dict.fromkeys(RECORDED_ATTRIBUTES, physical_id)

    return {"create": create, "update": update, "delete": lambda _physical_id, _props: None}


def reject_deletion_of_full_buckets() -> None:
    """Reject the deletion of a bucket that contains objects, as CloudFormation does in AWS."""
    handlers = ministack("services.cloudformation.provisioners")._RESOURCE_HANDLERS["AWS::S3::Bucket"]
    s3 = ministack("services.s3")
    delete = handlers["delete"]

    def delete_empty(physical_id: str, props: Props) -> None:
        bucket = s3._buckets.get(physical_id, {})
        versions = any(name == physical_id and kept for (name, _), kept in s3._object_versions.items())
        if bucket.get("objects") or versions:
            raise ValueError("The bucket you tried to delete is not empty (Service: S3, Status Code: 409)")
        delete(physical_id, props)

    handlers["delete"] = delete_empty


def tag_buckets() -> None:
    """Set the tags of buckets in stacks, also those of the stack, which MiniStack ignores."""
    provisioners = ministack("services.cloudformation.provisioners")
    provisioners._STACK_TAG_PROPERTY["AWS::S3::Bucket"] = ("Tags", "list")
    handlers, tags = provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"], ministack("services.s3")._bucket_tags
    create, update = handlers["create"], handlers["update"]

    def tagged(resource: Resource, props: Props) -> Resource:
        tags[resource[0]] = {tag["Key"]: tag["Value"] for tag in props.get("Tags", [])}
        return resource

    def create_tagged(logical_id: str, props: Props, stack_name: str) -> Resource:
        return tagged(create(logical_id, props, stack_name), props)

    def update_tagged(physical_id: str, old: Props, new: Props, *names: str) -> Resource:
        return tagged(update(physical_id, old, new, *names), new)

    handlers.update(create=create_tagged, update=update_tagged)


def accept_metric_math() -> None:
    """Replace metric math in alarms, which MiniStack does not support, by a metric without data."""
    handlers = ministack("services.cloudformation.provisioners")._RESOURCE_HANDLERS["AWS::CloudWatch::Alarm"]
    create, update = handlers["create"], handlers["update"]
    metric = {"Namespace": "Expression", "MetricName": "Expression", "Statistic": "Sum", "Period": 300}

    def plain(props: Props) -> Props:
        kept = {key: value for key, value in props.items() if key != "Metrics"}
        return {**kept, **metric} if "Metrics" in props else props

    def create_plain(logical_id: str, props: Props, stack_name: str) -> Resource:
        created: Resource = create(logical_id, plain(props), stack_name)
        return created

    def update_plain(physical_id: str, old: Props, new: Props, stack_name: str, logical_id: str) -> Resource:
        updated: Resource = update(physical_id, plain(old), plain(new), stack_name, logical_id)
        return updated

    handlers.update(create=create_plain, update=update_plain)


def name_log_groups() -> None:
    """Set the names of unnamed log groups as CloudFormation does. MiniStack uses a different format."""
    provisioners = ministack("services.cloudformation.provisioners")
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Logs::LogGroup"]
    create, update = handlers["create"], handlers["update"]

    def create_named(logical_id: str, props: Props, stack_name: str) -> Resource:
        name = {"LogGroupName": provisioners._physical_name(stack_name, logical_id)}
        created: Resource = create(logical_id, {**name, **props}, stack_name)
        return created

    def update_named(physical_id: str, old: Props, new: Props, stack_name: str, logical_id: str) -> Resource:
        name = {"LogGroupName": physical_id}
        updated: Resource = update(physical_id, {**name, **old}, {**name, **new}, stack_name, logical_id)
        return updated

    handlers.update(create=create_named, update=update_named)


def delete_after_creation() -> None:
    """Wait with a deletion until the creation of the stack has ended. MiniStack has no list of its resources before."""
    handlers = ministack("services.cloudformation.handlers")
    stacks, delete = ministack("services.cloudformation")._stacks, handlers._delete_stack_async

    in_progress = ("CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS")

    async def wait_and_delete(stack_name: str, *arguments: Any, **options: Any) -> None:
        while stacks.get(stack_name, {}).get("StackStatus") in in_progress:  # noqa: ASYNC110 MiniStack has no event for it
            await asyncio.sleep(0.05)
        await delete(stack_name, *arguments, **options)

    handlers._delete_stack_async = wait_and_delete


def fix_comparisons() -> None:
    """Add conditions to the comparison in change sets, and compare only the values of parameters that both have."""
    changesets = ministack("services.cloudformation.changesets")
    evaluate = ministack("services.cloudformation.engine")._evaluate_conditions
    resolve, diff = changesets._resolve_props_for_diff, changesets._diff_resources

    def resolve_existing(template: Props, params: Props, stack_name: str, stack_id: str) -> Props:
        resolved: Props = resolve(template, params, stack_name, stack_id)
        conditions = evaluate(template, params) if template else {}
        existing = {
            name: resource
            for name, resource in resolved.get("Resources", {}).items()
            if conditions.get(resource.get("Condition"), True)
        }
        return {**resolved, "Resources": existing, "Parameters": (template or {}).get("Parameters", {})}

    def diff_known(old: Props, new: Props, resources: Props, template: Props, changed: set[str], retag: Any) -> Any:
        return diff(old, new, resources, template, changed & old.get("Parameters", {}).keys(), retag)

    changesets._resolve_props_for_diff, changesets._diff_resources = resolve_existing, diff_known


def fix_change_sets() -> None:
    """Add outputs to the comparison in change sets, which ignores them, and use the placeholder of a stack."""
    cloudformation = ministack("services.cloudformation")
    create = cloudformation._ACTION_HANDLERS["CreateChangeSet"]

    def create_with_outputs(params: Props) -> Any:
        before = set(cloudformation._change_sets)
        response = create(params)
        for change_set_id in set(cloudformation._change_sets) - before:
            change_set = cloudformation._change_sets[change_set_id]
            stack = cloudformation._stacks[change_set["StackName"]]
            outputs = change_set["_template"].get("Outputs") != stack["_template"].get("Outputs")
            if "didn't contain changes" in change_set["StatusReason"] and outputs:
                change_set.update(Status="CREATE_COMPLETE", ExecutionStatus="AVAILABLE", StatusReason="")
        return response

    def create_in_placeholder(params: Props) -> Any:
        """Create a change set in the stack that an earlier change set created, as AWS does, and not in a new one."""
        given = params.get("StackName", [""])[0]
        name = given.split("/")[1] if given.startswith("arn:") else given
        params = {**params, "StackName": [name]}  # MiniStack compares names of change sets only for a stack's name
        placeholder = cloudformation._stacks.get(name)
        response = create_with_outputs(params)
        if not placeholder or placeholder["StackStatus"] != "REVIEW_IN_PROGRESS":
            return response
        created = cloudformation._stacks.get(name)
        cloudformation._stacks[name] = placeholder
        if created is None or created is placeholder:
            return response
        cloudformation._stack_events.pop(created["StackId"], None)
        for change_set in cloudformation._change_sets.values():
            if change_set["StackId"] == created["StackId"]:
                change_set["StackId"] = placeholder["StackId"]
        status, headers, body = response
        old, new = created["StackId"], placeholder["StackId"]
        text = body.replace(old, new) if isinstance(body, str) else body.replace(old.encode(), new.encode())
        return status, headers, text

    cloudformation._ACTION_HANDLERS["CreateChangeSet"] = create_in_placeholder


def know_own_services() -> None:
    """Add the names of the services of this package to those that MiniStack knows.

    For other names, MiniStack loads the models of all services of the SDK, which takes several seconds.
    """
    router, services = ministack("core.router"), ministack("app").SERVICE_HANDLERS
    is_known = router._is_aws_service_name
    router._is_aws_service_name = lambda name: name in services or is_known(name)


def end_with_parent() -> None:
    """Exit when standard input closes, which happens when the parent process ends."""
    sys.stdin.buffer.read()
    os._exit(0)


def main() -> None:
    """Run the server until it is stopped or, with --with-parent, until standard input closes."""
    if "--with-parent" in sys.argv:
        threading.Thread(target=end_with_parent, daemon=True).start()
    sys.argv = sys.argv[:1]
    app = ministack("app")
    add_sagemaker()
    add_recorded_types()
    catalog_server.add_service_catalog()
    stack_sets.add_stack_sets()
    evaluation.patch()
    accept_metric_math()
    tag_buckets()
    reject_deletion_of_full_buckets()
    delete_after_creation()
    fix_comparisons()
    fix_change_sets()
    name_log_groups()
    know_own_services()
    functions.patch()
    access.patch()
    app.main()
