"""The options of the commands that build and validate templates."""

from __future__ import annotations

import argparse

from smtemplates.aws_data.regions import DEFAULT_REGIONS
from smtemplates.cli.config import add_config
from smtemplates.console.regions import add_regions
from smtemplates.console.streams import named
from smtemplates.linting.formats import FORMATS
from smtemplates.templates.registry import PLACES, TEMPLATES
from smtemplates.templates.workspace.features import FEATURES

_LISTS = tuple(name for lists in PLACES.values() for name in lists)


def add_render(render: argparse.ArgumentParser) -> None:
    render.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"templates of the configuration file, or {', '.join(TEMPLATES)} (default: those of the configuration "
        "file, otherwise all)",
    )
    render.add_argument(
        "-o",
        "--output",
        type=named,
        help="folder, file, or - for standard output (default: the output folder of the configuration file, or "
        "templates)",
    )
    add_config(render)
    render.add_argument(
        "--format", choices=("yaml", "json"), help="format (default: the suffix of the output file, otherwise yaml)"
    )
    _add_check(render)
    render.add_argument(
        "--without",
        action="extend",
        type=_names,
        default=[],
        metavar="FEATURE[,...]",
        help=f"leave these features out: {', '.join(FEATURES)}",
    )
    render.add_argument(
        "--places",
        action="extend",
        type=_places,
        default=[],
        metavar="LIST=N[,...]",
        help=f"number of entries that a list accepts: {', '.join(_LISTS)}",
    )
    render.add_argument("--no-lint", action="store_true", help="do not validate")
    _add_specialization(render)
    _add_validation(render)


def _add_specialization(render: argparse.ArgumentParser) -> None:
    group = render.add_argument_group("specialization of one template")
    group.add_argument(
        "--from", dest="file", type=named, metavar="FILE", help="specialize this template instead of NAME"
    )
    group.add_argument(
        "--keep",
        action="extend",
        type=_names,
        metavar="PARAMETER[,...]",
        help="keep only these parameters, and fix every other parameter at its default",
    )
    group.add_argument(
        "--fix",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="replace a parameter by a constant; @FILE reads the value from a file (repeatable)",
    )
    group.add_argument(
        "--default", action="append", default=[], metavar="NAME=VALUE", help="new default of a parameter (repeatable)"
    )
    group.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="NAME=VALUE[,...]",
        help="values that a parameter allows, or that each item of a list parameter allows (repeatable)",
    )


def _add_check(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--check",
        action="store_true",
        help="write nothing; exit with code 1 and show the differences if a file is stale",
    )


def _add_validation(command: argparse.ArgumentParser) -> None:
    regions = command.add_mutually_exclusive_group()
    add_regions(regions, f"validate for these Regions (default: {' '.join(DEFAULT_REGIONS)})")
    regions.add_argument("--all-regions", action="store_true", help="validate for every Region")
    command.add_argument(
        "--policy",
        action="append",
        type=named,
        default=[],
        metavar="FILE",
        help="also check the CloudFormation Guard rules of this policy file (repeatable)",
    )
    command.add_argument(
        "--no-policy",
        action="store_true",
        help="do not check the built-in rules; the files of --policy are still checked",
    )
    command.add_argument("--no-cache", action="store_true", help="validate again even if the template is unchanged")
    group = command.add_argument_group("findings")
    group.add_argument(
        "--findings-format",
        choices=FORMATS,
        help="format of the findings (default: the suffix of the findings file, otherwise text)",
    )
    group.add_argument(
        "--findings-output",
        type=named,
        metavar="FILE",
        help="write the findings to this file, and show them as text on the terminal",
    )


def add_lint(lint: argparse.ArgumentParser) -> None:
    lint.add_argument(
        "files",
        nargs="+",
        type=named,
        metavar="FILE|NAME",
        help=f"template file, - for standard input, a template of the configuration file, or {', '.join(TEMPLATES)}",
    )
    lint.add_argument(
        "--strict", action="store_true", help="exit with code 1 if a part of a template was not evaluated"
    )
    add_config(lint)
    _add_validation(lint)


def add_explore(explore: argparse.ArgumentParser) -> None:
    _add_name(explore, default="workspace", otherwise="%(default)s")
    explore.add_argument(
        "-o",
        "--output",
        type=named,
        default="explore.html",
        help="file, or - for standard output (default: %(default)s)",
    )
    add_config(explore)


def add_reference(reference: argparse.ArgumentParser) -> None:
    _add_name(reference, default=None, otherwise="all templates of this package")
    reference.add_argument("-o", "--output", type=named, help="file, or - for standard output (default: -)")
    add_config(reference)
    _add_check(reference)


def _add_name(command: argparse.ArgumentParser, *, default: str | None, otherwise: str) -> None:
    """Add the template of a document."""
    command.add_argument(
        "name",
        nargs="?",
        type=named,
        default=default,
        metavar="NAME|FILE",
        help=f"template of the configuration file, {', '.join(TEMPLATES)}, or a template file (default: {otherwise})",
    )


def _names(text: str) -> list[str]:
    """Split names at commas. An option that took several words would also take the arguments that follow it."""
    return [name for name in text.split(",") if name]


def _places(text: str) -> list[tuple[str, int]]:
    """Return the numbers of places by list."""
    pairs = [each.partition("=") for each in _names(text)]
    if not all(number.isascii() and number.isdigit() for _, _, number in pairs):
        raise argparse.ArgumentTypeError(f"'{text}' is not a list with a number, such as {_LISTS[0]}=50")
    return [(name, int(number)) for name, _, number in pairs]
