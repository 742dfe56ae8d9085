"""Write the page about costs: the price of a month for three usual set-ups, with the arithmetic."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from smtemplates.aws_data.monthly_costs import NOT_COUNTED, PRICES_OF, READ, Item, monthly_costs, usd
from smtemplates.aws_data.usage import SETUPS, Setup
from smtemplates.evaluate import Stack
from smtemplates.reference.markdown import GENERATED, table
from smtemplates.templates.registry import definition

PAGE = Path("docs", "explanation", "costs.md")
INTRODUCTION = f"""\
# Costs

A workspace is charged by AWS, not by smtemplates.
[Resources](../reference/workspace/resources.md#idle-costs-and-retained-resources) lists the unit
in which each resource is charged while it is idle. An empty workspace without notebook, Studio, endpoint and KMS
key costs only its alarms.

## Three examples

{PRICES_OF} {READ} The
[AWS Pricing Calculator](https://calculator.aws/) calculates yours. {NOT_COUNTED}
[`smtemplates explore`](../how-to/explore.md) writes a page that calculates the price of
your own values in the same way.
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


def items_of(setup: Setup) -> list[Item]:
    """Return the rows of the arithmetic of a set-up, which can consist of several stacks."""
    found: list[Item] = []
    for name, values in setup.stacks.items():
        stack = Stack(definition(name).template().to_dict(), values)
        found += monthly_costs(stack.resources, stack.parameters, setup.usage).items
    return found


def page() -> str:
    """Return the text of the page."""
    written = [GENERATED + INTRODUCTION]
    for setup in SETUPS:
        items = items_of(setup)
        total = usd(sum((each.total for each in items), Decimal()))
        rows = [*(each.row() for each in items), ("**Total**", "", f"**{total}**")]
        written += [f"### {setup.title}\n", f"{setup.text}\n", table(("Item", "Arithmetic", "USD per month"), rows)]
    return "\n".join([*written, END])
