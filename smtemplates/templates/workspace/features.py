"""The constructs of the workspace as a table: one row for each, in the order of the parameter groups in the console.

This module imports neither troposphere nor cfn-lint, so that names of features can be read quickly.
"""

from __future__ import annotations

from dataclasses import dataclass

_WORKSPACE = "smtemplates.templates.workspace"


@dataclass(frozen=True, kw_only=True)
class Row:
    """Describe one construct of the workspace.

    `name` is also the name of the argument by which other constructs receive it. `feature` is the name by which
    `--without` leaves it out; a construct without one is always built. A construct that `requires` another feature is
    also left out with that feature. A construct that is only built `on_demand` is part of the template if a construct
    of the template receives it.
    """

    name: str
    function: str
    feature: str = ""
    requires: str = ""
    on_demand: bool = False


def _row(name: str, *, module: str = "", feature: str = "", requires: str = "", on_demand: bool = False) -> Row:
    function = f"{_WORKSPACE}.{module or name}:{name}"
    return Row(name=name, function=function, feature=feature, requires=requires, on_demand=on_demand)


CONSTRUCTS = (
    _row("project"),
    _row("storage"),
    _row("encryption"),
    _row("execution_role"),
    _row("source_identity", feature="studio"),
    _row("isolation"),
    _row("workflow_packs"),
    _row("network"),
    _row("notebook", feature="notebook"),
    _row("studio_settings", feature="studio"),
    _row("studio_repository", feature="studio"),
    _row("studio_images", feature="studio"),
    _row("studio", feature="studio"),
    _row("model_registry", feature="registry"),
    _row("registry_sharing", feature="registry"),
    _row("mlflow", feature="mlflow"),
    _row("notebook_policy", module="resource_policies"),
    _row("registry_policy", module="resource_policies"),
    _row("monitoring", feature="monitoring"),
    _row("endpoint_thresholds", on_demand=True),
    _row("endpoint_alarms", feature="monitoring"),
    _row("notifications", feature="monitoring"),
    _row("budget_limit", feature="budget", requires="monitoring"),
    _row("budget", feature="budget", requires="monitoring"),
    _row("endpoint_alarm_names", feature="endpoint"),
    _row("endpoint_model", feature="endpoint"),
    _row("endpoint_instances", feature="endpoint"),
    _row("endpoint", feature="endpoint"),
    _row("endpoint_rollback", feature="endpoint"),
    _row("endpoint_scaling", feature="endpoint"),
    _row("endpoint_idle", feature="endpoint"),
    _row("dashboard", feature="monitoring"),
    _row("packages", on_demand=True),
    _row("log_groups"),
    _row("initializer"),
    _row("training", module="job_defaults"),
    _row("processing", module="job_defaults"),
    _row("sdk_config"),
    _row("container_images", on_demand=True),
    _row("cli_commands", feature="guide"),
)

FEATURES = tuple(sorted({row.feature for row in CONSTRUCTS if row.feature}))
"""The names of the features that can be left out."""


def feature_of(source: str) -> str:
    """Return the feature whose construct is built by a module, such as `Construct.source`; '' if it is always built."""
    return next((row.feature for row in CONSTRUCTS if row.function.partition(":")[0] == source), "")
