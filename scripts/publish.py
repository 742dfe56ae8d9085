#!/usr/bin/env python3
"""Publish a rendered template: to Service Catalog, or as a link into the console.

Results go to standard output, everything else to standard error. Exit codes:
0 done or nothing to do, 1 failed, 2 bad input, 5 timed out while AWS goes on,
130 interrupted. What was cut short is completed by running it again.
"""

# ruff: noqa: PLC0415 - what a command imports, it imports itself: --help answers before the SDK would be loaded
from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = ROOT / "templates" / "workspace.yaml"
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
HAS_SDK = VENV_PYTHON.is_file() and any(VENV.glob("lib/python3*/site-packages/boto3"))
if __name__ == "__main__" and HAS_SDK and Path(sys.prefix) != VENV:
    # run with the project's own dependencies, whichever Python was found first
    os.execv(VENV_PYTHON, [str(VENV_PYTHON), *sys.argv])  # noqa: S606 no shell is wanted
sys.path.insert(0, str(ROOT))

from smtemplates.console.aws_options import add_connection, carry_out, cloud_of, seconds  # noqa: E402 likewise
from smtemplates.console.streams import named  # noqa: E402 it is importable only now

if TYPE_CHECKING:
    from smtemplates.deploy.staging import Bucket
    from smtemplates.publish.commands import Manner

EXAMPLES = {
    "version": """\
  scripts/publish.py version 1.4.0 --catalog ml-catalog \\
      --create-staging-bucket --plan
  scripts/publish.py version 1.4.0 --product prod-abcdefghijklm \\
      --staging-bucket my-templates --yes
""",
    "versions": "  scripts/publish.py versions --catalog ml-catalog\n",
    "prune": "  scripts/publish.py prune --catalog ml-catalog\n",
    "link": """\
  scripts/publish.py link --staging-bucket my-templates \\
      --set Environment=prd --region eu-west-1 us-east-1
""",
}
MINUTES = 10.0


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    shape: Any = {"formatter_class": argparse.RawDescriptionHelpFormatter, "allow_abbrev": False}
    whole = argparse.ArgumentParser(description=__doc__, epilog="examples:\n" + "".join(EXAMPLES.values()), **shape)
    commands = whole.add_subparsers(dest="command", required=True)
    adders: dict[str, tuple[str, Callable[[argparse.ArgumentParser], None]]] = {
        "version": ("publish a template as a version of a product, after asking", add_version),
        "versions": ("list a product's versions, and how many provisioned products use each", add_versions),
        "prune": ("retire deprecated versions that no provisioned product uses", add_prune),
        "link": ("print a link that opens the console with the template and parameters filled in", add_link),
    }
    for name, (text, add) in adders.items():
        own = f"examples:\n{EXAMPLES[name]}"
        command = commands.add_parser(name, help=text, description=text, epilog=own, **shape)
        add(command)
        add_connection(command, several=name == "link")
    return whole


def add_product(command: argparse.ArgumentParser) -> None:
    """Add what names the product."""
    product = command.add_mutually_exclusive_group(required=True)
    product.add_argument("--product", type=named, metavar="ID", help="the product's ID, prod-...")
    product.add_argument("--catalog", type=named, metavar="STACK", help="the stack that made it: its output ProductId")


def add_template(command: argparse.ArgumentParser, made: str) -> argparse._MutuallyExclusiveGroup:
    """Add the template and where to stage it; `made` says what becomes of it in a bucket made for it."""
    command.add_argument(
        "--template", type=Path, default=TEMPLATE, metavar="FILE", help="default: templates/workspace.yaml"
    )
    staging = command.add_mutually_exclusive_group()
    staging.add_argument(
        "--staging-bucket", type=named, metavar="BUCKET", help="the bucket AWS reads the template from"
    )
    staging.add_argument("--create-staging-bucket", action="store_true", help=made)
    return staging


def add_manner(command: argparse.ArgumentParser) -> None:
    """Add how to go about it."""
    how = command.add_argument_group("how to go about it")
    how.add_argument("--plan", action="store_true", help="show what would be done, and change nothing")
    how.add_argument("--yes", action="store_true", help="do not ask; needed where there is no terminal")
    how.add_argument("--json", action="store_true", help="print the result as JSON")


