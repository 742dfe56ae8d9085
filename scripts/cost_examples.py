"""Write the page about costs: the price of a month for three usual set-ups, with the arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from smtemplates.aws_data import network_prices, prices
from smtemplates.reference.markdown import GENERATED, table
from smtemplates.templates.network.endpoint_services import SERVICES

PAGE = Path("docs", "explanation", "costs.md")
ZONES = 2
ENDPOINTS = sum(each.default for each in SERVICES)
HOURS = network_prices.HOURS_PER_MONTH
INTRODUCTION = f"""\
# Costs

A workspace is charged by AWS, not by smtemplates.
[Resources](../reference/workspace/resources.md#idle-costs-and-retained-resources) lists the unit
in which each resource is charged while it is idle. An empty workspace without notebook, Studio, endpoint and KMS
key costs only its alarms.

## Three examples

The prices are those of {network_prices.REGION}: of networks in {network_prices.MONTH}, and of the other resources
in {prices.MONTH}. They were read in public
copies of the AWS price lists and not compared with a bill. They differ by Region and change. The
[AWS Pricing Calculator](https://calculator.aws/) calculates yours. Free tiers, requests, data transfer and taxes
are left out.
"""
END = """\
## Reduce costs

- Notebook instances stop after `NotebookIdleMinutes`, and apps in Studio after `StudioIdleMinutes`.
- `MaxJobRuntimeSeconds` limits the runtime of jobs, and `AllowedInstanceTypes` the instance types.
- A serverless endpoint costs nothing without requests. `EndpointIdleHours` sends a notification about an idle
  endpoint on instances.
- `ObjectExpirationDays`, `NoncurrentVersionExpirationDays` and `IntelligentTieringDays` reduce the costs of objects.
- `MonthlyBudgetUsd` sends a notification when the costs with the tag of the project reach the budget.
- `NatGateways=None` and a short list of interface endpoints reduce the price of a network.
"""


@dataclass(frozen=True)
class Item:
    """A row of an example: its text, a number of units, and the price of a unit in USD."""

    text: str
    factors: tuple[int, ...]
    unit: str
    price: Decimal

    @property
    def total(self) -> Decimal:
        """The price of a month in USD."""
        total = self.price
        for factor in self.factors:
            total *= factor
        return total

    def row(self) -> tuple[str, str, str]:
        """Return the text, the arithmetic and the result."""
        factors = " × ".join(map(str, self.factors))
        return self.text, f"{factors} × {self.price} {self.unit}", f"{self.total:.2f}"


def _alarms(count: int) -> Item:
    return Item("Alarms, one metric each", (count,), "per metric", prices.ALARM_METRIC_PER_MONTH)


def _objects(gigabytes: int) -> Item:
    return Item("Objects in the buckets, in GB", (gigabytes,), "per GB", prices.BUCKET_PER_GB_MONTH)


def _training(hours: int) -> Item:
    return Item("Training on ml.m5.large, in hours", (hours,), "per hour", prices.M5_LARGE_PER_HOUR)


EXAMPLES = {
    "A notebook for one person": (
        "`CreateNotebook=true`, eight hours on each of 20 days.",
        (
            Item("Notebook ml.t3.medium, days × hours", (20, 8), "per hour", prices.NOTEBOOK_T3_MEDIUM_PER_HOUR),
            Item("Volume of the notebook, in GB", (20,), "per GB", prices.VOLUME_PER_GB_MONTH),
            _objects(50),
            _training(10),
            _alarms(3),
        ),
    ),
    "Studio for a team of five in a private network": (
        (
            "`CreateDomain=true` in a network with `NatGateways=One`, as in the "
            "[tutorial](../tutorial/team-of-five.md). Each person works six hours on each of 20 days. The "
            "volume of a space is calculated with the price of other volumes (inferred)."
        ),
        (
            Item(
                "Apps ml.t3.medium, people × days × hours", (5, 20, 6), "per hour", prices.NOTEBOOK_T3_MEDIUM_PER_HOUR
            ),
            Item("Volumes of spaces, people × GB", (5, 5), "per GB", prices.VOLUME_PER_GB_MONTH),
            Item(
                "NAT gateway with its address, in hours",
                (HOURS,),
                "per hour",
                network_prices.NAT_GATEWAY_PER_HOUR + network_prices.PUBLIC_ADDRESS_PER_HOUR,
            ),
            Item(
                "Interface endpoints, endpoints × zones × hours",
                (ENDPOINTS, ZONES, HOURS),
                "per hour",
                network_prices.ENDPOINT_PER_ZONE_HOUR,
            ),
            _objects(200),
            _training(40),
            _alarms(3),
        ),
    ),
    "A registry and an endpoint": (
        "`CreateModelPackageGroup=true`, `CreateKmsKey=true`, and an endpoint on one instance that runs all month.",
        (
            Item("Instance ml.m5.large, in hours", (HOURS,), "per hour", prices.M5_LARGE_PER_HOUR),
            Item("KMS key", (1,), "per key", prices.KEY_PER_MONTH),
            _objects(100),
            _training(20),
            _alarms(5),
        ),
    ),
}


def page() -> str:
    """Return the text of the page."""
    written = [GENERATED + INTRODUCTION]
    for title, (text, items) in EXAMPLES.items():
        total = sum((each.total for each in items), Decimal())
        rows = [*(each.row() for each in items), ("**Total**", "", f"**{total:.2f}**")]
        written += [f"### {title}\n", f"{text}\n", table(("Item", "Arithmetic", "USD per month"), rows)]
    return "\n".join([*written, END])
