"""Deploy templates through change sets: the public API of the deployer.

>>> from pathlib import Path
>>> from smtemplates import deploy
>>> cloud = deploy.Cloud(deploy.Connection(region="eu-west-1"))  # credentials as for every AWS tool
>>> request = deploy.Request(stack="churn", template=deploy.read_template(Path("workspace.yaml")))
>>> plan = deploy.plan(cloud, request)  # doctest: +SKIP
>>> done = deploy.deploy(cloud, request)  # doctest: +SKIP
>>> deploy.watch(cloud, "churn")  # doctest: +SKIP
>>> deploy.destroy(cloud, "churn")  # doctest: +SKIP

The functions print nothing and ask nothing: a `Reviewer` receives plans, progress and messages. `deploy` refuses
changes that replace or delete existing resources unless `allowed` allows them. Errors are subclasses of
`smtemplates.Error` with a message for the user. The package depends on templates as text and on AWS, not on the
constructs of a template.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from smtemplates.aws.connection import Connection
    from smtemplates.aws.errors import CloudError, DeploymentError, RefusedError, StoppedError, TimedOutError
    from smtemplates.aws.session import Cloud
    from smtemplates.deploy.api import Allowed, Deployment, cancel, deploy, destroy, plan, watch
    from smtemplates.deploy.change_sets.change_plan import Plan
    from smtemplates.deploy.operations.stack import Stack
    from smtemplates.deploy.requests.parameters import Settings
    from smtemplates.deploy.requests.request import Options, Request
    from smtemplates.deploy.requests.staging import Bucket
    from smtemplates.deploy.requests.template import Template
    from smtemplates.deploy.requests.template import read as read_template
    from smtemplates.deploy.reviewer import Reviewer, Silent

__all__ = [
    "Allowed",
    "Bucket",
    "Cloud",
    "CloudError",
    "Connection",
    "Deployment",
    "DeploymentError",
    "Options",
    "Plan",
    "RefusedError",
    "Request",
    "Reviewer",
    "Settings",
    "Silent",
    "Stack",
    "StoppedError",
    "Template",
    "TimedOutError",
    "cancel",
    "deploy",
    "destroy",
    "plan",
    "read_template",
    "watch",
]

# The module of each name, and its name there if it differs.
_HOME = {
    **dict.fromkeys(("CloudError", "DeploymentError", "RefusedError", "StoppedError", "TimedOutError"), "aws.errors"),
    **dict.fromkeys(("Cloud", "Connection"), "aws.session"),
    **dict.fromkeys(("Options", "Request"), "deploy.requests.request"),
    **dict.fromkeys(("Reviewer", "Silent"), "deploy.reviewer"),
    "Bucket": "deploy.requests.staging",
    "Plan": "deploy.change_sets.change_plan",
    "Settings": "deploy.requests.parameters",
    "Stack": "deploy.operations.stack",
    "Template": "deploy.requests.template",
    "read_template": "deploy.requests.template:read",
}


def __getattr__(name: str) -> Any:
    """Import a public name on first use, so that the modules of the package can be imported alone."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, attribute = _HOME.get(name, "deploy.api").partition(":")
    return getattr(import_module(f"smtemplates.{module}"), attribute or name)


def __dir__() -> list[str]:
    return sorted(__all__)
