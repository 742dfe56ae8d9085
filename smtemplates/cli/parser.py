"""What the command line takes, and what its help says."""

from __future__ import annotations

import argparse
from typing import Any

from smtemplates.aws_data.regions import DEFAULT_REGIONS
from smtemplates.console.streams import named
from smtemplates.templates.registry import TEMPLATES
from smtemplates.templates.workspace.features import FEATURES

EXAMPLES = {
    "render": """\
  python -m smtemplates render
      write templates/*.yaml and validate them
  python -m smtemplates render --check
      fail, with a diff, when a committed template is stale
  python -m smtemplates render workspace -o -
      print one template
  python -m smtemplates render workspace --without studio,mlflow \\
      --region ca-west-1 -o calgary.yaml
      a template for a Region that lacks both, validated there
""",
    "lint": """\
  python -m smtemplates lint my-template.yaml
      the same checks on any file
  python -m smtemplates lint my-template.yaml --policy ours.guard
      and by Guard rules of your own
  python -m smtemplates lint my-template.yaml --policy ours.guard --no-policy
      and by those alone, not by the rules that come with this
""",
    "explore": """\
  python -m smtemplates explore
      a page on which to try parameters before deploying
""",
    "reference": """\
  python -m smtemplates reference --check
      fail, with a diff, when templates/README.md is stale
""",
}
EXIT_CODES = """\

exit codes: 0 done, 1 a finding or a stale file, 2 wrong usage or bad input,
130 interrupted
"""


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    whole = argparse.ArgumentParser(
        prog="python -m smtemplates",
        description="CloudFormation templates for an Amazon SageMaker workspace.",
        **_examples(*EXAMPLES),
    )
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=text, **_examples(name))

    rendering = command("render", "write templates and validate them")
    rendering.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(TEMPLATES)} (default: all)")
    rendering.add_argument(
        "-o", "--output", default="templates", type=named, help="folder, file, or - for standard output"
    )
    rendering.add_argument("--format", choices=("yaml", "json"), help="default: as the name of the file ends, or yaml")
    rendering.add_argument("--check", action="store_true", help="write nothing; exit 1 with a diff for a stale file")
    rendering.add_argument(
        "--without",
        action="extend",
        type=_names,
        default=[],
        metavar="FEATURE[,...]",
        help=f"leave out: {', '.join(FEATURES)}",
    )
    rendering.add_argument("--no-lint", action="store_true", help="do not validate")
    _add_lint_options(rendering)

    linting = command("lint", "validate any template")
    linting.add_argument("files", nargs="+", type=named, metavar="FILE", help="template, or - for standard input")
    _add_lint_options(linting)

    exploring = command("explore", "write a page to try the parameters on")
    exploring.add_argument("-o", "--output", type=named, default="explore.html", help="file, or - for standard output")

    referring = command("reference", "write templates/README.md: all about the templates")
    referring.add_argument("--check", action="store_true", help="write nothing; exit 1 with a diff for a stale file")
    return whole


def _examples(*commands: str) -> dict[str, Any]:
    told = "".join(EXAMPLES[command] for command in commands)
    return {"formatter_class": argparse.RawDescriptionHelpFormatter, "epilog": f"examples:\n{told}{EXIT_CODES}"}


def _names(text: str) -> list[str]:
    """Take one name or several with commas; an option that took several words would swallow what follows it."""
    return [name for name in text.split(",") if name]


def _regions(text: str) -> list[str]:
    return _names(named(text.strip(",")))


def _add_lint_options(parser: argparse.ArgumentParser) -> None:
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--region",
        action="extend",
        type=_regions,
        metavar="REGION[,...]",
        help=f"validate for these Regions (default: {' '.join(DEFAULT_REGIONS)})",
    )
    where.add_argument("--all-regions", action="store_true", help="validate for every Region")
    parser.add_argument(
        "--policy",
        action="append",
        type=named,
        default=[],
        metavar="FILE",
        help="a file of CloudFormation Guard rules to judge by, besides those that come with this (may be repeated)",
    )
    parser.add_argument(
        "--no-policy",
        action="store_true",
        help="leave out the rules that come with this: judge by those of --policy alone, or by none",
    )
    parser.add_argument("--no-cache", action="store_true", help="validate even what was found valid before")
