"""The commands that publish a template: to Service Catalog, in a bucket, or as a console link."""

# ruff: noqa: PLC0415 - commands import their dependencies themselves, so that --help does not load the AWS SDK
from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from smtemplates.cli.staging_options import add_staging, bucket_of
from smtemplates.cli.template_option import add_template, template_of
from smtemplates.console.aws_options import add_connection, cloud_of, seconds
from smtemplates.console.deprecation import add_renamed
from smtemplates.console.streams import named

if TYPE_CHECKING:
    from smtemplates.publish.commands import Options

MINUTES = 10.0
BUCKET_HELP = "bucket from which AWS reads the template"


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


def add_version(command: argparse.ArgumentParser) -> None:
    command.add_argument("version", help="name of the version, such as 1.4.0 or 2.0.0-rc.1")
    add_product(command)
    add_template(command)
    add_staging(
        command,
        bucket_help=BUCKET_HELP,
        creation_help="use a bucket that this command creates; objects in it expire after 7 days",
    )
    command.add_argument(
        "--description", default="", metavar="TEXT", help="release notes for users who choose a version"
    )
    keep = command.add_argument(
        "--keep-versions",
        type=int,
        default=1,
        metavar="N",
        help="number of the newest versions that remain available, including this one (default: 1)",
    )
    add_renamed(command, "--keep", keep)
    command.add_argument(
        "--even-if-cosmetic", action="store_true", help="publish even if only descriptions or metadata differ"
    )
    add_execution(command)
    command.add_argument(
        "--timeout", type=float, default=MINUTES, metavar="MINUTES", help="maximum time to wait for AWS (default: 10)"
    )
    add_connection(command)


def add_versions(command: argparse.ArgumentParser) -> None:
    add_product(command)
    command.add_argument("--json", action="store_true", help="print the list as JSON")
    add_connection(command)


def add_prune(command: argparse.ArgumentParser) -> None:
    add_product(command)
    command.add_argument(
        "--delete", action="store_true", help="permanently delete inactive versions instead of deactivating versions"
    )
    add_execution(command)
    add_connection(command)


def add_stage(command: argparse.ArgumentParser) -> None:
    add_template(command)
    _add_lasting_staging(command)
    add_connection(command)


def _add_lasting_staging(command: argparse.ArgumentParser) -> argparse._MutuallyExclusiveGroup:
    """Add a bucket that keeps the template. --create-staging-bucket is rejected with the reason: its objects expire."""
    return add_staging(command, bucket_help=BUCKET_HELP, creation_help=argparse.SUPPRESS)


def add_link(command: argparse.ArgumentParser) -> None:
    add_template(command)
    staging = _add_lasting_staging(command)
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
    if arguments.command == "stage":
        return commands.stage(cloud_of(arguments), template_of(arguments), bucket_of(arguments))
    product = (cloud_of(arguments), arguments.product, arguments.catalog)
    if arguments.command == "versions":
        return commands.versions(*product, as_json=arguments.json)
    options = commands.Options(plan=arguments.plan, yes=arguments.yes, json=arguments.json)
    if arguments.command == "prune":
        return commands.prune(*product, delete=arguments.delete, options=options)
    return run_version(arguments, options)


def run_version(arguments: argparse.Namespace, options: Options) -> int:
    from smtemplates.publish import commands
    from smtemplates.publish.publication import Request

    request = Request(
        version=arguments.version,
        template=template_of(arguments),
        bucket=bucket_of(arguments),
        description=arguments.description,
        keep=arguments.keep_versions,
        even_if_cosmetic=arguments.even_if_cosmetic,
        timeout_seconds=seconds(arguments.timeout) or 0,
    )
    return commands.version(cloud_of(arguments), arguments.product, arguments.catalog, request, options)


def run_link(arguments: argparse.Namespace) -> int:
    from smtemplates.deploy.requests import parameters
    from smtemplates.publish import commands

    bucket = bucket_of(arguments)
    return commands.link(
        cloud_of(arguments, several=True),
        template_of(arguments),
        parameters.from_options(arguments.set),
        regions=arguments.region,
        stack=arguments.stack,
        source=arguments.template_url or bucket,
        output_format="markdown" if arguments.markdown else "json" if arguments.json else "url",
    )
