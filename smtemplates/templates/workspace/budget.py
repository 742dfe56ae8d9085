"""Budget: a monthly limit for the costs of the project, with notifications to the alarm topic."""

from __future__ import annotations

from troposphere import If, Parameter, Ref, Sub, budgets

from smtemplates.core.construct import Construct, NamedCondition, placeholder
from smtemplates.templates.workspace.budget_limit import BudgetLimit
from smtemplates.templates.workspace.monitoring import Monitoring
from smtemplates.templates.workspace.project import Project

# (kind of costs, percentage of the limit)
# Source: https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_Notification.html
THRESHOLDS = (("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100))


def budget(project: Project, budget_limit: BudgetLimit, monitoring: Monitoring) -> Construct:
    """Build an optional budget for all resources with the tag of the project, in all Regions of the account."""
    built = _budget(budget_limit.is_created, budget_limit.limit, project, monitoring.topic_arn())
    return Construct(title="Monitoring", source=__name__, resources=[built])


def _budget(is_created: NamedCondition, limit: Parameter, project: Project, topic_arn: If) -> budgets.Budget:
    """Build the budget. A change of the limit or of the project updates it in place.

    CloudFormation replaces a budget if its notifications change. So they contain percentages instead of amounts, and
    only the topic, whose subscriptions can change. AWS generates the name, because a replacement with the same name
    would fail.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-budgets-budget.html
    Source: https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-create-filters.html
    """
    return budgets.Budget(
        "Budget",
        Condition=is_created.name,
        Budget=budgets.BudgetData(
            BudgetLimit=budgets.Spend(Amount=Ref(limit), Unit="USD"),
            BudgetType="COST",
            # the prefix user: marks tags that users defined
            CostFilters={"TagKeyValue": [Sub(f"user:Project${placeholder(project.name)}")]},
            TimeUnit="MONTHLY",
        ),
        NotificationsWithSubscribers=[
            budgets.NotificationWithSubscribers(
                Notification=budgets.Notification(
                    ComparisonOperator="GREATER_THAN",
                    NotificationType=kind,
                    Threshold=percentage,
                    ThresholdType="PERCENTAGE",
                ),
                Subscribers=[budgets.Subscriber(Address=topic_arn, SubscriptionType="SNS")],
            )
            for kind, percentage in THRESHOLDS
        ],
        ResourceTags=[
            budgets.ResourceTag(Key="Project", Value=Ref(project.name)),
            budgets.ResourceTag(Key="Environment", Value=Ref(project.environment)),
        ],
    )
