"""Update complete stacks of the released templates on a local cloud, with the deployer and its plans."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from release_changes import Change

from smtemplates import deploy
from smtemplates.deploy import Allowed, Cloud, Plan, Request, Settings
from smtemplates.synth.loader import load

SDK: Any = import_module("boto3")  # it has no types
REGION = "us-east-1"
FATES = {"delete": "is deleted", "replace": "is replaced", "may replace": "may be replaced"}
# The template that the stacks of the other templates use: of a product, and of a stack set.
SMALL = "Resources: {Handle: {Type: 'AWS::CloudFormation::WaitConditionHandle'}}\n"


@dataclass(frozen=True, kw_only=True)
class Update:
    """An update of a complete stack: its plan, and the physical IDs of the resources before and after it."""

    plan: Plan
    before: Mapping[str, str]
    after: Mapping[str, str]
    release_changes_nothing: bool

    def changes(self, template: str) -> list[Change]:
        """Return the resources that the update replaces or deletes, by its plan or by their physical IDs."""
        found = {change.id: FATES.get(change.fate, "loses resources") for change in self.plan.destructive}
        for name, physical_id in self.before.items():
            if name not in self.after:
                found.setdefault(name, "is deleted, which the plan does not show")
            elif self.after[name] != physical_id:
                found.setdefault(name, "is replaced, which the plan does not show")
        return [Change(template, name, text) for name, text in found.items()]


def created_ids(url: str) -> dict[str, str]:
    """Create a network and a template on a local cloud, and return the values of the placeholders in full.toml."""
    ec2, s3 = _client(url, "ec2"), _client(url, "s3")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    bucket, key = f"templates-{uuid.uuid4().hex}", f"smtemplates/{hashlib.sha256(SMALL.encode()).hexdigest()}.template"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key=key, Body=SMALL.encode())
    return {"@VPC@": vpc, "@SUBNET@": subnet, "@TEMPLATE_URL@": f"https://{bucket}.s3.{REGION}.amazonaws.com/{key}"}


def update(url: str, old: Path, new: Path, full: Mapping[str, str], *, scratch: Path) -> Update:
    """Create a complete stack from a released template, update it to the new template, and delete it.

    `full` are the parameters of a complete stack. Other parameters than those of the released template are left out.
    `scratch` is a folder for a copy of the new template with another release.

    Raises:
        DeploymentError: the creation, the update or the deletion failed.
    """
    cloud = Cloud(deploy.Connection(region=REGION, endpoint_url=url))
    stack = f"released-{uuid.uuid4().hex[:10]}"
    released = load(old.read_text("utf-8"))["Parameters"]
    settings = Settings(parameters={name: value for name, value in full.items() if name in released})
    kept = Settings()  # an update keeps all parameters

    def request(template: Path, settings: Settings) -> Request:
        content = deploy.read_template(template)
        return Request(stack=stack, template=content, settings=settings, staging=deploy.Bucket())

    deploy.deploy(cloud, request(old, settings))
    before = _physical_ids(url, stack)
    plan = deploy.plan(cloud, request(new, kept))
    deploy.deploy(cloud, request(new, kept), allowed=Allowed(destructive=True, studio=True))
    after = _physical_ids(url, stack)
    other = scratch / new.name
    other.write_text(new.read_text("utf-8").replace("    Release: ", "    Release: 999."), encoding="utf-8")
    unchanged = deploy.plan(cloud, request(other, kept)).empty
    deploy.destroy(cloud, stack, delete_data=True, clear_studio=True)
    return Update(plan=plan, before=before, after=after, release_changes_nothing=unchanged)


def _physical_ids(url: str, stack: str) -> dict[str, str]:
    found = _client(url, "cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
    return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found}


def _client(url: str, service: str) -> Any:
    """Return a client with its own session, because the session that boto3 keeps can have other credentials."""
    return SDK.Session(region_name=REGION).client(service, endpoint_url=url)
