"""An experiment: its steps, the observation that refutes the inference, its highest cost and its duration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from smtemplates.aws_data.usage_prices import Price
from smtemplates.errors import Error

if TYPE_CHECKING:
    from smtemplates.prove.trial import Trial

# The start of the name of everything that an experiment creates, and the tag of everything that can have tags. The
# value of the tag is the name of the experiment.
PREFIX = "smtemplates-prove-"
TAG = "smtemplates:prove"


class RefutedError(Error):
    """The observation contradicts the inference. The message is the observation."""


class UnverifiableError(Error):
    """The experiment cannot show the inference here. The message is the reason."""


class LateError(Error):
    """AWS did not reach the expected state within the duration of the experiment."""


@dataclass(frozen=True)
class Charge:
    """A number of units at a price."""

    quantity: Decimal | int
    price: Price

    @property
    def usd(self) -> Decimal:
        """The cost in USD."""
        return self.quantity * self.price.usd


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """One experiment. `name` is that of its inference.

    `creates` and `asks` are the steps of the protocol. `refuted_by` is the observation that refutes the inference.
    `minutes` is the longest duration without the clean-up. `run` returns the observation that confirms the inference,
    or raises RefutedError or UnverifiableError. Every other error means that the experiment has no result.
    """

    name: str
    creates: tuple[str, ...]
    asks: tuple[str, ...]
    refuted_by: str
    charges: tuple[Charge, ...]
    minutes: int
    run: Callable[[Trial], str]

    @property
    def usd(self) -> Decimal:
        """The highest cost in USD."""
        return sum((charge.usd for charge in self.charges), Decimal(0))

    @property
    def prefix(self) -> str:
        """The start of the names of all that the experiment creates."""
        return f"{PREFIX}{self.name}"
