"""The workspace template."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

from troposphere import Template

from smtemplates.core.assemble import Definition
from smtemplates.core.build import build_all
from smtemplates.core.construct import Construct
from smtemplates.errors import UsageError
from smtemplates.templates.workspace.features import CONSTRUCTS, FEATURES

DESCRIPTION = (
    "Amazon SageMaker workspace: S3 buckets, execution role, logs, dashboard and alarms, with an optional notebook "
    "instance, Studio domain, model registry, MLflow app and endpoint"
)


def definition(without: Collection[str] = ()) -> Definition:
    """Return the workspace, except the features named in `without`.

    Raises:
        UsageError: a name in `without` is not in FEATURES.
    """
    return Definition(DESCRIPTION, constructs(without))


def constructs(without: Collection[str] = ()) -> list[Construct]:
    """Build the constructs of the workspace, in the order of the table, except the features named in `without`.

    Raises:
        UsageError: a name in `without` is not in FEATURES.
    """
    _check_features(without)
    rows = [row for row in CONSTRUCTS if row.feature not in without]
    functions = {row.name: row.function for row in rows}
    built = build_all(functions, [row.name for row in rows if not row.on_demand])
    return [built[row.name] for row in rows if row.name in built]


def build(without: Collection[str] = ()) -> Template:
    """Build the workspace template, except the features named in `without`. The caller may add to the result.

    Raises:
        UsageError: a name in `without` is not in FEATURES.
    """
    return definition(without).template()


def _check_features(without: Collection[str]) -> None:
    for name in sorted(set(without) - set(FEATURES)):
        near = get_close_matches(name, FEATURES, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"Choose from {', '.join(FEATURES)}."
        raise UsageError(f"There is no feature {name!r}. {hint}")
