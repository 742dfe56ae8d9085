"""Budget: a monthly limit for the costs of the project, with notifications to the alarm topic."""

from __future__ import annotations

from troposphere import If, Not, Parameter, Ref, Sub, budgets

from smtemplates.core.construct import Construct, NamedCondition, equals, number_parameter, placeholder
from smtemplates.core.regions import region_rule
from smtemplates.templates.workspace.monitoring import Monitoring
from smtemplates.templates.workspace.project import Project

# (kind of costs, percentage of the limit)
# Source: https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_Notification.html
THRESHOLDS = (("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100))
MOST_USD = 1000000000


def budget(project: Project, monitoring: Monitoring | None = None) -> Construct:
    """Build an optional budget for all resources with the tag of the project, in all Regions of the account.

    A template without monitoring has no topic, and thus no budget.
    """
    if monitoring is None:
        return Construct(title="Monitoring", source=__name__)
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
    return Construct(
        title="Monitoring",
        source=__name__,
        parameters={"Monthly budget (USD)": limit},
        conditions=[is_created],
        rules=region_rule(limit, "Budgets", budgets.Budget),
        resources=[_budget(is_created, limit, project, monitoring.topic_arn())],
    )


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
