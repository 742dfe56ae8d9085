"""The expectation of the dashboard, the alarms and their topic."""

from __future__ import annotations

from expectations import Choice, Expectation


def always(_choice: Choice) -> bool:
    """Return True, because the resource does not depend on a parameter."""
    return True


def creates_topic(choice: Choice) -> bool:
    """Return whether the stack creates a topic."""
    return not choice.is_set("AlarmTopicArn")


def creates_dashboard(choice: Choice) -> bool:
    """Return whether the stack creates a dashboard."""
    return choice.is_true("CreateDashboard")


EXPECTATION = Expectation(
    resources={
        "EndpointErrorsAlarm": always,
        "EndpointLatencyAlarm": always,
        "AlarmTopic": creates_topic,
        "AlarmTopicPolicy": creates_topic,
        "AlarmSubscription": lambda choice: creates_topic(choice) and choice.is_set("AlarmEmail"),
        "Dashboard": creates_dashboard,
    },
    outputs=dict.fromkeys(("DashboardName", "DashboardUrl"), creates_dashboard),
)
