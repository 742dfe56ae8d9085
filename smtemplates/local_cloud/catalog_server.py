"""Connect the Service Catalog of the local cloud with MiniStack: the API, the types, and the stacks of launches."""

# ruff: noqa: SLF001 - MiniStack has no public interface for this, so private members of the locked version are patched
from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from importlib import import_module
from typing import Any

from smtemplates.local_cloud.launches import LaunchCatalog
from smtemplates.local_cloud.service_catalog import Props, RefusedError

_BOTH = ("PortfolioId", "ProductId")
# Properties whose change replaces a resource, from the provider schemas.
CREATE_ONLY = {
    "AWS::ServiceCatalog::CloudFormationProduct": (),
    "AWS::ServiceCatalog::LaunchNotificationConstraint": _BOTH,
    "AWS::ServiceCatalog::LaunchRoleConstraint": _BOTH,
    "AWS::ServiceCatalog::LaunchTemplateConstraint": _BOTH,
    "AWS::ServiceCatalog::Portfolio": (),
    "AWS::ServiceCatalog::PortfolioPrincipalAssociation": ("PortfolioId", "PrincipalARN", "PrincipalType"),
    "AWS::ServiceCatalog::PortfolioProductAssociation": (*_BOTH, "SourcePortfolioId"),
    "AWS::ServiceCatalog::PortfolioShare": ("AccountId", "PortfolioId"),
    "AWS::ServiceCatalog::ResourceUpdateConstraint": _BOTH,
    "AWS::ServiceCatalog::TagOption": ("Key", "Value"),
    "AWS::ServiceCatalog::TagOptionAssociation": ("ResourceId", "TagOptionId"),
}
BUCKET_HOST = re.compile(r"https://([^/]+)[.]s3[.-][^/]*/")
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]


def add_service_catalog() -> None:
    """Register the API, and pass the resources of stacks to the catalog of their account and Region."""
    responses = import_module("ministack.core.responses")
    catalogs: dict[tuple[str, str], LaunchCatalog] = {}
    lock = threading.RLock()

    def catalog() -> LaunchCatalog:
        place = (responses.get_account_id(), responses.get_region())
        return catalogs.setdefault(place, LaunchCatalog(*place, LoopbackStacks(*place), template_at))

    def answer(found: LaunchCatalog, action: str, body: bytes) -> tuple[int, Props]:
        try:
            with lock:
                return 200, found.call(action, json.loads(body or b"{}"))
        except RefusedError as error:
            return 400, {"__type": error.code, "message": str(error)}

    async def serve(_method: str, _path: str, headers: Props, body: bytes, _query: Props) -> tuple[Any, ...]:
        action = headers.get("x-amz-target", "").split(".")[-1]
        # in a thread, because a launch sends requests to this server
        status, content = await asyncio.to_thread(answer, catalog(), action, body)
        text = json.dumps(content, default=datetime.timestamp)
        return status, {"Content-Type": "application/x-amz-json-1.1"}, text.encode()

    import_module("ministack.app").SERVICE_HANDLERS["servicecatalog"] = serve
    provisioners = import_module("ministack.services.cloudformation.provisioners")
    for type_name, create_only in CREATE_ONLY.items():
        provisioners._REPLACING_PROPERTIES.setdefault(type_name, create_only)
    types = provisioners._RESOURCE_HANDLERS
    for type_name, (put, remove) in LaunchCatalog.HANDLERS.items():
        _connect(types[type_name], catalog, put, remove)


def _connect(handlers: Props, catalog: Callable[[], LaunchCatalog], put: str, remove: str) -> None:
    """Pass the resources of a type to two methods of a catalog. `put` can reject a resource with ValueError."""
    create, update, delete = handlers["create"], handlers["update"], handlers["delete"]

    def create_and_pass(logical_id: str, props: Props, stack_name: str) -> tuple[str, Props]:
        created: tuple[str, Props] = create(logical_id, props, stack_name)
        getattr(catalog(), put)(created[0], props)
        return created

    def update_and_pass(physical_id: str, old: Props, props: Props, stack_name: str) -> tuple[str, Props]:
        updated: tuple[str, Props] = update(physical_id, old, props, stack_name)
        getattr(catalog(), put)(updated[0], props)
        return updated

    def delete_and_pass(physical_id: str, props: Props) -> None:
        delete(physical_id, props)
        getattr(catalog(), remove)(physical_id, props)

    handlers.update(create=create_and_pass, update=update_and_pass, delete=delete_and_pass)


