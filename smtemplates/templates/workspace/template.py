"""The workspace: the list of its areas, joined into one template."""

from __future__ import annotations

from collections.abc import Callable, Collection
from difflib import get_close_matches

from troposphere import Template

from smtemplates.core.assemble import join
from smtemplates.core.construct import Part
from smtemplates.errors import UsageError
from smtemplates.templates.workspace.cli_commands import guide
from smtemplates.templates.workspace.container_images import images
from smtemplates.templates.workspace.encryption import encryption
from smtemplates.templates.workspace.endpoint import endpoint
from smtemplates.templates.workspace.execution_role import roles
from smtemplates.templates.workspace.initializer import initializer
from smtemplates.templates.workspace.job_defaults import processing, training
from smtemplates.templates.workspace.log_groups import logs
from smtemplates.templates.workspace.mlflow import mlflow
from smtemplates.templates.workspace.model_registry import registry
from smtemplates.templates.workspace.monitoring import ALARMS, monitoring
from smtemplates.templates.workspace.network import network
from smtemplates.templates.workspace.notebook import notebook
from smtemplates.templates.workspace.notifications import notifications
from smtemplates.templates.workspace.packages import software
from smtemplates.templates.workspace.project import project
from smtemplates.templates.workspace.sdk_config import sdk_config
from smtemplates.templates.workspace.storage import storage
from smtemplates.templates.workspace.studio import studio

DESCRIPTION = (
    "Amazon SageMaker workspace: buckets, execution role, logs, dashboard and alarms; "
    "on demand a notebook instance, a Studio domain, a model registry, an MLflow app and an endpoint"
)
FEATURES = ("endpoint", "guide", "mlflow", "monitoring", "notebook", "registry", "studio")


def areas(without: Collection[str] = ()) -> list[Part]:
    """List the workspace's areas in the order of the console's groups, but for the features named in `without`.

    Raises:
        UsageError: a name in `without` is none of FEATURES.
    """
    for name in sorted(set(without) - set(FEATURES)):
        near = get_close_matches(name, FEATURES, n=1)
        meant = f"did you mean {near[0]!r}?" if near else f"choose from {', '.join(FEATURES)}."
        raise UsageError(f"There is no feature {name!r} to leave out; {meant}")
    its = project()
    key = encryption(its)
    buckets = storage(its, key)
    vpc = network(its)
    alarms = () if "monitoring" in without else ALARMS
    access = roles(its, buckets, key, vpc, alarms)
    train, process = training(), processing()
    sdk = sdk_config(buckets, key, vpc, access)
    pictures = images(train)
    served = None if "endpoint" in without else endpoint(its, vpc, access, alarms)
    groups, tools = logs(served), software()
    optional: dict[str, Callable[[], Part]] = {
        "notebook": lambda: notebook(its, key, vpc, access, sdk, tools),
        "studio": lambda: studio(its, key, vpc, access, sdk, tools),
        "registry": lambda: registry(its),
        "mlflow": lambda: mlflow(its, buckets, access),
        "monitoring": lambda: monitoring(its, key, groups),
    }
    return [
        its,
        buckets,
        key,
        access,
        vpc,
        *(area() for name, area in optional.items() if name not in without),
        *([] if "monitoring" in without else [notifications(its, access, registry="registry" not in without)]),
        *([served] if served else []),
        *([] if {"notebook", "studio"} <= set(without) else [tools]),
        groups,
        initializer(its, buckets, key, access, groups),
        train,
        process,
        sdk,
        *([] if "guide" in without else [pictures, guide(buckets, key, vpc, access, pictures, groups)]),
    ]


def build(without: Collection[str] = ()) -> Template:
    """Build the workspace template, but for the features named in `without`; the caller may add to it.

    Raises:
        UsageError: a name in `without` is none of FEATURES.
    """
    return join(DESCRIPTION, areas(without))
