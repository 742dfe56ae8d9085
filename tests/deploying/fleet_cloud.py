"""A Moto server with the resource type AWS::CloudFormation::StackSet. Moto has only the API for stack sets.

It prints its endpoint and runs until its standard input ends. As on AWS, the stacks of a stack set are created in each
Region from the template at TemplateURL. The evaluation of templates by Moto is incomplete, so the templates are
evaluated here first, and resources of types that Moto lacks are omitted. Moto generates the names, and refuses two
roles of the same name.
"""

from __future__ import annotations

import json
import sys
import uuid
import warnings
from typing import Any
from urllib.parse import urlsplit

from moto.cloudformation.models import StackInstance, cloudformation_backends
from moto.cloudformation.parsing import get_model_map
from moto.core.common_models import CloudFormationModel
from moto.core.exceptions import ServiceException
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer
from werkzeug.exceptions import HTTPException

from smtemplates.errors import Error
from smtemplates.evaluate import Stack
from smtemplates.synth.loader import load


class Instance(StackInstance):
    """A stack of a stack set: CURRENT, or OUTDATED with the reason why it was not created."""

    def __init__(self, stack_set: Any, account: str, region: str, template: dict[str, Any]) -> None:
        self.account_id, self.region_name = account, region
        self.stackset_id, self.parameters, self.reason = stack_set.id, [], ""
        self.name = self.stack_name = f"StackSet-{stack_set.name}-{uuid.uuid4()}"
        try:
            body = _resolved(template, stack_set.parameters, self.name, account, region)
            cloudformation_backends[account][region].create_stack(name=self.name, template=body, parameters={})
        except (Error, HTTPException, ServiceException) as error:
            self.reason = str(error)

    def to_dict(self) -> dict[str, Any]:
        values: dict[str, Any] = super().to_dict()
        if self.reason:
            values.update(Status="OUTDATED", StatusReason=self.reason, StackInstanceStatus={"DetailedStatus": "FAILED"})
        return values


class StackSet(CloudFormationModel):
    """The resource: it creates the stack set and its stacks in one operation, which succeeds even if stacks fail."""

    def __init__(self, stack_set: Any) -> None:
        self.physical_resource_id = stack_set.id

    @staticmethod
    def cloudformation_name_type() -> str:
        return ""

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::CloudFormation::StackSet"

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,  # noqa: ARG003 Moto passes it by name
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
        **_more: Any,
    ) -> StackSet:
        properties = cloudformation_json["Properties"]
        url = urlsplit(properties["TemplateURL"])
        bucket, key = url.netloc.partition(".")[0], url.path[1:]
        staged: Any = s3_backends[account_id]["aws"].get_object(bucket, key)
        text = staged.value.decode()
        stack_set = cloudformation_backends[account_id][region_name].create_stack_set(
            name=properties["StackSetName"],
            template=text,
            parameters={one["ParameterKey"]: str(one["ParameterValue"]) for one in properties["Parameters"]},
            tags={one["Key"]: one["Value"] for one in properties["Tags"]},
            permission_model=properties["PermissionModel"],
            admin_role=None,
            exec_role=None,
            description=properties["Description"],
        )
        (group,) = properties["StackInstancesGroup"]
        accounts, regions = group["DeploymentTargets"]["Accounts"], group["Regions"]
        stack_set.stack_instances += [
            Instance(stack_set, account, region, load(text)) for account in accounts for region in regions
        ]
        stack_set._create_operation(str(uuid.uuid4()), "CREATE", "SUCCEEDED", accounts, regions)  # noqa: SLF001 Moto has no other
        return cls(stack_set)


def _resolved(template: dict[str, Any], parameters: dict[str, str], name: str, account: str, region: str) -> str:
    """Return a template with everything evaluated except references to resources that Moto creates."""
    known = get_model_map()
    types = {logical_id: body["Type"] for logical_id, body in template["Resources"].items()}

    def physical(logical_id: str, attribute: str | None) -> Any:
        if types[logical_id] not in known:
            return f"arn:aws:service:{region}:{account}:{logical_id}"
        return {"Ref": logical_id} if attribute is None else {"Fn::GetAtt": [logical_id, attribute]}

    stack_id = f"arn:aws:cloudformation:{region}:{account}:stack/{name}/{uuid.uuid4()}"
    pseudo = {"AWS::Region": region, "AWS::AccountId": account, "AWS::StackName": name, "AWS::StackId": stack_id}
    stack = Stack(template, parameters, pseudo=pseudo, physical=physical)
    whole = stack.template()  # including outputs, which can also fail
    supported = {logical_id: body for logical_id, body in whole["Resources"].items() if body["Type"] in known}
    for body in supported.values():
        after = body.pop("DependsOn", [])
        body["DependsOn"] = [one for one in ([after] if isinstance(after, str) else after) if one in supported]
    return json.dumps({"Resources": supported})


def main() -> None:
    """Run the server until standard input ends."""
    warnings.simplefilter("ignore")
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    print("http://{}:{}".format(*server.get_host_and_port()), flush=True)  # noqa: T201 the test reads it
    sys.stdin.read()
    server.stop()


if __name__ == "__main__":
    main()
