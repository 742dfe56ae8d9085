"""The Service Catalog of the local cloud, behind a proxy. It forwards all other requests to the local cloud.

Each request and each response is validated with botocore's model of the service: required and unknown members, types,
lengths, patterns and enumerations. Invalid ones are rejected and recorded in `complaints`. The size of a page of
SearchProvisionedProducts is two, so that paging is tested. The test decides whether a version becomes FAILED, and the
fault matrix returns stale listings.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from importlib import import_module
from typing import Any

from deploying.proxy import Proxy

from smtemplates.local_cloud.service_catalog import Catalog, Props, RefusedError

# they have no types
SESSION: Any = import_module("botocore.session")
VALIDATE: Any = import_module("botocore.validate")

TARGET = "AWS242ServiceCatalogService."
MODEL: Any = SESSION.Session().get_service_model("servicecatalog")
HEADERS = [("Content-Type", "application/x-amz-json-1.1")]
PAGE = 2


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


class ServiceCatalog(Catalog, Proxy):
    """Products with their versions and provisioned products. All other requests go to the local cloud."""

    def __init__(self, upstream: str) -> None:
        Proxy.__init__(self, upstream)
        Catalog.__init__(self, lambda _url: {})
        self.complaints: list[str] = []
        self.polls, self.page_size = 0, PAGE

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
        answer = self.call(operation.name, request)
        self.complaints += faults(answer, operation.output_shape)
        return answer

    def provision(self, product: str, artifact: Props) -> None:
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
