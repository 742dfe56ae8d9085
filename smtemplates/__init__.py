"""One parameterized CloudFormation template for an Amazon SageMaker workspace, built with troposphere and awacs.

>>> import smtemplates
>>> template = smtemplates.build(without=["studio"])  # a troposphere Template: add to it as you like
>>> text = smtemplates.render(template)  # YAML, the same bytes on every machine
>>> findings = smtemplates.lint(text)  # cfn-lint's, none for the template as it is
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from smtemplates import evaluate
    from smtemplates.errors import Error, TemplateError, UsageError
    from smtemplates.lint import Finding, lint
    from smtemplates.renderer import compact, render
    from smtemplates.workspace import FEATURES, build

__all__ = [
    "FEATURES",
    "Error",
    "Finding",
    "TemplateError",
    "UsageError",
    "build",
    "compact",
    "evaluate",
    "lint",
    "render",
]

_HOME = {
    "errors": ("Error", "TemplateError", "UsageError"),
    "lint": ("Finding", "lint"),
    "renderer": ("compact", "render"),
    "workspace": ("FEATURES", "build"),
}


def __getattr__(name: str) -> Any:
    """Load what is asked for when it is asked for: the deployer needs no troposphere, and starts without it."""
    if name == "evaluate":
        return import_module("smtemplates.evaluate")
    for module, names in _HOME.items():
        if name in names:
            found = import_module(f"smtemplates.{module}")
            # for good, and instead of the module of the same name, which the import has just put there
            globals().update({each: getattr(found, each) for each in names})
            return globals()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