def add_version(command: argparse.ArgumentParser) -> None:
    """Add the options of version."""
    command.add_argument("version", help="its name, such as 1.4.0 or 2.0.0-rc.1")
    add_product(command)
    add_template(command, "make one, which keeps it for 7 days")
    command.add_argument("--description", default="", metavar="TEXT", help="what is new, for who chooses a version")
    command.add_argument(
        "--keep", type=int, default=1, metavar="N", help="go on offering the newest N versions (default: 1, this one)"
    )
    command.add_argument(
        "--even-if-cosmetic", action="store_true", help="publish even if only descriptions or metadata differ"
    )
    add_manner(command)
    command.add_argument(
        "--timeout", type=float, default=MINUTES, metavar="MINUTES", help="wait so long for AWS (default: 10)"
    )


def add_versions(command: argparse.ArgumentParser) -> None:
    """Add the options of versions."""
    add_product(command)
    command.add_argument("--json", action="store_true", help="print the list as JSON")


def add_prune(command: argparse.ArgumentParser) -> None:
    """Add the options of prune."""
    add_product(command)
    command.add_argument(
        "--delete", action="store_true", help="delete what is inactive already, for good, instead of deactivating"
    )
    add_manner(command)


def add_link(command: argparse.ArgumentParser) -> None:
    """Add the options of link."""
    # refused, with the reason: no link is to end with such a bucket
    staging = add_template(command, argparse.SUPPRESS)
    staging.add_argument("--template-url", type=named, metavar="URL", help="where the template is in S3 already")
    command.add_argument("--stack", metavar="NAME", help="the name that the console proposes for the stack")
    command.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter to fill in")
    shape = command.add_mutually_exclusive_group()
    shape.add_argument("--markdown", action="store_true", help="as a table of buttons, the default for many Regions")
    shape.add_argument("--json", action="store_true", help="as JSON")


def bucket_of(arguments: argparse.Namespace) -> Bucket | None:
    """Take from the command line where to stage."""
    from smtemplates.deploy.staging import Bucket

    if arguments.staging_bucket or arguments.create_staging_bucket:
        return Bucket(name=arguments.staging_bucket)
    return None


def run(arguments: argparse.Namespace) -> int:
    """Carry out the command, and return the exit code."""
    from smtemplates.publish import commands

    if arguments.command == "link":
        return run_link(arguments)
    product = (cloud_of(arguments), arguments.product, arguments.catalog)
    if arguments.command == "versions":
        return commands.versions(*product, as_json=arguments.json)
    manner = commands.Manner(plan=arguments.plan, yes=arguments.yes, json=arguments.json)
    if arguments.command == "prune":
        return commands.prune(*product, delete=arguments.delete, manner=manner)
    return run_version(arguments, manner)


def run_version(arguments: argparse.Namespace, manner: Manner) -> int:
    """Publish a version."""
    from smtemplates.deploy import template
    from smtemplates.publish import commands
    from smtemplates.publish.publication import Request

    request = Request(
        version=arguments.version,
        template=template.read(arguments.template),
        bucket=bucket_of(arguments),
        description=arguments.description,
        keep=arguments.keep,
        even_if_cosmetic=arguments.even_if_cosmetic,
        timeout_seconds=seconds(arguments.timeout) or 0,
    )
    return commands.version(cloud_of(arguments), arguments.product, arguments.catalog, request, manner)


def run_link(arguments: argparse.Namespace) -> int:
    """Print links."""
    from smtemplates.deploy import parameters, template
    from smtemplates.publish import commands

    return commands.link(
        cloud_of(arguments),
        template.read(arguments.template),
        parameters.from_options(arguments.set),
        regions=arguments.region,
        stack=arguments.stack,
        source=arguments.template_url or bucket_of(arguments),
        shape="markdown" if arguments.markdown else "json" if arguments.json else "url",
    )


def main() -> int:
    """Parse and run."""
    arguments = parser().parse_args()
    return carry_out("publish.py", VENV_PYTHON, lambda: run(arguments))


if __name__ == "__main__":
    sys.exit(main())
