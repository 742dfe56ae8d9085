"""Publish a rendered template: to Service Catalog, or as a console link.

Results go to standard output, everything else to standard error. Exit codes:
0 done or no change, 1 failed, 2 bad input, 5 timed out while the operation
continues in AWS, 130 interrupted. To complete an interrupted command, run it
again.
"""

# ruff: noqa: PLC0415 - commands import their dependencies themselves, so that --help does not load the AWS SDK
from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from smtemplates.cli.program import VENV_PYTHON, Command, add_template, program
from smtemplates.cli.staging_options import add_staging, bucket_of
from smtemplates.console.aws_options import add_connection, cloud_of, seconds
from smtemplates.console.run import run_command
from smtemplates.console.streams import named

if TYPE_CHECKING:
    from smtemplates.publish.commands import Options

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
BUCKET_HELP = "bucket from which AWS reads the template"


def parser(checkout: Path) -> argparse.ArgumentParser:
    """Build the parser of publish.py for a checkout."""
    commands = (
        Command(
            "version",
            "show the steps, ask for confirmation, and publish a template as a version",
            VERSION,
            partial(add_version, checkout),
        ),
        Command(
            "versions",
            "list the versions of a product and the number of provisioned products",
            VERSIONS,
            add_versions,
        ),
        Command("prune", "deactivate deprecated versions that no provisioned product uses", PRUNE, add_prune),
        Command(
            "link",
            "print a link that opens the console with the template and parameters filled in",
            LINK,
            partial(add_link, checkout),
        ),
    )
    return program("publish.py", __doc__, commands)


def add_product(command: argparse.ArgumentParser) -> None:
    """Add the options that select the product."""
    product = command.add_mutually_exclusive_group(required=True)
    product.add_argument("--product", type=named, metavar="ID", help="ID of the product (prod-...)")
    product.add_argument(
        "--catalog", type=named, metavar="STACK", help="stack whose output ProductId is the ID of the product"
    )


def add_execution(command: argparse.ArgumentParser) -> None:
    """Add the options of the commands that change something."""
    group = command.add_argument_group("execution")
    group.add_argument("--plan", action="store_true", help="show what would be done, without changing anything")
    group.add_argument("--yes", action="store_true", help="do not ask for confirmation; required without a terminal")
    group.add_argument("--json", action="store_true", help="print the result as JSON")


def add_version(checkout: Path, command: argparse.ArgumentParser) -> None:
    """Add the options of version."""
    command.add_argument("version", help="name of the version, such as 1.4.0 or 2.0.0-rc.1")
    add_product(command)
    add_template(command, checkout)
    add_staging(
        command,
        bucket_help=BUCKET_HELP,
        creation_help="use a bucket that this command creates; objects in it expire after 7 days",
    )
    command.add_argument(
        "--description", default="", metavar="TEXT", help="release notes for users who choose a version"
    )
    command.add_argument(
        "--keep",
        type=int,
        default=1,
        metavar="N",
        help="number of the newest versions that remain available, including this one (default: 1)",
    )
    command.add_argument(
        "--even-if-cosmetic", action="store_true", help="publish even if only descriptions or metadata differ"
    )
    add_execution(command)
    command.add_argument(
        "--timeout", type=float, default=MINUTES, metavar="MINUTES", help="maximum time to wait for AWS (default: 10)"
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
        "--delete", action="store_true", help="permanently delete inactive versions instead of deactivating versions"
    )
    add_execution(command)
    add_connection(command)


def add_link(checkout: Path, command: argparse.ArgumentParser) -> None:
    """Add the options of link."""
    add_template(command, checkout)
    # --create-staging-bucket is rejected with the reason: its objects expire, and the link with them
    staging = add_staging(command, bucket_help=BUCKET_HELP, creation_help=argparse.SUPPRESS)
    staging.add_argument("--template-url", type=named, metavar="URL", help="URL of a template that is already in S3")
    command.add_argument("--stack", metavar="NAME", help="stack name that the console proposes")
    command.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="parameter value that the console proposes"
    )
    formats = command.add_mutually_exclusive_group()
    formats.add_argument(
        "--markdown", action="store_true", help="print a table of buttons (default for several Regions)"
    )
    formats.add_argument("--json", action="store_true", help="print the links as JSON")
    add_connection(command, several=True)


def run(arguments: argparse.Namespace) -> int:
    """Run the command, and return the exit code."""
    from smtemplates.publish import commands

    if arguments.command == "link":
        return run_link(arguments)
    product = (cloud_of(arguments), arguments.product, arguments.catalog)
    if arguments.command == "versions":
        return commands.versions(*product, as_json=arguments.json)
    options = commands.Options(plan=arguments.plan, yes=arguments.yes, json=arguments.json)
    if arguments.command == "prune":
        return commands.prune(*product, delete=arguments.delete, options=options)
    return run_version(arguments, options)


def run_version(arguments: argparse.Namespace, options: Options) -> int:
    """Publish a version."""
    from smtemplates.deploy.requests import template
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
    return commands.version(cloud_of(arguments), arguments.product, arguments.catalog, request, options)


def run_link(arguments: argparse.Namespace) -> int:
    """Print links."""
    from smtemplates.deploy.requests import parameters, template
    from smtemplates.publish import commands

    bucket = bucket_of(arguments)
    return commands.link(
        cloud_of(arguments),
        template.read(arguments.template),
        parameters.from_options(arguments.set),
        regions=arguments.region,
        stack=arguments.stack,
        source=arguments.template_url or bucket,
        output_format="markdown" if arguments.markdown else "json" if arguments.json else "url",
    )


def main(checkout: Path, arguments: Sequence[str] | None = None) -> int:
    """Run one command for a checkout, and return the exit code."""
    options = parser(checkout).parse_args(arguments)
    return run_command("publish.py", checkout / VENV_PYTHON, lambda: run(options))
