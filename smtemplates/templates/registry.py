"""The templates by name, each as a "module:function" text that is resolved when the template is built.

This module imports neither troposphere nor cfn-lint, so that the names can be read quickly.
"""

from __future__ import annotations

from collections.abc import Collection
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smtemplates.core.assemble import Definition

_TEMPLATES = "smtemplates.templates"

TEMPLATES = {
    "workspace": f"{_TEMPLATES}.workspace.template:definition",
    "launch-role": f"{_TEMPLATES}.launch_role.template:definition",
    "service-catalog": f"{_TEMPLATES}.service_catalog.template:definition",
    "stack-set": f"{_TEMPLATES}.stack_set.template:definition",
}
"""The function of each template: it receives the features to leave out, and returns a Definition."""


def definition(name: str, without: Collection[str] = ()) -> Definition:
    """Return the description and the constructs of a template, without these features of the workspace.

    Raises:
        UsageError: a name in `without` is not a feature of the workspace.
    """
    module, _, function = TEMPLATES[name].partition(":")
    found: Definition = getattr(import_module(module), function)(without)
    return found
