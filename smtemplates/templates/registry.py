"""The templates by name, each as a "module:function" text that is resolved when the template is built.

This module imports neither troposphere nor cfn-lint, so that the names can be read quickly.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

from smtemplates.core.places import chosen
from smtemplates.templates.service_catalog.places import PLACES as CATALOG_PLACES

if TYPE_CHECKING:
    from smtemplates.core.assemble import Definition

_TEMPLATES = "smtemplates.templates"

TEMPLATES = {
    "workspace": f"{_TEMPLATES}.workspace.template:definition",
    "network": f"{_TEMPLATES}.network.template:definition",
    "launch-role": f"{_TEMPLATES}.launch_role.template:definition",
    "service-catalog": f"{_TEMPLATES}.service_catalog.template:definition",
    "stack-set": f"{_TEMPLATES}.stack_set.template:definition",
}
"""The function of each template: it receives the features to leave out, and returns a Definition."""


PLACES: Mapping[str, Mapping[str, int]] = {"service-catalog": CATALOG_PLACES}
"""The list parameters by template whose number of entries is chosen when the template is rendered, and the defaults."""


SUFFIXES = (".yaml", ".yml", ".json")


def is_file(text: str) -> bool:
    """Return whether a text that selects a template is the name of a file, and not the name of a template."""
    return "/" in text or text.endswith(SUFFIXES)


def definition(
    name: str, without: Collection[str] = (), places: Mapping[str, int] = MappingProxyType({})
) -> Definition:
    """Return the description and the constructs of a template, without these features of the workspace.

    `places` is the number of entries that a list accepts, by the name of its parameter.

    Raises:
        UsageError: a name in `without` is not a feature of the workspace, a name in `places` is not a list of this
            template, or there are too many places.
    """
    chosen(PLACES.get(name, {}), places)
    module, _, function = TEMPLATES[name].partition(":")
    arguments = {"places": places} if name in PLACES else {}
    found: Definition = getattr(import_module(module), function)(without, **arguments)
    return found
