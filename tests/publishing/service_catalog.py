"""A simulation of the versions in Service Catalog, on loopback. It forwards all other requests to the local cloud.

Each request and each response is validated with botocore's model of the service: required and unknown members, types,
lengths, patterns and enumerations. Invalid ones are rejected and recorded in `complaints`. All other behaviour follows
the documentation. The following has not been observed in AWS:

- Whether two versions can have the same name. The documented errors of CreateProvisioningArtifact contain none for it,
  so here they can. A new version has the guidance DEFAULT here.
- How long an idempotency token of CreateProvisioningArtifact is valid, and its result after the version was deleted.
  Here it is always valid and returns the deleted version, which is the worst case.
- Whether an invalid template is rejected immediately or the version becomes FAILED. Here the test decides.
- Whether a version that is in use can be deleted (here it cannot), and how soon a listing shows a change (here
  immediately; the fault matrix returns stale listings).
- The size of a page of SearchProvisionedProducts. Here it is two, so that paging is tested.
"""

# ruff: noqa: N803 - arguments have the names of the API
from __future__ import annotations

import json
import re
from datetime import datetime, timedelta, timezone
from importlib import import_module
from typing import Any

from deploying.proxy import Proxy

# they have no types
NAMES: Any = import_module("botocore")
SESSION: Any = import_module("botocore.session")
VALIDATE: Any = import_module("botocore.validate")

TARGET = "AWS242ServiceCatalogService."
MODEL: Any = SESSION.Session().get_service_model("servicecatalog")
HEADERS = [("Content-Type", "application/x-amz-json-1.1")]
BEGAN = datetime(2026, 11, 1, tzinfo=timezone.utc)
PAGE = 2

Artifact = dict[str, Any]


