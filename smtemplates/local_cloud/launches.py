"""Launches of products on the local cloud: Service Catalog creates a stack with the launch role.

It does not check whether the user has access to the portfolio, and provisions in the account of the portfolio only.
"""

# ruff: noqa: N803 - arguments have the names of the API
from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from types import MappingProxyType
from typing import Protocol

from smtemplates.aws.endpoints import is_local
from smtemplates.local_cloud.service_catalog import Catalog, Props, RefusedError

CONSTRAINTS = (
    "AllowedPattern",
    "AllowedValues",
    "ConstraintDescription",
    "MaxLength",
    "MaxValue",
    "MinLength",
    "MinValue",
)


class Stacks(Protocol):
    """Create, read and delete stacks with the credentials of a role."""

    def create(self, role: str | None, name: str, template: Props, parameters: list[Props], tags: list[Props]) -> str:
        """Start the creation of a stack, and return its ID. An error of AWS is a RefusedError."""

    def status(self, name: str) -> tuple[str, str]:
        """Return the status of a stack and its reason; the status is empty if there is no stack."""

    def delete(self, role: str | None, name: str) -> None:
        """Start the deletion of a stack. An error of AWS is a RefusedError."""


@dataclass
class Product:
    """The name of a product, its launch role, and the Rules of its constraints, which are added to the template."""

    name: str
    launch_role: str | None = None
    rules: Props = field(default_factory=dict)


