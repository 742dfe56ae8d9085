"""Translate the recorded calls of an SDK into requests to IAM."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import samples
from access.simulator import Request

HERE = f"us-east-1:{samples.ACCOUNT}:"
# The permissions for operations of S3 that have another name.
# Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
S3 = {
    "HeadObject": "GetObject",
    "HeadBucket": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListBuckets": "ListAllMyBuckets",
}
KINDS = {"PipelineExecution": "pipeline"}
PASSED = ("RoleArn", "ExecutionRoleArn")


def requests(call: Mapping[str, Any]) -> Iterator[Request]:
    """Yield the request to IAM for a recorded call, and the requests for the role and the tags in it."""
    service, operation, parameters = call["service"], call["operation"], call["parameters"]
    if service == "sts":
        return  # GetCallerIdentity needs no permission
    if service == "s3":
        yield from _s3(operation, parameters)
    elif service == "sagemaker":
        yield from _sagemaker(operation, parameters)
    elif service == "logs":
        yield Request(f"logs:{operation}", f"arn:aws:logs:{HERE}log-group:{parameters['logGroupName']}")
    elif service == "iam":
        role = parameters.get("PolicySourceArn") or f"arn:aws:iam::{samples.ACCOUNT}:role/{parameters['RoleName']}"
        yield Request(f"iam:{operation}", role)
    else:
        yield Request(f"{'cloudwatch' if service == 'monitoring' else service}:{operation}")


def tagged(calls: Iterable[Mapping[str, Any]], tags: Mapping[str, str]) -> Iterator[tuple[Mapping[str, Any], Request]]:
    """Yield each recorded call and its requests, with the tags of the request and of the resource.

    A resource that no recorded call created has `tags`.
    """
    known: dict[str, Mapping[str, str]] = {}
    for call in calls:
        given = {tag["Key"]: tag["Value"] for tag in call["parameters"].get("Tags", ())}
        for request in requests(call):
            creates = request.action.startswith("sagemaker:Create")
            present = (
                {} if creates or not request.action.startswith("sagemaker:") else known.get(request.resource, tags)
            )
            keys = {f"aws:ResourceTag/{key}": value for key, value in present.items()}
            if creates or request.action == "sagemaker:AddTags":
                keys |= {f"aws:RequestTag/{key}": value for key, value in given.items()}
                known[request.resource] = {**present, **given}
            yield call, replace(request, context={**request.context, **keys})


def _s3(operation: str, parameters: Mapping[str, Any]) -> Iterator[Request]:
    path = "/".join(parameters[name] for name in ("Bucket", "Key") if name in parameters)
    yield Request(f"s3:{S3.get(operation, operation)}", f"arn:aws:s3:::{path}" if path else "*")
    if key := parameters.get("SSEKMSKeyId"):
        yield Request("kms:GenerateDataKey", key, {"kms:ViaService": "s3.us-east-1.amazonaws.com"})


def _sagemaker(operation: str, parameters: Mapping[str, Any]) -> Iterator[Request]:
    resource = _resource(operation, parameters)
    yield Request(f"sagemaker:{operation}", resource, dict(_context(parameters)))
    if operation != "AddTags" and parameters.get("Tags"):
        yield Request("sagemaker:AddTags", resource, {"sagemaker:TaggingAction": operation})
    passed = [value for name, value in _values(parameters) if name in PASSED]
    if passed and operation.startswith(("Create", "Update")):
        yield Request("iam:PassRole", passed[0], {"iam:PassedToService": "sagemaker.amazonaws.com"})


def _resource(operation: str, parameters: Mapping[str, Any]) -> str:
    if arn := parameters.get("ResourceArn"):
        return re.sub(r":\d{12}:", f":{samples.ACCOUNT}:", str(arn))  # Moto has another account
    if operation in {"Search", "ListTags"}:
        return "*"
    noun = re.sub("^(Create|Delete|Describe|Start|Update)", "", operation).removesuffix("Execution")
    if noun == "ModelPackage":
        return f"arn:aws:sagemaker:{HERE}model-package/{parameters['ModelPackageGroupName']}/1"
    kind = re.sub("(?<=[a-z])(?=[A-Z])", "-", noun).lower()
    return f"arn:aws:sagemaker:{HERE}{kind}/{parameters[f'{noun}Name']}"


def _context(parameters: Mapping[str, Any]) -> Iterator[tuple[str, str | list[str]]]:
    """Yield the condition keys that SageMaker sends for the parameters of a call.

    Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html
    """
    found = list(_values(parameters))
    if types := [value for name, value in found if name == "InstanceType"]:
        yield "sagemaker:InstanceTypes", types
    for name, value in found:
        if name == "VpcConfig":
            yield "sagemaker:VpcSubnets", value["Subnets"]
            yield "sagemaker:VpcSecurityGroupIds", value["SecurityGroupIds"]
        elif name == "MaxRuntimeInSeconds":
            yield "sagemaker:MaxRuntimeInSeconds", str(value)
        elif name == "ModelApprovalStatus":
            yield "sagemaker:ModelApprovalStatus", value


def _values(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield all names and values in the parameters of a call, at any depth."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield name, inner
            yield from _values(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _values(inner)
