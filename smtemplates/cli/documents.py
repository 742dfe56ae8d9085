"""The commands `explore` and `reference`, which write documents about the templates."""

# ruff: noqa: PLC0415 - each command imports its own document: the reference imports cfn-lint
from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smtemplates.cli.comparison import is_stale
from smtemplates.cli.config import project_of
from smtemplates.console.deprecation import report_renamed
from smtemplates.console.files import write
from smtemplates.errors import UsageError

if TYPE_CHECKING:
    from smtemplates.config.project import Project
    from smtemplates.pages.explorer import Kind
    from smtemplates.pages.presets import Preset

# The reference of a checkout, which version 0.1.0 wrote and compared with its picture.
FORMER_REFERENCE = Path("templates", "README.md")
FORMER_PICTURE = Path("templates", "workspace.svg")


def write_explorer(options: argparse.Namespace) -> int:
    """Write the explorer, a page on which to try the parameters of a template."""
    from smtemplates.config.templates import resolve
    from smtemplates.pages.explorer import explore

    name, project = options.name, project_of(options)
    built = resolve(name, project)
    kind: Kind = "file" if built.file else "table" if project and name in project.templates else "name"
    page = explore(built.body, name, _presets(name, built.body, project), kind=kind)
    if options.output == "-":
        sys.stdout.write(page)
        return 0
    write(Path(options.output), page)
    print(f"{options.output}: open it in a browser. It needs no network connection.", file=sys.stderr)
    return 0


def _presets(name: str, template: Mapping[str, Any], project: Project | None) -> Iterator[Preset]:
    """Yield the values of each table of the configuration file that starts from a template."""
    from smtemplates.pages.presets import Preset

    declared = template.get("Parameters", {})
    for table in project.templates.values() if project else ():
        if table.source == name:
            keep = declared.keys() - table.fix.keys() if table.keep is None else table.keep
            other = [key for key in ("without", "places", "constructs") if getattr(table, key)]
            yield Preset(
                name=table.name,
                values={key: text for key, text in {**table.default, **table.fix}.items() if key in declared},
                keep=tuple(key for key in declared if key in keep),
                template=table.name,
                note=f"The table [template.{table.name}] also sets {' and '.join(other)}, which this page does not "
                f"show. To see the complete template, run: smtemplates explore {table.name}"
                if other
                else "",
            )


def write_reference(options: argparse.Namespace) -> int:
    """Write the reference of all templates, or of one template, to a file or to standard output, or compare the file.

    Raises:
        UsageError: standard output cannot be compared, or the template cannot be built.
    """
    from smtemplates.pages.picture import picture
    from smtemplates.reference import document as reference

    if options.check and (options.output == "-" or (options.name and not options.output)):
        raise UsageError("--check compares a file. Specify the file with -o FILE.")
    if options.check and not options.output:
        report_renamed("reference --check", f"reference --check -o {FORMER_REFERENCE}")
        texts = {FORMER_REFERENCE: reference.document(), FORMER_PICTURE: picture()}
        return max([_compare(path, text) for path, text in texts.items()])
    text = _chapter(options) if options.name else reference.document()
    if not options.output or options.output == "-":
        sys.stdout.write(text)
        return 0
    path = Path(options.output)
    if options.check:
        return _compare(path, text)
    write(path, text)
    print(f"{path}: written", file=sys.stderr)
    return 0


def _chapter(options: argparse.Namespace) -> str:
    """Return the reference of one template."""
    from smtemplates.config.templates import resolve
    from smtemplates.reference import document as reference

    built = resolve(options.name, project_of(options))
    return reference.chapter(built.name, built.body, built.titles)


def _compare(path: Path, text: str) -> int:
    """Report whether a file contains the text that belongs in it, and return 1 if it does not."""
    if is_stale(path, text):
        return 1
    print(f"{path}: up to date", file=sys.stderr)
    return 0