class LaunchCatalog(Catalog):
    """The products of one account and Region, with launches."""

    HANDLERS = MappingProxyType(
        {
            "AWS::ServiceCatalog::CloudFormationProduct": ("put_product", "remove_product"),
            "AWS::ServiceCatalog::LaunchRoleConstraint": ("put_launch_role", "remove_launch_role"),
            "AWS::ServiceCatalog::LaunchTemplateConstraint": ("put_rules", "remove_rules"),
        }
    )
    """The methods that receive the ID and the properties of a resource that a stack puts or removes."""

    def __init__(self, account: str, region: str, stacks: Stacks, template: Callable[[str], Props | None]) -> None:
        super().__init__(template)
        self.account, self.region, self.stacks = account, region, stacks
        self.about: dict[str, Product] = {}

    def describe_provisioning_parameters(self, **selected: str) -> Props:
        """Return the parameters that a user of the product sees."""
        template = self._template(*self._selected(**selected))
        outputs = [
            {"Key": name, **({"Description": body["Description"]} if "Description" in body else {})}
            for name, body in template.get("Outputs", {}).items()
        ]
        return {
            "ProvisioningArtifactParameters": [
                _parameter(name, body) for name, body in template.get("Parameters", {}).items()
            ],
            "ProvisioningArtifactOutputKeys": outputs,
        }

    def provision_product(
        self,
        ProvisionedProductName: str,
        ProvisionToken: str,
        ProvisioningParameters: list[Props] | None = None,
        Tags: list[Props] | None = None,
        **selected: str,
    ) -> Props:
        """Create a stack from a version of a product, with the launch role."""
        product_id, artifact = self._selected(**selected)
        for one in self.provisioned:
            if one["IdempotencyToken"] == ProvisionToken:
                return {"RecordDetail": self._record(one)}
        if any(one["Name"] == ProvisionedProductName for one in self.current()):
            raise RefusedError("DuplicateResourceException", f"{ProvisionedProductName} already exists.")
        version = self.version(product_id, artifact)
        if not version["Active"] or version["Guidance"] == "DEPRECATED":
            text = f"Version {version['Name']} is inactive or deprecated, and cannot be launched."
            raise RefusedError("InvalidParametersException", text)
        product = self.about[product_id]
        identity, template = f"pp-{uuid.uuid4().hex[:13]}", self._template(product_id, artifact)
        stack = f"SC-{self.account}-{identity}"
        parameters = [
            {"ParameterKey": one["Key"], "ParameterValue": one["Value"]} for one in ProvisioningParameters or []
        ]
        names = [one["ParameterKey"] for one in parameters]
        if unknown := [name for name in names if name not in template.get("Parameters", {})]:
            text = f"Parameters: [{', '.join(unknown)}] do not exist in the template"
            raise RefusedError("InvalidParametersException", text)
        body = {**template, "Rules": {**template.get("Rules", {}), **product.rules}}
        made = {
            "Id": identity,
            "Name": ProvisionedProductName,
            "Arn": f"arn:aws:servicecatalog:{self.region}:{self.account}:stack/{ProvisionedProductName}/{identity}",
            "Type": "CFN_STACK",
            "CreatedTime": datetime.now(timezone.utc),
            "IdempotencyToken": ProvisionToken,
            "LastRecordId": f"rec-{uuid.uuid4().hex[:13]}",
            "ProductId": product_id,
            "ProductName": product.name,
            "ProvisioningArtifactId": artifact,
            "PhysicalId": self.stacks.create(product.launch_role, stack, body, parameters, Tags or []),
            "Tags": Tags or [],
            "stack": stack,
        }
        self.provisioned.append(made)
        return {"RecordDetail": self._record(made)}

    def describe_provisioned_product(self, Id: str = "", Name: str = "") -> Props:
        """Return a provisioned product with the status of its stack."""
        found = self._provisioned(Id, Name)
        members = ("Name", "Arn", "Type", "Id", "CreatedTime", "IdempotencyToken", "ProductId")
        detail = {name: found[name] for name in (*members, "ProvisioningArtifactId", "LastRecordId")}
        return {"ProvisionedProductDetail": {**detail, **self._status(found)}}

    def terminate_provisioned_product(
        self, TerminateToken: str, ProvisionedProductId: str = "", ProvisionedProductName: str = ""
    ) -> Props:
        """Delete the stack of a provisioned product, with the launch role."""
        del TerminateToken  # a repeated termination has the same result
        found = self._provisioned(ProvisionedProductId, ProvisionedProductName)
        self.stacks.delete(self.about[found["ProductId"]].launch_role, found["stack"])
        return {"RecordDetail": {**self._record(found), "RecordType": "TERMINATE_PROVISIONED_PRODUCT"}}

    def current(self) -> list[Props]:
        """Return the provisioned products whose stack exists."""
        self.provisioned = [one for one in self.provisioned if self.stacks.status(one["stack"])[0]]
        return [{**one, **self._status(one)} for one in self.provisioned]

    def _selected(
        self,
        ProductId: str = "",
        ProductName: str = "",
        ProvisioningArtifactId: str = "",
        ProvisioningArtifactName: str = "",
    ) -> tuple[str, str]:
        """Return the IDs of a product and a version, which a request selects by ID or by name."""
        products = [ProductId] if ProductId else [key for key, one in self.about.items() if one.name == ProductName]
        for product in products:
            for one in self.versions_of(product):
                if ProvisioningArtifactId == one["Id"] or ProvisioningArtifactName == one["Name"]:
                    return product, one["Id"]
        raise RefusedError("ResourceNotFoundException", f"Product {ProductId or ProductName} has no such version.")

    def _provisioned(self, identity: str, name: str) -> Props:
        for one in self.current():
            if identity == one["Id"] or (not identity and name == one["Name"]):
                return one
        raise RefusedError("ResourceNotFoundException", f"Provisioned product {identity or name} not found.")

    def _template(self, product: str, artifact: str) -> Props:
        version = self.version(product, artifact)
        template = version.get("template")
        if version["status"] != "AVAILABLE" or template is None:
            raise RefusedError("InvalidParametersException", f"Version {version['Name']} has no template.")
        found: Props = template
        return found

    def _status(self, provisioned: Props) -> Props:
        status, reason = self.stacks.status(provisioned["stack"])
        if status.endswith("_IN_PROGRESS"):
            return {"Status": "UNDER_CHANGE"}
        good = status in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
        return {"Status": "AVAILABLE"} if good else {"Status": "ERROR", "StatusMessage": reason or status}

    def _record(self, provisioned: Props) -> Props:
        role = self.about[provisioned["ProductId"]].launch_role
        return {
            "RecordId": provisioned["LastRecordId"],
            "ProvisionedProductName": provisioned["Name"],
            "Status": "CREATED",
            "CreatedTime": provisioned["CreatedTime"],
            "UpdatedTime": provisioned["CreatedTime"],
            "ProvisionedProductType": "CFN_STACK",
            "RecordType": "PROVISION_PRODUCT",
            "ProvisionedProductId": provisioned["Id"],
            "ProductId": provisioned["ProductId"],
            "ProvisioningArtifactId": provisioned["ProvisioningArtifactId"],
            **({"LaunchRoleArn": f"arn:aws:iam::{self.account}:role/{role}"} if role else {}),
        }

    # --- CloudFormation

    def put_product(self, product: str, props: Props) -> None:
        """Create a product with its first version, or change its name."""
        if product in self.products:
            self.about[product].name = props["Name"]
            return
        self.products[product], self.about[product] = [], Product(props["Name"])
        for one in props["ProvisioningArtifactParameters"]:
            url = one["Info"]["LoadTemplateFromURL"]
            template = self.template(url)
            if template is None and is_local(url):  # an object in AWS cannot be read from here
                del self.products[product], self.about[product]
                raise ValueError(f"The template at {url} cannot be read.")
            self.add(product, one["Name"], one.get("Description", ""), url=url, template=template)

    def remove_product(self, product: str, _props: Props) -> None:
        """Delete a product with its versions."""
        self.products.pop(product, None)
        self.about.pop(product, None)

    def put_launch_role(self, _id: str, props: Props) -> None:
        """Set the launch role of a product."""
        name = props.get("LocalRoleName") or props["RoleArn"].rpartition("/")[2]
        self.about[props["ProductId"]].launch_role = name

    def remove_launch_role(self, _id: str, props: Props) -> None:
        """Launch a product without a role from now on."""
        if props["ProductId"] in self.about:
            self.about[props["ProductId"]].launch_role = None

    def put_rules(self, _id: str, props: Props) -> None:
        """Set the Rules that are added to the template of a product."""
        self.about[props["ProductId"]].rules = json.loads(props["Rules"])

    def remove_rules(self, _id: str, props: Props) -> None:
        """Add no Rules to the template of a product from now on."""
        if props["ProductId"] in self.about:
            self.about[props["ProductId"]].rules = {}


def _parameter(name: str, body: Props) -> Props:
    constraints = {key: body[key] for key in CONSTRAINTS if key in body}
    texts = {
        key: [str(item) for item in value] if isinstance(value, list) else str(value)
        for key, value in constraints.items()
    }
    return {
        "ParameterKey": name,
        "ParameterType": body["Type"],
        "IsNoEcho": str(body.get("NoEcho", False)).lower() == "true",
        **({"DefaultValue": str(body["Default"])} if "Default" in body else {}),
        **({"Description": body["Description"]} if "Description" in body else {}),
        "ParameterConstraints": texts,
    }
