"""One parameterized CloudFormation template for an Amazon SageMaker workspace, built with troposphere and awacs.

>>> import smtemplates
>>> template = smtemplates.build(without=["studio"])  # a troposphere Template: add to it as you like
>>> text = smtemplates.render(template)  # YAML, the same bytes on every machine
>>> findings = smtemplates.lint(text)  # cfn-lint's, none for the template as it is
>>> findings = smtemplates.judge(text)  # what breaks a rule of policy, likewise none
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from smtemplates import evaluate
    from smtemplates.errors import Error, MissingError, TemplateError, UsageError
    from smtemplates.linting.linter import Finding, lint
    from smtemplates.policy import judge
    from smtemplates.synth.renderer import compact, render
    from smtemplates.templates.workspace.features import FEATURES
    from smtemplates.templates.workspace.template import build

__all__ = [
    "FEATURES",
    "Error",
    "Finding",
    "MissingError",
    "TemplateError",
    "UsageError",
    "build",
    "compact",
    "evaluate",
    "judge",
    "lint",
    "render",
]

_HOME = {
    "Error": "errors",
    "MissingError": "errors",
    "TemplateError": "errors",
    "UsageError": "errors",
    "Finding": "linting.linter",
    "lint": "linting.linter",
    "judge": "policy",
    "compact": "synth.renderer",
    "render": "synth.renderer",
    "FEATURES": "templates.workspace.features",
    "build": "templates.workspace.template",
}


def __getattr__(name: str) -> Any:
    """Load what is asked for when it is asked for: the deployer needs no troposphere, and starts without it."""
    if name == "evaluate":
        return import_module("smtemplates.evaluate")
    if name in _HOME:
        return getattr(import_module(f"smtemplates.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
