"""All experiments by name, in the order in which they run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from smtemplates.errors import UsageError, nearest
from smtemplates.prove.experiment import Experiment
from smtemplates.prove.experiments import (
    catalog,
    change_sets,
    endpoints,
    execution_role,
    failures,
    fleet,
    mlflow,
    notebooks,
    notifications,
    permissions,
    pipelines,
    studio_apps,
    studio_domains,
    studio_images,
)

EXPERIMENTS: Mapping[str, Experiment] = {
    experiment.name: experiment
    for experiment in (
        change_sets.DRIFT_EXPERIMENT,
        change_sets.VALUES_EXPERIMENT,
        change_sets.NAMES_EXPERIMENT,
        change_sets.SETTINGS_EXPERIMENT,
        change_sets.IMPORT_EXPERIMENT,
        change_sets.REFERENCES_EXPERIMENT,
        notifications.ALARM_EXPERIMENT,
        notifications.EVENT_EXPERIMENT,
        notifications.UNDELIVERED_EXPERIMENT,
        notifications.QUERY_EXPERIMENT,
        execution_role.ROLE_EXPERIMENT,
        execution_role.KEY_EXPERIMENT,
        failures.QUOTA_EXPERIMENT,
        permissions.WARM_POOLS_EXPERIMENT,
        notebooks.EXPERIMENT,
        permissions.STREAMS_EXPERIMENT,
        pipelines.TAGS_EXPERIMENT,
        pipelines.ROLE_EXPERIMENT,
        permissions.APPROVAL_EXPERIMENT,
        failures.FUNCTION_EXPERIMENT,
        permissions.KEY_TAGS_EXPERIMENT,
        permissions.INTERFACES_EXPERIMENT,
        studio_domains.HOME_EXPERIMENT,
        studio_apps.GRANTS_EXPERIMENT,
        studio_apps.SCRIPTS_EXPERIMENT,
        studio_domains.SETTINGS_EXPERIMENT,
        studio_images.EXPERIMENT,
        studio_apps.IDENTITY_EXPERIMENT,
        mlflow.EXPERIMENT,
        endpoints.ROLLBACK_EXPERIMENT,
        endpoints.ENVIRONMENT_EXPERIMENT,
        catalog.EXPERIMENT,
        fleet.EXPERIMENT,
    )
}


def chosen(names: Sequence[str]) -> list[Experiment]:
    """Return the experiments with these names, or all, in the order of the table.

    Raises:
        UsageError: There is no experiment with a name.
    """
    for name in names:
        if name not in EXPERIMENTS:
            near = nearest(name, EXPERIMENTS)
            hint = f"Did you mean {near}?" if near else "To see all names, run: smtemplates prove --plan"
            raise UsageError(f"There is no experiment {name}. {hint}")
    return [experiment for name, experiment in EXPERIMENTS.items() if name in names or not names]