class RefusedError(Exception):
    """An error response of the service."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def faults(value: Any, shape: Any) -> list[str]:
    """Return the differences between a value and its shape."""
    report = VALIDATE.ParamValidator().validate(value, shape)
    return [report.generate_report()] if report.has_errors() else list(_bounds(value, shape))


def _bounds(value: Any, shape: Any) -> list[str]:
    """Yield the violations that botocore does not check: maximum length, pattern and enumeration."""
    if shape.type_name == "structure":
        return [text for name, item in value.items() for text in _bounds(item, shape.members[name])]
    if shape.type_name == "list":
        return [text for item in value for text in _bounds(item, shape.member)]
    if shape.type_name == "map":
        return [text for key, item in value.items() for text in _bounds(key, shape.key) + _bounds(item, shape.value)]
    if shape.type_name != "string":
        return []
    pattern = shape.metadata.get("pattern", "").replace(r"\p{L}\p{Z}\p{N}", r"\w\s").replace(r"\uD7FF\uE000-", "")
    wrong = len(value) > shape.metadata.get("max", len(value)) or (shape.enum and value not in shape.enum)
    return [f"{shape.name}: {value!r}"] if wrong or (pattern and not re.fullmatch(pattern, value)) else []


def _operation(headers: dict[str, str]) -> str:
    """Return the Service Catalog operation of a request, or an empty string."""
    target = headers.get("X-Amz-Target", "")
    return target.removeprefix(TARGET) if target.startswith(TARGET) else ""


class ServiceCatalog(Proxy):
    """Products with their versions and provisioned products. All other requests go to the local cloud."""

    def __init__(self, upstream: str) -> None:
        super().__init__(upstream)
        self.products: dict[str, list[Artifact]] = {}
        self.provisioned: list[dict[str, Any]] = []
        self.complaints: list[str] = []
        self.polls = 0
        self.fails = 0
        self.quota = 100
        self._tokens: dict[tuple[str, str], Artifact] = {}
        self._count = 0

    def call_name(self, method: str, path: str, headers: dict[str, str], body: bytes) -> str:
        return _operation(headers) or super().call_name(method, path, headers, body)

    def error_answer(self, headers: dict[str, str], code: str, text: str) -> tuple[list[tuple[str, str]], bytes]:
        if not _operation(headers):
            return super().error_answer(headers, code, text)
        return HEADERS, json.dumps({"__type": code, "message": text}).encode()

    def forward(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        if not (name := _operation(headers)):
            return super().forward(method, path, headers, body)
        try:
            with self._lock:
                answer = self._answer(MODEL.operation_model(name), json.loads(body))
        except RefusedError as error:
            return (400, *self.error_answer(headers, error.code, str(error)))
        return 200, HEADERS, json.dumps(answer, default=datetime.timestamp).encode()

    def _answer(self, operation: Any, request: dict[str, Any]) -> dict[str, Any]:
        if wrong := faults(request, operation.input_shape):
            self.complaints += wrong
            raise RefusedError("InvalidParametersException", "; ".join(wrong))
        answer: dict[str, Any] = getattr(self, f"_{NAMES.xform_name(operation.name)}")(**request)
        self.complaints += faults(answer, operation.output_shape)
        return answer

    def _of(self, product: str) -> list[Artifact]:
        if product not in self.products:
            raise RefusedError("ResourceNotFoundException", f"Product {product} not found.")
        return self.products[product]

    def _find(self, product: str, artifact: str) -> Artifact:
        for one in self._of(product):
            if one["Id"] == artifact:
                return one
        raise RefusedError("ResourceNotFoundException", f"ProvisioningArtifact {artifact} not found.")

    def add(self, product: str, name: str, description: str = "", **more: Any) -> Artifact:
        """Add an existing version to a product."""
        self._count += 1
        made = {
            "Id": f"pa-{self._count:013}",
            "Name": name,
            "Description": description,
            "Type": "CLOUD_FORMATION_TEMPLATE",
            "CreatedTime": BEGAN + timedelta(minutes=self._count),
            "Active": True,
            "Guidance": "DEFAULT",
            "status": "AVAILABLE",
            **more,
        }
        self.products.setdefault(product, []).append(made)
        return made

    def provision(self, product: str, artifact: Artifact) -> None:
        """Add a provisioned product of a version."""
        number = len(self.provisioned)
        self.provisioned.append(
            {
                "Id": f"pp-{number:013}",
                "Name": f"workspace-{number}",
                "ProductId": product,
                "ProvisioningArtifactId": artifact["Id"],
                "Status": "AVAILABLE",
            }
        )

    def _list_provisioning_artifacts(self, ProductId: str) -> dict[str, Any]:
        return {"ProvisioningArtifactDetails": [_detail(one) for one in self._of(ProductId)]}

    def _create_provisioning_artifact(
        self,
        ProductId: str,
        Parameters: dict[str, Any],
        IdempotencyToken: str,
    ) -> dict[str, Any]:
        known = self._of(ProductId)
        made = self._tokens.get((ProductId, IdempotencyToken))
        if made is None:
            if len(known) >= self.quota:
                raise RefusedError("LimitExceededException", "You have reached the limit of versions.")
            if " " in Parameters["Name"]:
                raise RefusedError("InvalidParametersException", "Names have no spaces.")
            status = "FAILED" if self.fails > 0 else "AVAILABLE"
            self.fails -= 1
            kept = {"status": status, "polls": self.polls, "url": Parameters["Info"]["LoadTemplateFromURL"]}
            made = self.add(ProductId, Parameters["Name"], Parameters["Description"], **kept)
            self._tokens[ProductId, IdempotencyToken] = made
        return {"ProvisioningArtifactDetail": _detail(made), "Info": {"TemplateUrl": "https://x"}, "Status": "CREATING"}

    def _describe_provisioning_artifact(self, ProductId: str, ProvisioningArtifactId: str) -> dict[str, Any]:
        found = self._find(ProductId, ProvisioningArtifactId)
        found["polls"] = found.get("polls", 0) - 1
        status = "CREATING" if found["polls"] >= 0 else found["status"]
        return {"ProvisioningArtifactDetail": _detail(found), "Info": {"TemplateUrl": "https://x"}, "Status": status}

    def _update_provisioning_artifact(
        self,
        ProductId: str,
        ProvisioningArtifactId: str,
        **changes: Any,
    ) -> dict[str, Any]:
        found = self._find(ProductId, ProvisioningArtifactId)
        found.update(changes)
        return {"ProvisioningArtifactDetail": _detail(found), "Status": "AVAILABLE"}

    def _delete_provisioning_artifact(self, ProductId: str, ProvisioningArtifactId: str) -> dict[str, Any]:
        found = self._find(ProductId, ProvisioningArtifactId)
        used = any(one["ProvisioningArtifactId"] == found["Id"] for one in self.provisioned)
        if used or len(self.products[ProductId]) == 1:
            raise RefusedError("ResourceInUseException", "The version is in use, or the last one.")
        self.products[ProductId].remove(found)
        return {}

    def _search_provisioned_products(
        self,
        Filters: dict[str, list[str]],
        PageToken: str = "0",
        **_others: Any,
    ) -> dict[str, Any]:
        ((field, value),) = (query.split(":", 1) for query in Filters["SearchQuery"])
        if field != "productId":
            self.complaints.append(f"unexpected search: {Filters}")
        found = [one for one in self.provisioned if one["ProductId"] == value]
        end = int(PageToken) + PAGE
        more = {"NextPageToken": str(end)} if end < len(found) else {}
        return {"ProvisionedProducts": found[end - PAGE : end], "TotalResultsCount": len(found), **more}


def _detail(artifact: Artifact) -> Artifact:
    members = MODEL.shape_for("ProvisioningArtifactDetail").members
    return {key: value for key, value in artifact.items() if key in members}
