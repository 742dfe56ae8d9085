"""The Service Catalog of the local cloud: products with their versions, and the provisioned products.

The behavior follows the documentation. The following has not been observed in AWS:

- Whether two versions can have the same name. The documented errors of CreateProvisioningArtifact contain none for it,
  so here they can. A new version has the guidance DEFAULT here.
- How long an idempotency token is valid, and its result after the version was deleted. Here it is always valid and
  returns the deleted version, which is the worst case.
- Whether a template that cannot be read is rejected immediately or the version becomes FAILED. Here it becomes FAILED.
- Whether a version that is in use can be deleted (here it cannot), and how soon a listing shows a change (here
  immediately).
"""

# ruff: noqa: N803 - arguments have the names of the API
from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from datetime import datetime, timezone
from functools import cache
from importlib import import_module
from typing import Any

Props = dict[str, Any]

# Source: https://docs.aws.amazon.com/servicecatalog/latest/adminguide/limits.html
VERSIONS_QUOTA = 100
# Source: https://docs.aws.amazon.com/servicecatalog/latest/dg/API_SearchProvisionedProducts.html
MAX_PAGE_SIZE = 100
DETAILS = ("Id", "Name", "Description", "Type", "CreatedTime", "Active", "Guidance")
# Members of requests that have no effect here.
IGNORED = {"AcceptLanguage", "NotificationArns", "PathId", "PathName"}
SEARCH = re.compile("productId:(.+)")


