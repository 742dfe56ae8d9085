"""Publish a rendered template: to Service Catalog, or as a link into the console.

Results go to standard output, everything else to standard error. Exit codes:
0 done or nothing to do, 1 failed, 2 bad input, 5 timed out while AWS goes on,
130 interrupted. What was cut short is completed by running it again.
"""

# ruff: noqa: PLC0415 - what a command imports, it imports itself: --help answers before the SDK would be loaded
from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from smtemplates.cli.program import VENV_PYTHON, Command, add_template, program
from smtemplates.console.aws_options import add_connection, carry_out, cloud_of, seconds
from smtemplates.console.streams import named

if TYPE_CHECKING:
    from smtemplates.deploy.staging import Bucket
    from smtemplates.publish.commands import Manner

VERSION = """\
  scripts/publish.py version 1.4.0 --catalog ml-catalog \\
      --create-staging-bucket --plan
  scripts/publish.py version 1.4.0 --product prod-abcdefghijklm \\
      --staging-bucket my-templates --yes
"""
VERSIONS = "  scripts/publish.py versions --catalog ml-catalog\n"
PRUNE = "  scripts/publish.py prune --catalog ml-catalog\n"
LINK = """\
  scripts/publish.py link --staging-bucket my-templates \\
      --set Environment=prd --region eu-west-1 us-east-1
"""
MINUTES = 10.0


def parser(checkout: Path) -> argparse.ArgumentParser:
    """Build the parser of publish.py for a checkout."""
    commands = (
        Command(
            "version",
            "publish a template as a version of a product, after asking",
            VERSION,
            partial(add_version, checkout),
        ),
        Command(
            "versions",
            "list a product's versions, and how many provisioned products use each",
            VERSIONS,
            add_versions,
        ),
        Command("prune", "retire deprecated versions that no provisioned product uses", PRUNE, add_prune),
        Command(
            "link",
            "print a link that opens the console with the template and parameters filled in",
            LINK,
            partial(add_link, checkout),
        ),
    )
    return program("publish.py", __doc__, commands)


def add_product(command: argparse.ArgumentParser) -> None:
    """Add what names the product."""
    product = command.add_mutually_exclusive_group(required=True)
    product.add_argument("--product", type=named, metavar="ID", help="the product's ID, prod-...")
    product.add_argument("--catalog", type=named, metavar="STACK", help="the stack that made it: its output ProductId")


def add_staging(checkout: Path, command: argparse.ArgumentParser, made: str) -> argparse._MutuallyExclusiveGroup:
    """Add the template and where to stage it; `made` says what becomes of it in a bucket made for it."""
    add_template(command, checkout)
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


def add_version(checkout: Path, command: argparse.ArgumentParser) -> None:
    """Add the options of version."""
    command.add_argument("version", help="its name, such as 1.4.0 or 2.0.0-rc.1")
    add_product(command)
    add_staging(checkout, command, "make one, which keeps it for 7 days")
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
    add_connection(command)


def add_versions(command: argparse.ArgumentParser) -> None:
    """Add the options of versions."""
    add_product(command)
    command.add_argument("--json", action="store_true", help="print the list as JSON")
    add_connection(command)


def add_prune(command: argparse.ArgumentParser) -> None:
    """Add the options of prune."""
    add_product(command)
    command.add_argument(
        "--delete", action="store_true", help="delete what is inactive already, for good, instead of deactivating"
    )
    add_manner(command)
    add_connection(command)


def add_link(checkout: Path, command: argparse.ArgumentParser) -> None:
    """Add the options of link."""
    # refused, with the reason: no link is to end with such a bucket
    staging = add_staging(checkout, command, argparse.SUPPRESS)
    staging.add_argument("--template-url", type=named, metavar="URL", help="where the template is in S3 already")
    command.add_argument("--stack", metavar="NAME", help="the name that the console proposes for the stack")
    command.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter to fill in")
    shape = command.add_mutually_exclusive_group()
    shape.add_argument("--markdown", action="store_true", help="as a table of buttons, the default for many Regions")
    shape.add_argument("--json", action="store_true", help="as JSON")
    add_connection(command, several=True)


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


def main(checkout: Path, arguments: Sequence[str] | None = None) -> int:
    """Run one command for a checkout, and return the exit code."""
    options = parser(checkout).parse_args(arguments)
    return carry_out("publish.py", checkout / VENV_PYTHON, lambda: run(options))
