"""The products that experiments launch through Service Catalog."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from smtemplates.aws.errors import CloudError
from smtemplates.aws.session import Cloud
from smtemplates.errors import Error
from smtemplates.prove.experiment import PREFIX
from smtemplates.prove.kind import MOST_POLLS, POLL_SECONDS, Found, Kind, has_tag, is_missing

CHANGING = ("UNDER_CHANGE", "PLAN_IN_PROGRESS")


def _products(cloud: Cloud) -> Iterator[Found]:
    """Yield the products that were launched through Service Catalog, also those of other users of the account.

    Source: https://docs.aws.amazon.com/servicecatalog/latest/dg/API_SearchProvisionedProducts.html
    """
    token: dict[str, str] = {}
    account = {"Key": "Account", "Value": "self"}
    while True:
        page = cloud.call("servicecatalog", "search_provisioned_products", AccessLevelFilter=account, **token)
        for item in page.get("ProvisionedProducts", []):
            if item["Name"].startswith(PREFIX):
                yield Found(item["Name"], has_tag(item.get("Tags", [])))
        if not page.get("NextPageToken"):
            return
        token = {"PageToken": page["NextPageToken"]}


def _terminate(cloud: Cloud, name: str) -> str:
    """Terminate a launched product, which deletes its stack with the launch role.

    Raises:
        Error: Its termination failed, or did not end.
    """
    record = ""
    for _ in range(MOST_POLLS):
        try:
            found = cloud.call("servicecatalog", "describe_provisioned_product", Name=name)["ProvisionedProductDetail"]
            if found["Status"] not in CHANGING:
                if found["LastRecordId"] == record:
                    raise Error(f"Its termination failed. {found.get('StatusMessage', found['Status'])}")
                arguments = {"ProvisionedProductName": name, "TerminateToken": str(uuid.uuid4())}
                ended = cloud.call("servicecatalog", "terminate_provisioned_product", **arguments)
                record = ended["RecordDetail"]["RecordId"]
        except CloudError as error:
            if is_missing(error):
                return ""
            raise
        cloud.pause(POLL_SECONDS)
    raise Error("Its termination did not end.")


PRODUCT = Kind(title="launched product", find=_products, delete=_terminate)
