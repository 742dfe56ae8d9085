"""The SageMaker of the local cloud: the resource types, and the API operations that the deployer and the tests call."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

from smtemplates.local_cloud.sagemaker_types import BLOCKERS, ENDED, IN_DOMAIN, KINDS

Props = dict[str, Any]
# the value of Ref, and the attributes
Resource = tuple[str, Props]

# Parameters of List operations that do not select objects.
IGNORED = {"MaxResults", "NextToken", "SortBy", "SortOrder"}


def value_at(item: Props, path: str) -> Any:
    """Return the value at a path with dots; None if there is none."""
    found: Any = item
    for key in path.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    return found


# The folder whose models let an update of an endpoint end like a rollback: in service with the previous configuration.
ROLLED_BACK = "/rolled-back/"


class SageMaker:
    """The SageMaker objects of the local cloud, by Region, type and name."""

    def __init__(self, scope: Callable[[], tuple[str, str]]) -> None:
        """Create an empty service. `scope` returns the account and the Region of the current request."""
        self.scope = scope
        self.objects: dict[tuple[str, str, str], Props] = {}

    def create(self, kind_name: str, given: Props) -> Props:
        """Create an object, and return its description."""
        kind = KINDS[kind_name]
        account, region = self.scope()
        suffix = uuid.uuid4().hex[:12]
        name = given.get(kind.name) or (f"d-{suffix}" if kind_name == "Domain" else f"{kind.noun}-{suffix}")
        parent = f"{given['DomainId']}/" if kind_name != "Domain" and "DomainId" in given else ""
        if kind_name == "App":
            parent += f"{given.get('SpaceName') or given.get('UserProfileName')}/{given['AppType'].lower()}/"
        if kind_name == "ImageVersion":
            parent, name = f"{given['ImageName']}/", str(self.next_version(given["ImageName"]))
        if kind_name == "Domain":
            self.check_images(given)
        if kind_name in IN_DOMAIN and not self.find("Domain", DomainId=given["DomainId"]):
            raise LookupError(f"Domain {given['DomainId']} does not exist")
        taken = kind_name == "Domain" and self.find(kind_name, DomainName=given.get("DomainName"))
        earlier = self.objects.get((region, kind_name, parent + name))
        if taken or (earlier and earlier["Status"] not in ENDED):
            raise ValueError(f"{kind_name} {name} already exists")
        arn = f"arn:aws:sagemaker:{region}:{account}:{kind.noun}/{parent}{name.lower()}"
        created = {
            **given,
            **dict.fromkeys(kind.attributes, f"{kind.noun}-{suffix}"),
            kind.name: name,
            f"{kind_name}Arn": arn,
            "Arn": arn,
            "Url": f"https://{name}.studio.{region}.sagemaker.aws",
            "Status": "InService",
            f"{kind_name}Status": "InService",
        }
        if "OwnershipSettings" in given:
            created["OwnershipSettingsSummary"] = given["OwnershipSettings"]
        if kind_name == "Domain":
            created["HomeEfsFileSystemId"] = f"fs-{suffix}"
        if given.get("HomeEfsFileSystemCreation") == "Disabled":
            del created["HomeEfsFileSystemId"]
        self.objects[region, kind_name, parent + name] = created
        return created

    def next_version(self, image: str) -> int:
        """Return the number of the next version of an image."""
        if not self.find("Image", ImageName=image):
            raise LookupError(f"Image {image} does not exist")
        return 1 + max((int(one["Version"]) for one in self.find("ImageVersion", ImageName=image)), default=0)

    def check_images(self, domain: Props) -> None:
        """Reject the custom images of a domain unless their versions and configurations exist."""
        settings = [domain.get(key, {}) for key in ("DefaultUserSettings", "DefaultSpaceSettings")]
        apps = [each.get(f"{app}AppSettings", {}) for each in settings for app in ("JupyterLab", "CodeEditor")]
        for image in [image for app in apps for image in app.get("CustomImages", ())]:
            version = {"ImageName": image["ImageName"], "Version": str(image["ImageVersionNumber"])}
            config = {"AppImageConfigName": image["AppImageConfigName"]}
            if not (self.find("ImageVersion", **version) and self.find("AppImageConfig", **config)):
                raise ValueError(f"The domain names a custom image that does not exist: {image}")

    def find(self, kind_name: str, **wanted: Any) -> list[Props]:
        """Return the objects of a type with the given fields. The name can also be the ARN, or contain a text."""
        _, region = self.scope()
        found = [item for (where, kind, _), item in self.objects.items() if (where, kind) == (region, kind_name)]
        arn = f"{kind_name}Arn"
        name = KINDS[kind_name].name
        return [
            item
            for item in found
            if all(
                value_at(item, key) == value
                or (key == name and item[arn] == value)
                or (key in ("NameContains", f"{name}Contains") and value in item[name])
                for key, value in wanted.items()
            )
        ]

    def delete(self, kind_name: str, item: Props, *, only_check: bool = False) -> None:
        """Delete an object, unless it still contains others. With `only_check`, do not delete it."""
        _, region = self.scope()
        domain = {"DomainId": item["DomainId"]} if kind_name in IN_DOMAIN else {}
        name = item[KINDS[kind_name].name]
        for other, key in BLOCKERS.get(kind_name, ()):
            if inside := [one for one in self.find(other, **{**domain, key: name}) if one["Status"] not in ENDED]:
                left = f"{len(inside)} {other}{'' if len(inside) == 1 else 's'}"
                raise ValueError(f"{kind_name} {item[KINDS[kind_name].name]} still has {left}")
        for version in self.find("ImageVersion", ImageName=name) if kind_name == "Image" else ():
            self.delete("ImageVersion", version)
        for place, kept in list(self.objects.items()):
            if not only_check and kept is item and place[:2] == (region, kind_name):
                del self.objects[place]

    def check_instance_type(self, *names: str) -> None:
        """Reject a change of the instance type, as AWS does for endpoints that scale. All endpoints here do."""
        old, new = (
            {variant.get("InstanceType") for variant in config["ProductionVariants"]}
            for name in names
            for config in self.find("EndpointConfig", EndpointConfigName=name)
        )
        if None in new - old:
            raise ValueError("You cannot convert your instance-based endpoint to a serverless endpoint")
        if None not in old and new != old:
            raise ValueError("The instance type of a variant that is a target for auto scaling cannot change")

    def rolls_back(self, configuration: str) -> bool:
        """Return whether an update to a configuration is rolled back: its model data is in a folder `rolled-back`."""
        return any(
            ROLLED_BACK in str(model["PrimaryContainer"])
            for config in self.find("EndpointConfig", EndpointConfigName=configuration)
            for variant in config["ProductionVariants"]
            for model in self.find("Model", ModelName=variant["ModelName"])
        )

    def answer(self, action: str, request: Props) -> Props:
        """Return the response to one API request: Create, Describe, List or Delete of a type."""
        verb = next((verb for verb in ("Create", "Describe", "List", "Delete") if action.startswith(verb)), "")
        noun = action[len(verb) :]
        kind_name = noun.removesuffix("s") if verb == "List" else noun
        if kind_name not in KINDS:
            raise LookupError(f"the local cloud does not support {action}")
        if verb == "Create":
            created = self.create(kind_name, request)
            return {name: created[name] for name in (f"{kind_name}Arn", KINDS[kind_name].name)}
        filters = {key.removesuffix("Equals"): value for key, value in request.items() if key not in IGNORED}
        found = self.find(kind_name, **filters)
        if verb == "List":
            found = self.look(kind_name, found)
            list_name = f"{kind_name}SummaryList" if kind_name.startswith("ModelPackage") else f"{kind_name}s"
            return {list_name: found}
        if not found or found[0]["Status"] == "Deleted":
            raise LookupError(f"{kind_name} {request.get(KINDS[kind_name].name)} does not exist")
        if verb == "Delete":
            self.request_deletion(kind_name, found[0])
            return {}
        return self.look(kind_name, found[:1])[0]

    def request_deletion(self, kind_name: str, item: Props) -> None:
        """Delete an object, or begin to delete it if that takes time in AWS."""
        if kind_name == "App" and item["Status"] == "Failed":
            raise ValueError(f"App {item['AppName']} is Failed and cannot be deleted")
        self.delete(kind_name, item, only_check=kind_name in IN_DOMAIN)
        if kind_name in IN_DOMAIN:
            item["Status"] = "Deleting"

    def look(self, kind_name: str, found: list[Props]) -> list[Props]:
        """Return a copy of objects, and end the deletions in progress: AWS still lists deleted apps for some time."""
        shown = [dict(item) for item in found]
        for item in found:
            if item["Status"] == "Deleting" and kind_name == "App":
                item["Status"] = "Deleted"
            elif item["Status"] == "Deleting":
                self.delete(kind_name, item)
        return shown

    async def serve(self, _method: str, _path: str, headers: Props, body: bytes, _query: Props) -> tuple[Any, ...]:
        """Handle a request of the JSON protocol, in the form of a MiniStack service."""
        action = headers.get("x-amz-target", "").split(".")[-1]
        status, answer = 200, {}
        try:
            answer = self.answer(action, json.loads(body or b"{}"))
        except LookupError as error:
            status, answer = 400, {"__type": "ResourceNotFound", "message": str(error.args[0])}
        except ValueError as error:
            status, answer = 400, {"__type": "ResourceInUse", "message": str(error)}
        return status, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(answer, default=str).encode()

    def handlers(self, kind_name: str) -> dict[str, Any]:
        """Return the functions with which CloudFormation creates, updates and deletes a type."""
        kind = KINDS[kind_name]

        def create(logical_id: str, props: Props, stack_name: str) -> Resource:
            given = dict(props)
            if kind_name != "Domain" and not given.get(kind.name):
                given[kind.name] = f"{stack_name[:20]}-{logical_id[:20]}-{uuid.uuid4().hex[:8]}"
            container = given.get("PrimaryContainer", {})
            if isinstance(text := container.get("Environment"), str):
                given["PrimaryContainer"] = {**container, "Environment": json.loads(text)}
            created = self.create(kind_name, given)
            return created[kind.ref], created

        def find(physical_id: str, props: Props) -> list[Props]:
            # two domains can have user profiles, spaces and apps with the same names
            inside = {key: props[key] for key in ("DomainId",) if kind_name in IN_DOMAIN}
            return [item for item in self.find(kind_name, **inside) if item[kind.ref] == physical_id]

        def update(physical_id: str, _old: Props, props: Props, _stack_name: str) -> Resource:
            item = find(physical_id, props)[0]
            if kind_name == "Endpoint":
                served, wanted = item["EndpointConfigName"], props["EndpointConfigName"]
                self.check_instance_type(served, wanted)
                props = {**props, "EndpointConfigName": served if self.rolls_back(wanted) else wanted}
            if kind_name == "Domain":
                self.check_images(props)
            item.update(props)
            return physical_id, item

        def delete(physical_id: str, props: Props) -> None:
            for item in find(physical_id, props):
                self.delete(kind_name, item)

        return {"create": create, "update": update, "delete": delete}
