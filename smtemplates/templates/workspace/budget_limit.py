"""Budget limit: the parameter of the budget, on which the policies of the topic and its key depend."""

from __future__ import annotations

from dataclasses import dataclass

from troposphere import If, Not, Parameter, budgets

from smtemplates.core.construct import Construct, NamedCondition, equals, number_parameter, when
from smtemplates.core.regions import region_rule

MOST_USD = 1000000000
CLOUDWATCH, BUDGETS = "cloudwatch.amazonaws.com", "budgets.amazonaws.com"


@dataclass(frozen=True, kw_only=True)
class BudgetLimit(Construct):
    """Contain the limit, and the condition that there is a budget, which the policies of key and topic need."""

    limit: Parameter
    is_created: NamedCondition

    def publishers(self) -> If:
        """Return the services that publish to the topic for this account. EventBridge uses a role."""
        return when(self.is_created, [BUDGETS, CLOUDWATCH], CLOUDWATCH)


def budget_limit() -> BudgetLimit:
    """Build the parameter of the budget. Without a budget, the policies of existing stacks do not change."""
    limit = number_parameter(
        "MonthlyBudgetUsd",
        "Monthly budget in USD for all costs in this account with the tag Project and the value of ProjectName. The "
        "alarm topic receives a message at 80% and 100% of actual and at 100% of forecasted costs. The budget stops "
        "nothing. First activate Project as a cost allocation tag in the Billing console (in the management account "
        "of an organization), otherwise the costs are always 0. An existing topic (AlarmTopicArn) must be in "
        "this account and allow budgets.amazonaws.com to publish. Enter 0 for no budget. Default: 0.",
        default=0,
        least=0,
        most=MOST_USD,
    )
    is_created = NamedCondition("CreateBudget", Not(equals(limit, "0")))
    return BudgetLimit(
        title="Monitoring",
        source=__name__,
        parameters={"Monthly budget (USD)": limit},
        conditions=[is_created],
        rules=region_rule(limit, "Budgets", budgets.Budget),
        limit=limit,
        is_created=is_created,
    )
