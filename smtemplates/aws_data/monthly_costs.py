"""The costs of a month of the resources of a stack, with the arithmetic.

The explorer calculates with the same LINES. A test compares the results.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from smtemplates.aws_data import network_prices, prices
from smtemplates.aws_data.costs import COSTS, IDLE_FREE
from smtemplates.aws_data.network_prices import HOURS_PER_MONTH, REGION
from smtemplates.aws_data.usage import USAGE

COUNT = "count"
PARAMETERS = "parameters"  # stands for the type of a resource whose properties are the values of the parameters
CENT = Decimal("0.01")
UNKNOWN_TYPE = "an unknown type"
_MONTH = str(HOURS_PER_MONTH)
_VARIANT = "ProductionVariants.0."

PRICES_OF = (
    f"The prices are those of {REGION}: of networks in {network_prices.MONTH}, and of the other resources in "
    f"{prices.MONTH}."
)
READ = (
    "They were read in public copies of the AWS price lists and not compared with a bill. They differ by Region and "
    "change."
)
UNKNOWN_COSTS = "the costs are unknown."
NOT_COUNTED = "Free tiers, requests, data transfer and taxes are left out."


@dataclass(frozen=True, kw_only=True)
class Line:
    """A part of the costs of the resources of a type.

    `price` is in USD per `unit`, or by instance type, which is the property `by`. A factor is a number, a name of
    USAGE, COUNT (the number of resources), or a property: its number, or the number of its items. A property is a
    path, such as "ProductionVariants.0.InstanceType". `where` are values that properties must have. The line is
    counted `once`, or for each resource. `charged` is the type that AWS charges for, if it is another one.
    """

    type: str
    text: str
    factors: tuple[str, ...]
    unit: str
    price: Decimal | Mapping[str, Decimal]
    by: str = ""
    where: tuple[str, str] | None = None
    once: bool = False
    charged: str = ""

    @property
    def covers(self) -> str:
        """The type that AWS charges for."""
        return self.charged or self.type


LINES = (
    Line(
        type="AWS::SageMaker::NotebookInstance",
        text="Notebook {}, days × hours",
        factors=("days", "hours"),
        unit="per hour",
        price=prices.NOTEBOOK_PER_HOUR,
        by="InstanceType",
    ),
    Line(
        type="AWS::SageMaker::NotebookInstance",
        text="Volume of the notebook, in GB",
        factors=("VolumeSizeInGB",),
        unit="per GB",
        price=prices.VOLUME_PER_GB_MONTH,
    ),
    Line(
        type="AWS::SageMaker::Domain",
        text="Apps ml.t3.medium, people × days × hours",
        factors=("people", "days", "hours"),
        unit="per hour",
        price=prices.NOTEBOOK_PER_HOUR["ml.t3.medium"],
    ),
    Line(
        type="AWS::SageMaker::Domain",
        text="Volumes of spaces, people × GB",
        factors=("people", "space"),
        unit="per GB",
        price=prices.VOLUME_PER_GB_MONTH,
    ),
    Line(
        type="AWS::SageMaker::EndpointConfig",
        text="Endpoint on {}, instances × hours",
        factors=(f"{_VARIANT}InitialInstanceCount", _MONTH),
        unit="per hour",
        price=prices.INSTANCE_PER_HOUR,
        by=f"{_VARIANT}InstanceType",
        charged="AWS::SageMaker::Endpoint",
    ),
    Line(
        type="AWS::EC2::NatGateway",
        text="NAT gateways, gateways × hours",
        factors=(COUNT, _MONTH),
        unit="per hour",
        price=network_prices.NAT_GATEWAY_PER_HOUR,
    ),
    Line(
        type="AWS::EC2::EIP",
        text="Public IPv4 addresses, addresses × hours",
        factors=(COUNT, _MONTH),
        unit="per hour",
        price=network_prices.PUBLIC_ADDRESS_PER_HOUR,
    ),
    Line(
        type="AWS::EC2::VPCEndpoint",
        text="Interface endpoints, endpoints × zones × hours",
        factors=(COUNT, "SubnetIds", _MONTH),
        unit="per hour",
        price=network_prices.ENDPOINT_PER_ZONE_HOUR,
        where=("VpcEndpointType", "Interface"),
    ),
    Line(
        type="AWS::KMS::Key",
        text="KMS keys",
        factors=(COUNT,),
        unit="per key",
        price=prices.KEY_PER_MONTH,
    ),
    Line(
        type="AWS::S3::Bucket",
        text="Objects in the buckets, in GB",
        factors=("stored",),
        unit="per GB",
        price=prices.BUCKET_PER_GB_MONTH,
        once=True,
    ),
    Line(
        type=PARAMETERS,
        text="Training on {}, hours × instances",
        factors=("training", "TrainingInstanceCount"),
        unit="per hour",
        price=prices.INSTANCE_PER_HOUR,
        by="TrainingInstanceType",
    ),
    Line(
        type="AWS::CloudWatch::Alarm",
        text="Alarms, one metric each",
        factors=(COUNT,),
        unit="per metric",
        price=prices.ALARM_METRIC_PER_MONTH,
    ),
)


@dataclass(frozen=True)
class Item:
    """A row of the arithmetic: its text, numbers of units, and the price of a unit in USD."""

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
        return self.text, f"{' × '.join(map(str, self.factors))} × {self.price} {self.unit}", usd(self.total)


@dataclass(frozen=True, kw_only=True)
class MonthlyCosts:
    """The costs of a month: the rows of the arithmetic, and sentences about everything that is not calculated."""

    items: tuple[Item, ...]
    missing: tuple[str, ...]

    @property
    def total(self) -> Decimal:
        """The sum of the rows in USD."""
        return sum((each.total for each in self.items), Decimal())


def usd(amount: Decimal) -> str:
    """Return an amount in USD, rounded to cents, such as "13.40"."""
    return str(amount.quantize(CENT, ROUND_HALF_UP))


def monthly_costs(
    resources: Mapping[str, Mapping[str, Any]], parameters: Mapping[str, Any], usage: Mapping[str, int]
) -> MonthlyCosts:
    """Return the costs of the resources of a stack.

    `resources` are those that exist, resolved (`Stack.resources`). `parameters` are the values of the parameters
    (`Stack.parameters`). `usage` are the values that differ from USAGE.
    """
    used = {name: usage.get(name, each.default) for name, each in USAGE.items()}
    bodies = [*resources.values(), {"Type": PARAMETERS, "Properties": parameters}]
    types = dict.fromkeys(body["Type"] for body in resources.values())
    items: list[Item] = []
    missing: list[str] = []
    covered = set()
    for line in LINES:
        if line.charged and line.charged not in types:
            continue
        matching = [body for body in bodies if body["Type"] == line.type and _applies(line, body)]
        for each in _items(line, matching, used):
            if isinstance(each, str):
                missing.append(each)
            else:
                items.append(each)
            covered.add(line.covers)
    missing += [f"{name}: {COSTS[name].unit.rstrip('.')}." for name in types if name in COSTS and name not in covered]
    missing += [f"{name}: {UNKNOWN_COSTS}" for name in types if name not in COSTS and name not in IDLE_FREE]
    return MonthlyCosts(items=tuple(items), missing=tuple(dict.fromkeys(missing)))


def _applies(line: Line, body: Mapping[str, Any]) -> bool:
    """Return whether a resource of the type has the costs of a line."""
    if line.where and found(body, line.where[0]) != line.where[1]:
        return False
    return not line.by or found(body, line.by) is not None


def found(body: Mapping[str, Any], path: str) -> Any:
    """Return the value of a property at a path, or None."""
    value: Any = body.get("Properties", {})
    for key in path.split("."):
        if isinstance(value, list):
            value = value[int(key)] if key.isdigit() and int(key) < len(value) else None
        else:
            value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _items(line: Line, bodies: list[Mapping[str, Any]], used: Mapping[str, int]) -> Iterator[Item | str]:
    """Yield the items of resources, or sentences about those that cannot be calculated. Equal resources are grouped."""
    groups: dict[tuple[str, tuple[int | None, ...], Decimal | None], int] = {}
    for body in bodies[:1] if line.once else bodies:
        by = found(body, line.by) if line.by else ""
        kind = by if isinstance(by, str) else UNKNOWN_TYPE
        price = line.price.get(kind) if isinstance(line.price, Mapping) else line.price
        factors = tuple(_factor(name, body, used) for name in line.factors if name != COUNT)
        groups[kind, factors, price] = groups.get((kind, factors, price), 0) + 1
    for (kind, factors, price), count in groups.items():
        text = line.text.format(kind)
        numbers = [each for each in factors if each is not None]
        if price is None or len(numbers) < len(factors):
            yield f"{text}: {'the price is not in the table' if price is None else 'a number is not known'}."
        else:
            counted = (count,) if COUNT in line.factors or count > 1 else ()
            yield Item(text, (*counted, *numbers), line.unit, price)


def _factor(name: str, body: Mapping[str, Any], used: Mapping[str, int]) -> int | None:
    if name in used:
        return used[name]
    if name.isdigit():
        return int(name)
    value = found(body, name)
    if isinstance(value, list):
        return len(value)
    return int(value) if str(value).isascii() and str(value).isdigit() else None
