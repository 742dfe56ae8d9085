"""The workspace template."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from troposphere import Template

from smtemplates.core.assemble import Definition
from smtemplates.core.build import Function, build_all
from smtemplates.core.construct import Construct
from smtemplates.errors import TemplateError, UsageError, nearest
from smtemplates.templates.workspace.features import CONSTRUCTS, FEATURES

DESCRIPTION = (
    "Amazon SageMaker workspace: S3 buckets, execution role, logs, dashboard, alarms, and optionally a notebook "
    "instance, Studio domain, model registry, MLflow app and endpoint"
)


def definition(without: Collection[str] = (), added: Mapping[str, Function] | None = None) -> Definition:
    """Return the workspace, except the features named in `without`; `added` and the errors are as for `constructs`."""
    return Definition(DESCRIPTION, constructs(without, added))


def constructs(without: Collection[str] = (), added: Mapping[str, Function] | None = None) -> list[Construct]:
    """Build the constructs of the workspace, in the order of the table, except the features named in `without`.

    `added` are the functions of further constructs by name. They follow in this order, and can receive all others.

    Raises:
        UsageError: a name in `without` is not in FEATURES.
        TemplateError: an added construct has a name of the table, or cannot be built.
    """
    _check_features(without)
    added = added or {}
    if taken := [row.name for row in CONSTRUCTS if row.name in added]:
        raise TemplateError(f"The workspace has a construct {taken[0]}. Rename the added function.")
    rows = [row for row in CONSTRUCTS if not {row.feature, row.requires} & set(without)]
    functions: dict[str, str | Function] = {row.name: row.function for row in rows}
    functions.update(added)
    built = build_all(functions, [*(row.name for row in rows if not row.on_demand), *added])
    return [built[name] for name in functions if name in built]


def build(without: Collection[str] = ()) -> Template:
    """Build the workspace template, except the features named in `without`. The caller may add to the result.

    Raises:
        UsageError: a name in `without` is not in FEATURES.
    """
    return definition(without).template()


def _check_features(without: Collection[str]) -> None:
    for name in sorted(set(without) - set(FEATURES)):
        near = nearest(name, FEATURES)
        hint = f"Did you mean {near!r}?" if near else f"Choose from {', '.join(FEATURES)}."
        raise UsageError(f"There is no feature {name!r}. {hint}")