class RefusedError(Exception):
    """An error response of the service."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Catalog:
    """The products of one account and Region. A method named after an operation of the API handles its requests."""

    def __init__(self, template: Callable[[str], Props | None] = lambda _url: None) -> None:
        """Create an empty catalog. `template` returns the template at a URL, or None if it cannot be read."""
        self.products: dict[str, list[Props]] = {}
        self.provisioned: list[Props] = []
        self.template = template
        self.polls = 1
        """How often a version is described as CREATING."""
        self.fails = 0
        """The number of the next versions that become FAILED."""
        self.quota = VERSIONS_QUOTA
        self.page_size = 20
        self._tokens: dict[tuple[str, str], Props] = {}
        self._count = 0

    def call(self, operation: str, request: Props) -> Props:
        """Return the response to one request.

        Raises:
            RefusedError: The request is not valid, or the service rejects it.
        """
        method = getattr(self, _snake(operation), None) if operation in _model().operation_names else None
        if method is None:
            raise RefusedError("NotImplemented", f"the local cloud does not support {operation} of Service Catalog")
        shape = _model().operation_model(operation).input_shape
        report = import_module("botocore.validate").ParamValidator().validate(request, shape)
        if report.has_errors():
            raise RefusedError("InvalidParametersException", report.generate_report())
        known = {name: value for name, value in request.items() if name not in IGNORED}
        try:
            inspect.signature(method).bind(**known)
        except TypeError as error:
            text = f"the local cloud does not support these members of {operation}: {error}"
            raise RefusedError("NotImplemented", text) from error
        answer: Props = method(**known)
        return answer

    def add(self, product: str, name: str, description: str = "", **more: Any) -> Props:
        """Add a version to a product, and return it."""
        self._count += 1
        made = {
            "Id": f"pa-{self._count:013}",
            "Name": name,
            "Description": description,
            "Type": "CLOUD_FORMATION_TEMPLATE",
            "CreatedTime": datetime.now(timezone.utc),
            "Active": True,
            "Guidance": "DEFAULT",
            "status": "AVAILABLE",
            **more,
        }
        self.products.setdefault(product, []).append(made)
        return made

    def versions_of(self, product: str) -> list[Props]:
        """Return the versions of a product.

        Raises:
            RefusedError: The product does not exist.
        """
        if product not in self.products:
            raise RefusedError("ResourceNotFoundException", f"Product {product} not found.")
        return self.products[product]

    def version(self, product: str, artifact: str) -> Props:
        """Return a version of a product.

        Raises:
            RefusedError: The version does not exist.
        """
        for one in self.versions_of(product):
            if one["Id"] == artifact:
                return one
        raise RefusedError("ResourceNotFoundException", f"ProvisioningArtifact {artifact} not found.")

    def list_provisioning_artifacts(self, ProductId: str) -> Props:
        """Return all versions of a product. There are no pages in the request of this operation."""
        return {"ProvisioningArtifactDetails": [_detail(one) for one in self.versions_of(ProductId)]}

    def create_provisioning_artifact(self, ProductId: str, Parameters: Props, IdempotencyToken: str) -> Props:
        """Create a version, or return the version that was created with this token."""
        known = self.versions_of(ProductId)
        made = self._tokens.get((ProductId, IdempotencyToken))
        if made is None:
            if len(known) >= self.quota:
                raise RefusedError("LimitExceededException", "You have reached the limit of versions.")
            if " " in Parameters["Name"]:
                raise RefusedError("InvalidParametersException", "Names have no spaces.")
            url = Parameters["Info"]["LoadTemplateFromURL"]
            template = self.template(url)
            status = "FAILED" if self.fails > 0 or template is None else "AVAILABLE"
            self.fails -= 1
            kept = {"status": status, "polls": self.polls, "url": url, "template": template}
            made = self.add(ProductId, Parameters["Name"], Parameters.get("Description", ""), **kept)
            self._tokens[ProductId, IdempotencyToken] = made
        return {**_described(made), "Status": "CREATING"}

    def describe_provisioning_artifact(self, ProductId: str, ProvisioningArtifactId: str) -> Props:
        """Return a version. AWS creates it in the background, so the first answers can be CREATING."""
        found = self.version(ProductId, ProvisioningArtifactId)
        found["polls"] = found.get("polls", 0) - 1
        return {**_described(found), "Status": "CREATING" if found["polls"] >= 0 else found["status"]}

    def update_provisioning_artifact(self, ProductId: str, ProvisioningArtifactId: str, **changes: Any) -> Props:
        """Change the name, the description, or whether a version is active or deprecated."""
        found = self.version(ProductId, ProvisioningArtifactId)
        found.update(changes)
        return {"ProvisioningArtifactDetail": _detail(found), "Status": "AVAILABLE"}

    def delete_provisioning_artifact(self, ProductId: str, ProvisioningArtifactId: str) -> Props:
        """Delete a version, unless it is in use or the last one."""
        found = self.version(ProductId, ProvisioningArtifactId)
        used = any(one["ProvisioningArtifactId"] == found["Id"] for one in self.current())
        if used or len(self.products[ProductId]) == 1:
            raise RefusedError("ResourceInUseException", "The version is in use, or the last one.")
        self.products[ProductId].remove(found)
        return {}

    def search_provisioned_products(
        self, Filters: Props | None = None, PageToken: str = "0", PageSize: int = 0, **_others: Any
    ) -> Props:
        """Return the provisioned products of a product, in pages."""
        queries = (Filters or {}).get("SearchQuery", [])
        matched = [SEARCH.fullmatch(query) for query in queries]
        if None in matched:
            raise RefusedError("InvalidParametersException", f"the local cloud searches by productId, not {queries}")
        wanted = {match[1] for match in matched if match}
        found = [one for one in self.current() if not wanted or one["ProductId"] in wanted]
        end = int(PageToken) + min(PageSize or self.page_size, self.page_size, MAX_PAGE_SIZE)
        more = {"NextPageToken": str(end)} if end < len(found) else {}
        page = [{key: value for key, value in one.items() if key[0].isupper()} for one in found[int(PageToken) : end]]
        return {"ProvisionedProducts": page, "TotalResultsCount": len(found), **more}

    def current(self) -> list[Props]:
        """Return the provisioned products that exist now."""
        return self.provisioned


@cache
def _model() -> Any:
    """Return botocore's model of the API."""
    return import_module("botocore.session").Session().get_service_model("servicecatalog")


def _snake(operation: str) -> str:
    """Return the name of the method for an operation: list_provisioning_artifacts for ListProvisioningArtifacts."""
    return re.sub("(?<!^)(?=[A-Z])", "_", operation).lower()


def _detail(version: Props) -> Props:
    return {key: version[key] for key in DETAILS}


def _described(version: Props) -> Props:
    return {"ProvisioningArtifactDetail": _detail(version), "Info": {"TemplateUrl": version.get("url", "https://x")}}
