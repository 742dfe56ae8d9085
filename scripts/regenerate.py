"""Rebuild everything that is generated from the code, or check that it is up to date.

The files are: the permissions of resource types, the templates, the reference
and its picture. All of them are built before the first one is written. A new
resource type needs rows of data that only a person can know. If rows are
missing, one message names all of them, and nothing is written.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path

import command_reference
import configuration_tables
import cost_examples
import iam_policies
import troubleshooting
from cfnlint.helpers import REGIONS
from cfnlint.schema import ResourceNotFoundError
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from smtemplates.aws_data import availability, costs
from smtemplates.aws_data.regions import UNKNOWN_REGIONS
from smtemplates.console.files import read, write
from smtemplates.errors import Error
from smtemplates.reference import document, inferences, pages
from smtemplates.synth.renderer import render
from smtemplates.templates.launch_role import actions, scopes
from smtemplates.templates.registry import TEMPLATES, definition
from smtemplates.templates.workspace import template as workspace

ROOT = Path(__file__).resolve().parent.parent
UNAVAILABLE = Path("smtemplates/aws_data/assets/unavailable_types.json")
IMPORTABLE = Path("smtemplates/aws_data/assets/importable_types.json")
NOT_VERIFIED = Path("docs/explanation/not-verified.md")
README = Path("README.md")
PERMISSIONS = Path("smtemplates/templates/launch_role/assets/handler_permissions.json")
HANDLERS = ("create", "read", "update", "delete")
SCHEMA_REGION = "us-east-1"
EXAMPLES = """\
examples:
  scripts/regenerate
      rebuild everything after a change of the code
  scripts/regenerate --check
      write nothing; exit 1 if a file is stale
"""


def handlers(type_: str) -> dict[str, list[str]]:
    """Return the permissions of a type by handler, from the provider schema; custom resources have no handlers.

    The list handler is left out: stack operations use the other handlers (inferred, not verified in a live account).

    Source: https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-develop.html
    """
    try:
        found = PROVIDER_SCHEMA_MANAGER.get_resource_schema(SCHEMA_REGION, type_).schema.get("handlers", {})
    except ResourceNotFoundError:
        return {}
    return {name: found[name].get("permissions", []) for name in HANDLERS if name in found}


def handler_permissions(types: Iterable[str]) -> dict[str, list[str]]:
    """Return all permissions that the handlers of each type use."""
    return {
        type_: sorted({action for permissions in handlers(type_).values() for action in permissions})
        for type_ in sorted(types)
    }


def lacking_regions(types: Iterable[str]) -> dict[str, list[str]]:
    """Return the Regions that lack a type, for each type that some Region lacks; without Regions of copied schemas."""
    known = sorted(set(REGIONS) - set(UNKNOWN_REGIONS))
    lacking = {
        type_: [region for region in known if type_ not in PROVIDER_SCHEMA_MANAGER.get_resource_types(region)]
        for type_ in sorted(types)
        if type_.startswith("AWS::")
    }
    return {type_: regions for type_, regions in lacking.items() if regions}


def importable_types() -> dict[str, list[str]]:
    """Return the properties that identify a resource, for each type whose identifier a template contains."""
    found = {}
    for type_ in sorted(PROVIDER_SCHEMA_MANAGER.get_resource_types(SCHEMA_REGION)):
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(SCHEMA_REGION, type_).schema
        names = schema.get("primaryIdentifier", [])
        if names and not {*names} & {*schema.get("readOnlyProperties", [])}:
            found[type_] = [name.removeprefix("/properties/") for name in names]
    return found


def missing_rows() -> list[str]:
    """Return a sentence for each row of data that the templates need and that is missing."""
    types = actions.types(workspace.constructs())
    without = actions.missing_permissions(types)
    needed = set() if without else {action for type_ in types for action in actions.needs(type_)}
    return [
        *without,
        *scopes.missing_scopes(needed),
        *costs.missing_costs(types),
        *document.missing_places(),
        *document.missing_purposes(),
    ]


def build() -> dict[Path, str]:
    """Return the text of each generated file."""
    permissions = json.dumps(actions.handler_permissions(), indent=1) + "\n"
    templates = {Path("templates", f"{name}.yaml"): render(definition(name).template()) for name in TEMPLATES}
    unavailable = json.dumps(availability.lacking_by_type(), indent=1) + "\n"
    lines = [f"{json.dumps(type_)}: {json.dumps(names)}" for type_, names in importable_types().items()]
    importable = "{\n" + ",\n".join(lines) + "\n}\n"
    generated = {PERMISSIONS: permissions, UNAVAILABLE: unavailable, IMPORTABLE: importable}
    documents = {each.PAGE: each.page() for each in (troubleshooting, command_reference, cost_examples, iam_policies)}
    documents[NOT_VERIFIED] = inferences.with_list(read(ROOT / NOT_VERIFIED))
    configuration = configuration_tables.PAGE
    documents[configuration] = configuration_tables.with_tables(read(ROOT / configuration))
    documents[README] = inferences.with_summary(read(ROOT / README))
    return {**generated, **templates, **pages.files(), **documents}


def main() -> int:
    """Rebuild or check all files, and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="scripts/regenerate",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is stale")
    options = parser.parse_args()
    types = actions.types(workspace.constructs())
    for known, current in (
        (actions.handler_permissions(), handler_permissions(types)),
        (availability.lacking_by_type(), lacking_regions(types)),
    ):
        known.clear()
        known.update(current)
    if missing := missing_rows():
        print(f"Nothing was written. {len(missing)} rows of data are missing:", *missing, sep="\n- ", file=sys.stderr)
        return 1
    texts = build()
    stale = [path for path, text in texts.items() if not (ROOT / path).exists() or read(ROOT / path) != text]
    for path in stale:
        if not options.check:
            (ROOT / path).parent.mkdir(exist_ok=True)
            write(ROOT / path, texts[path])
        print(f"{path}: {'stale; run scripts/regenerate' if options.check else 'written'}", file=sys.stderr)
    if not stale:
        print(f"{len(texts)} generated files are up to date", file=sys.stderr)
    return int(options.check and bool(stale))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Error as error:
        print(f"regenerate: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