def template_at(url: str) -> Props | None:
    """Return the template at a URL of the local cloud; None if there is no object, or it is not a template."""
    cloudformation = import_module("ministack.services.cloudformation.handlers")
    if bucket := BUCKET_HOST.match(url):  # MiniStack reads the bucket from the path
        url = url.replace(bucket[0], f"https://s3.amazonaws.com/{bucket[1]}/")
    body, error = cloudformation._resolve_template({"TemplateURL": [url]})
    if error or not body:
        return None
    try:
        template: Props = cloudformation._parse_template(body)
    except Exception:  # noqa: BLE001 the errors of the parser of MiniStack are not documented
        return None
    return template if isinstance(template.get("Resources"), dict) else None


class LoopbackStacks:
    """The stacks of an account and Region, through requests to this server, so that IAM evaluates the launch role."""

    def __init__(self, account: str, region: str) -> None:
        self.account, self.region = account, region

    def client(self, service: str, credentials: Props | None = None, region: str = "") -> Any:
        """Return a client with temporary credentials, or with all permissions in the account."""
        given = credentials or {"AccessKeyId": self.account, "SecretAccessKey": "test"}
        return import_module("boto3").client(
            service,
            region_name=region or self.region,
            endpoint_url=os.environ["AWS_ENDPOINT_URL"],
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given.get("SessionToken"),
        )

    def cloudformation(self, role: str | None) -> Any:
        """Return CloudFormation with the credentials of a launch role, as Service Catalog uses them."""
        if role is None:
            return self.client("cloudformation")
        arn = f"arn:aws:iam::{self.account}:role/{role}"
        assumed = self.client("sts").assume_role(RoleArn=arn, RoleSessionName="servicecatalog")
        return self.client("cloudformation", assumed["Credentials"])

    def create(self, role: str | None, name: str, template: Props, parameters: list[Props], tags: list[Props]) -> str:
        """Start the creation of a stack, and return its ID. AWS reports an error of this call in the record."""
        with _refused(), self.copy(template) as url:
            created = self.cloudformation(role).create_stack(
                StackName=name, TemplateURL=url, Parameters=parameters, Tags=tags, Capabilities=CAPABILITIES
            )
        return str(created["StackId"])

    @contextlib.contextmanager
    def copy(self, template: Props) -> Iterator[str]:
        """Yield the URL of a copy of a template, with the tag that Service Catalog sets, and delete it afterwards."""
        s3, bucket = self.client("s3", region="us-east-1"), f"sc-{self.account}-{uuid.uuid4().hex[:12]}"
        s3.create_bucket(Bucket=bucket)
        tag = "servicecatalog%3Aprovisioning=true"
        s3.put_object(Bucket=bucket, Key="template", Body=json.dumps(template).encode(), Tagging=tag)
        try:
            yield f"{os.environ['AWS_ENDPOINT_URL']}/{bucket}/template"
        finally:
            s3.delete_object(Bucket=bucket, Key="template")
            s3.delete_bucket(Bucket=bucket)

    def status(self, name: str) -> tuple[str, str]:
        """Return the status of a stack and the first reason of a failure; empty if there is no stack."""
        client = self.client("cloudformation")
        try:
            (stack,) = client.describe_stacks(StackName=name)["Stacks"]
        except import_module("botocore.exceptions").ClientError:
            return "", ""
        if stack["StackStatus"] == "DELETE_COMPLETE":
            return "", ""
        events = client.describe_stack_events(StackName=name)["StackEvents"]
        failures = [one.get("ResourceStatusReason", "") for one in events if one["ResourceStatus"].endswith("_FAILED")]
        return stack["StackStatus"], failures[-1] if failures else ""

    def delete(self, role: str | None, name: str) -> None:
        """Start the deletion of a stack."""
        with _refused():
            self.cloudformation(role).delete_stack(StackName=name)


@contextlib.contextmanager
def _refused() -> Iterator[None]:
    """Raise an error of AWS as an error response of Service Catalog."""
    try:
        yield
    except import_module("botocore.exceptions").ClientError as error:
        raise RefusedError("InvalidParametersException", error.response["Error"]["Message"]) from error
