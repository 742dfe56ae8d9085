"""The server of the local cloud: MiniStack, and what it lacks of SageMaker and CloudFormation.

It runs in .venv-local-cloud, never in the project's, so
MiniStack is imported by name at run time.
"""

# ruff: noqa: SLF001 - MiniStack has no public way to add a type, so this reaches into the version that is locked
from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
import uuid
from importlib import import_module
from typing import Any

from smtemplates.local_cloud import access
from smtemplates.local_cloud.sagemaker import KINDS, Made, Props, SageMaker

# What cannot change without a replacement, of types whose every change MiniStack takes for a possible replacement.
CREATE_ONLY = {
    "AWS::CloudWatch::Alarm": ("AlarmName",),
    "AWS::CloudWatch::Dashboard": ("DashboardName",),
    "AWS::EC2::SecurityGroup": ("GroupDescription", "GroupName", "VpcId"),
    "AWS::Events::Rule": ("Name",),
    "AWS::IAM::ManagedPolicy": ("Description", "ManagedPolicyName", "Path"),
    "AWS::IAM::Role": ("Path", "RoleName"),
    "AWS::KMS::Key": (),
    "AWS::Lambda::Function": ("FunctionName", "PackageType"),
    "AWS::Logs::LogGroup": ("LogGroupName",),
    "AWS::S3::Bucket": ("BucketName",),
    "AWS::S3::BucketPolicy": ("Bucket",),
    "AWS::SNS::Topic": ("FifoTopic", "TopicName"),
}
# The prefix of a type's IDs, and how many characters follow.
RECORDED = {
    "AWS::ApplicationAutoScaling::ScalableTarget": ("target", 13),
    "AWS::ApplicationAutoScaling::ScalingPolicy": ("policy", 13),
    "AWS::CloudFormation::StackSet": ("workspaces", 8),
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


def ministack(name: str) -> Any:
    """Import one of MiniStack's modules."""
    return import_module(f"ministack.{name}")


def add_sagemaker() -> None:
    """Register the SageMaker types with CloudFormation, and their API."""
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


def record() -> None:
    """Take types that change nothing that is simulated; each resource gets an ID that looks like AWS's."""
    handlers = ministack("services.cloudformation.provisioners")._RESOURCE_HANDLERS
    for type_name, (prefix, digits) in RECORDED.items():
        handlers[type_name] = _recorder(prefix, digits)


def launch_nothing() -> None:
    """Say that nothing has been launched from Service Catalog, of which MiniStack has nothing, and refuse the rest."""

    async def serve(_method: str, _path: str, headers: Props, _body: bytes, _query: Props) -> tuple[Any, ...]:
        action = headers.get("x-amz-target", "").split(".")[-1]
        status, answer = 200, {"ProvisionedProducts": [], "TotalResultsCount": 0}
        if action != "SearchProvisionedProducts":
            told = "the local cloud has no Service Catalog: it only gives IDs to what a stack makes there"
            status, answer = 400, {"__type": "NotImplemented", "message": told}
        return status, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(answer).encode()

    ministack("app").SERVICE_HANDLERS["servicecatalog"] = serve


def _recorder(prefix: str, digits: int) -> dict[str, Any]:
    def create(logical_id: str, _props: Props, stack_name: str) -> Made:
        return f"{prefix}-{uuid.uuid5(uuid.NAMESPACE_DNS, stack_name + logical_id).hex[:digits]}", {}

    def update(physical_id: str, _old: Props, _props: Props, _stack_name: str) -> Made:
        return physical_id, {}

    return {"create": create, "update": update, "delete": lambda _physical_id, _props: None}


def keep_full_buckets() -> None:
    """Make CloudFormation refuse to delete a bucket that holds objects, as AWS does."""
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


def accept_metric_math() -> None:
    """Keep an alarm on an expression as one on a metric that never has data: MiniStack has no metric math."""
    handlers = ministack("services.cloudformation.provisioners")._RESOURCE_HANDLERS["AWS::CloudWatch::Alarm"]
    create, update = handlers["create"], handlers["update"]
    metric = {"Namespace": "Expression", "MetricName": "Expression", "Statistic": "Sum", "Period": 300}

    def plain(props: Props) -> Props:
        kept = {key: value for key, value in props.items() if key != "Metrics"}
        return {**kept, **metric} if "Metrics" in props else props

    def create_plain(logical_id: str, props: Props, stack_name: str) -> Made:
        made: Made = create(logical_id, plain(props), stack_name)
        return made

    def update_plain(physical_id: str, old: Props, new: Props, stack_name: str, logical_id: str) -> Made:
        made: Made = update(physical_id, plain(old), plain(new), stack_name, logical_id)
        return made

    handlers.update(create=create_plain, update=update_plain)


def name_log_groups() -> None:
    """Name log groups as CloudFormation names what has no name; MiniStack has a scheme of its own for them."""
    provisioners = ministack("services.cloudformation.provisioners")
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Logs::LogGroup"]
    create, update = handlers["create"], handlers["update"]

    def create_named(logical_id: str, props: Props, stack_name: str) -> Made:
        name = {"LogGroupName": provisioners._physical_name(stack_name, logical_id)}
        made: Made = create(logical_id, {**name, **props}, stack_name)
        return made

    def update_named(physical_id: str, old: Props, new: Props, stack_name: str, logical_id: str) -> Made:
        name = {"LogGroupName": physical_id}
        made: Made = update(physical_id, {**name, **old}, {**name, **new}, stack_name, logical_id)
        return made

    handlers.update(create=create_named, update=update_named)


def delete_after_creation() -> None:
    """Let a deletion wait for the creation under way: only at its end does MiniStack know what there is to delete."""
    handlers = ministack("services.cloudformation.handlers")
    stacks, delete = ministack("services.cloudformation")._stacks, handlers._delete_stack_async

    under_way = ("CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS")

    async def wait_and_delete(stack_name: str, *arguments: Any, **options: Any) -> None:
        while stacks.get(stack_name, {}).get("StackStatus") in under_way:  # noqa: ASYNC110 MiniStack has no event for it
            await asyncio.sleep(0.05)
        await delete(stack_name, *arguments, **options)

    handlers._delete_stack_async = wait_and_delete


def fix_change_sets() -> None:
    """Let change sets see conditions and outputs, which MiniStack's comparison leaves out."""
    changesets = ministack("services.cloudformation.changesets")
    cloudformation = ministack("services.cloudformation")
    evaluate = ministack("services.cloudformation.engine")._evaluate_conditions
    resolve, create = changesets._resolve_props_for_diff, cloudformation._ACTION_HANDLERS["CreateChangeSet"]

    def resolve_made(template: Props, params: Props, stack_name: str, stack_id: str) -> Props:
        resolved: Props = resolve(template, params, stack_name, stack_id)
        conditions = evaluate(template, params) if template else {}
        made = {
            name: resource
            for name, resource in resolved.get("Resources", {}).items()
            if conditions.get(resource.get("Condition"), True)
        }
        return {**resolved, "Resources": made}

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

    changesets._resolve_props_for_diff = resolve_made
    cloudformation._ACTION_HANDLERS["CreateChangeSet"] = create_with_outputs


def fix_conditions() -> None:
    """Let conditions use every function that AWS lets them use; MiniStack knows a few of them there."""
    engine = ministack("services.cloudformation.engine")
    old = engine._evaluate_conditions

    def evaluate(template: Props, params: Props) -> dict[str, bool]:
        conditions = template.get("Conditions", {})
        known: dict[str, bool] = {}

        def truth(expression: Any) -> bool:
            ((function, arguments),) = expression.items()
            if function == "Condition":
                if arguments not in known:
                    known[arguments] = truth(conditions[arguments])
                return known[arguments]
            if function == "Fn::Equals":
                left, right = (
                    engine._resolve_refs(side, {}, params, known, template.get("Mappings", {}), "", "")
                    for side in arguments
                )
                return bool(left == right)
            parts = [truth(part) for part in arguments]
            return {"Fn::And": all(parts), "Fn::Or": any(parts), "Fn::Not": not parts[0]}[function]

        return {name: truth({"Condition": name}) for name in conditions}

    for name, module in list(sys.modules.items()):
        if (
            name.startswith("ministack.services.cloudformation")
            and getattr(module, "_evaluate_conditions", None) is old
        ):
            module._evaluate_conditions = evaluate  # type: ignore[attr-defined] # it is there, as just seen


def end_with_parent() -> None:
    """End this process when the one that started it is gone, however it went."""
    sys.stdin.buffer.read()
    os._exit(0)


def main() -> None:
    """Serve until stopped; with --with-parent, until standard input closes."""
    if "--with-parent" in sys.argv:
        threading.Thread(target=end_with_parent, daemon=True).start()
    sys.argv = sys.argv[:1]
    app = ministack("app")
    add_sagemaker()
    record()
    launch_nothing()
    fix_conditions()
    accept_metric_math()
    keep_full_buckets()
    delete_after_creation()
    fix_change_sets()
    name_log_groups()
    access.ask_like_iam()
    app.main()
