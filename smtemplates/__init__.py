"""One parameterized CloudFormation template for an Amazon SageMaker workspace, built with troposphere and awacs.

>>> import smtemplates
>>> template = smtemplates.build(without=["studio"])  # a troposphere Template that you can extend
>>> text = smtemplates.render(template)  # YAML, with the same bytes on every machine
>>> findings = smtemplates.lint(text)  # the findings of cfn-lint: none for this template
>>> findings = smtemplates.check_policy(text)  # violations of the policy rules: also none
>>> company = smtemplates.specialize(template, keep=["ProjectName"])  # a dict in which the other parameters are fixed
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"

if TYPE_CHECKING:
    from smtemplates import evaluate
    from smtemplates.core.assemble import Definition, assemble
    from smtemplates.core.construct import Construct, NamedCondition
    from smtemplates.errors import Error, MissingError, TemplateError, UsageError
    from smtemplates.linting.linter import Finding, lint
    from smtemplates.policy import check_policy
    from smtemplates.policy import check_policy as judge
    from smtemplates.specializing.specialization import specialize
    from smtemplates.synth.renderer import compact, render
    from smtemplates.templates.workspace.features import FEATURES
    from smtemplates.templates.workspace.template import build, constructs

__all__ = [
    "FEATURES",
    "Construct",
    "Definition",
    "Error",
    "Finding",
    "MissingError",
    "NamedCondition",
    "TemplateError",
    "UsageError",
    "assemble",
    "build",
    "check_policy",
    "compact",
    "constructs",
    "evaluate",
    "judge",
    "lint",
    "render",
    "specialize",
]

_HOME = {
    "Definition": "core.assemble",
    "assemble": "core.assemble",
    "Construct": "core.construct",
    "NamedCondition": "core.construct",
    "Error": "errors",
    "MissingError": "errors",
    "TemplateError": "errors",
    "UsageError": "errors",
    "Finding": "linting.linter",
    "lint": "linting.linter",
    "check_policy": "policy",
    "judge": "policy:check_policy",  # the name in 0.1.0
    "compact": "synth.renderer",
    "render": "synth.renderer",
    "specialize": "specializing.specialization",
    "FEATURES": "templates.workspace.features",
    "build": "templates.workspace.template",
    "constructs": "templates.workspace.template",
}


def __getattr__(name: str) -> Any:
    """Import a public name on first use, so that the deployer starts without troposphere."""
    if name == "evaluate":
        return import_module("smtemplates.evaluate")
    if name in _HOME:
        module, _, attribute = _HOME[name].partition(":")
        return getattr(import_module(f"smtemplates.{module}"), attribute or name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
