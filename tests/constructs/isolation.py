"""The expectation of the policy that separates projects."""

from __future__ import annotations

from expectations import Choice, Expectation

from constructs.execution_role import has_least_privilege


def separates_projects(choice: Choice) -> bool:
    """Return whether the role can change only resources of its project."""
    return has_least_privilege(choice) and choice["Isolation"] == "Project"


EXPECTATION = Expectation(resources={"IsolationPolicy": separates_projects}, outputs={})
