"""A stand-in for Service Catalog's versions, on loopback, in front of the local cloud that has everything else.

Every request and every answer is held against botocore's own model of the service: required and unknown members,
types, lengths, patterns and enumerations; what does not fit is refused, and kept in `complaints`. The rest is what the
documentation says, and no more is known of the real service than that. Nobody has seen live:

- whether two versions may have the same name (the documented errors of CreateProvisioningArtifact have none for it, so
  here they may), and whether a new one begins with the guidance DEFAULT (here it does);
- how long a token of CreateProvisioningArtifact counts (here for ever), and what it answers once the version it made
  has been deleted (here the deleted one, the worst case);
- whether a template that is not valid is refused at once or ends as FAILED (here the test decides);
- whether a version that is in use can be deleted (here it cannot), and how soon a listing shows a change (here at
  once, and the fault matrix makes it stale);
- what a page of SearchProvisionedProducts holds (here two, so that paging is seen).
"""

# ruff: noqa: N803 - arguments have the names that the service gives them
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
    """What the service answers other than well."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def faults(value: Any, shape: Any) -> list[str]:
    """Say in what a value differs from its shape."""
    report = VALIDATE.ParamValidator().validate(value, shape)
    return [report.generate_report()] if report.has_errors() else list(_bounds(value, shape))


def _bounds(value: Any, shape: Any) -> list[str]:
    """Check what botocore leaves to the service: the longest, the pattern and the enumeration."""
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
    """Name the operation of Service Catalog that a request asks for, if it does."""
    target = headers.get("X-Amz-Target", "")
    return target.removeprefix(TARGET) if target.startswith(TARGET) else ""


class ServiceCatalog(Proxy):
    """The versions of some products, and who uses them; every other service is the local cloud's."""

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

    def called(self, method: str, path: str, headers: dict[str, str], body: bytes) -> str:
        return _operation(headers) or super().called(method, path, headers, body)

    def refusal(self, headers: dict[str, str], code: str, text: str) -> tuple[list[tuple[str, str]], bytes]:
        if not _operation(headers):
            return super().refusal(headers, code, text)
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
            return (400, *self.refusal(headers, error.code, str(error)))
        return 200, HEADERS, json.dumps(answer, default=datetime.timestamp).encode()

    def _answer(self, operation: Any, asked: dict[str, Any]) -> dict[str, Any]:
        if wrong := faults(asked, operation.input_shape):
            self.complaints += wrong
            raise RefusedError("InvalidParametersException", "; ".join(wrong))
        answer: dict[str, Any] = getattr(self, f"_{NAMES.xform_name(operation.name)}")(**asked)
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
        """Make a version that is there already."""
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
        """Launch a version."""
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
        **_asked: Any,
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
