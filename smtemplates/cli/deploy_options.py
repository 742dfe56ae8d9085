"""The options of the commands that deploy templates and manage stacks, and their help."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from smtemplates.cli.stack_selection import add_stack, add_stacks
from smtemplates.cli.staging_options import add_staging
from smtemplates.cli.template_option import add_template
from smtemplates.console.aws_options import add_connection
from smtemplates.console.deprecation import add_renamed
from smtemplates.console.streams import named

TIMEOUT = "stop watching after this time, while the operation continues in AWS (default: no limit)"


def add_request(command: argparse.ArgumentParser) -> None:
    """Add the options for the template, its parameters, and the change set."""
    group = command.add_argument_group("template and parameters")
    add_template(group)
    group.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="value of a parameter; takes precedence over --parameters",
    )
    group.add_argument(
        "--parameters",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="YAML or JSON file of parameter values",
    )
    group.add_argument(
        "--reset", type=named, action="append", default=[], metavar="NAME", help="set a parameter to its default again"
    )
    group.add_argument(
        "--tag",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="tag of the stack. Other tags are kept, unless a parameter file contains Tags: these are the complete set",
    )
    group.add_argument(
        "--remove-tag", type=named, action="append", default=[], metavar="KEY", help="remove a tag of the stack"
    )
    add_staging(
        command,
        bucket_help="bucket for a template of more than 51,200 bytes",
        creation_help="use a bucket that this command creates for it",
    )
    group = command.add_argument_group("change set")
    group.add_argument(
        "--capability",
        action="append",
        default=[],
        choices=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        help="acknowledge a capability that nested stacks, modules or macros require, in addition to the template",
    )
    group.add_argument("--role-arn", type=named, metavar="ARN", help="service role that CloudFormation assumes")
    group.add_argument(
        "--notification-arn",
        action="append",
        metavar="ARN",
        help="SNS topic that receives the stack events. The topics replace those of the stack; none removes them",
    )
    group.add_argument(
        "--rollback-alarm",
        action="append",
        metavar="ARN",
        help="CloudWatch alarm that triggers a rollback. The alarms replace those of the stack; none removes them",
    )
    group.add_argument(
        "--monitoring-minutes",
        type=int,
        metavar="N",
        help="minutes after a deployment in which an alarm triggers a rollback: 0 to 180 (default: unchanged)",
    )
    group.add_argument(
        "--on-failure",
        choices=["ROLLBACK", "DELETE", "DO_NOTHING"],
        help="action if the creation of the stack fails (default: ROLLBACK)",
    )
    group.add_argument(
        "--no-rollback", action="store_true", help="if the deployment fails, keep its changes, and do not roll back"
    )
    group.add_argument(
        "--import-existing",
        action="store_true",
        help="import existing resources that the template retains and gives a static name",
    )
    group.add_argument(
        "--revert-drift", action="store_true", help="revert changes that were made outside CloudFormation"
    )


def add_plan(command: argparse.ArgumentParser) -> None:
    add_stacks(command, config=False)
    add_request(command)
    keep = command.add_argument(
        "--keep-change-set", action="store_true", help="keep the change set, and print the command that executes it"
    )
    add_renamed(command, "--keep", keep)
    command.add_argument("--detailed-exitcode", action="store_true", help="exit with 3 if there are changes")
    formats = command.add_mutually_exclusive_group()
    add_formats(formats, markdown="print the plan as Markdown (default: as a table)", json="print the plan as JSON")
    command.add_argument("--html", type=Path, metavar="FILE", help="also write the plan as an HTML page")
    add_connection(command)


def add_deploy(command: argparse.ArgumentParser) -> None:
    add_stacks(command, config=False)
    add_request(command)
    group = command.add_argument_group("execution")
    group.add_argument(
        "--change-set", type=named, metavar="ARN", help="execute this reviewed change set instead of a new one"
    )
    group.add_argument(
        "--template-digest",
        type=named,
        metavar="SHA256",
        help="execute --change-set only if its template has this hash (printed by plan --keep-change-set)",
    )
    group.add_argument("--yes", action="store_true", help="do not ask for confirmation; required without a terminal")
    allowed = group.add_mutually_exclusive_group()
    allowed.add_argument(
        "--allow-destructive",
        action="store_true",
        help="allow the replacement or deletion of resources, and changes whose effect cannot be seen",
    )
    allowed.add_argument(
        "--allow-destructive-resource",
        action="append",
        default=[],
        metavar="ID[,ID]",
        help="allow this only for these logical IDs; CHILD/ID for a resource in a nested stack",
    )
    group.add_argument(
        "--clear-studio",
        action="store_true",
        help="delete the apps, spaces and user profiles that prevent the deletion of a Studio domain",
    )
    group.add_argument(
        "--recreate", action="store_true", help="delete a stack whose creation failed, and create it again"
    )
    group.add_argument("--continue-rollback", action="store_true", help="roll a failed stack back, then deploy")
    add_skip(group)
    group.add_argument("--wait", action="store_true", help="wait until another operation on the stack has ended")
    group.add_argument(
        "--no-wait", action="store_true", help="start the operation, and end without waiting until it has ended"
    )
    group.add_argument("--timeout", type=float, metavar="MINUTES", help=TIMEOUT)
    group.add_argument("--stack-policy", type=Path, metavar="FILE", help="stack policy to set after the deployment")
    group.add_argument(
        "--termination-protection",
        action=argparse.BooleanOptionalAction,
        help="default: on if the parameter Environment is prd, otherwise unchanged",
    )
    group.add_argument("--json", action="store_true", help="print the result as JSON")
    add_connection(command)


def add_skip(command: argparse._ActionsContainer) -> None:
    command.add_argument(
        "--skip",
        type=resource_paths,
        action="extend",
        default=[],
        metavar="ID[,ID]",
        help="leave these resources as they are if a failed rollback is continued (in a nested stack: Child.ID)",
    )


def resource_paths(text: str) -> list[str]:
    """Return the paths of resources in a comma-separated list, such as Bucket,Child.Bucket."""
    paths = [part.strip() for part in text.split(",")]
    if wrong := next((path for path in paths if not re.fullmatch(r"([A-Za-z0-9]+\.)*[A-Za-z0-9]+", path)), None):
        raise argparse.ArgumentTypeError(f"'{wrong}' is not the logical ID of a resource")
    return paths


def add_rollback(command: argparse.ArgumentParser) -> None:
    add_stack(command)
    add_skip(command)
    command.add_argument("--yes", action="store_true", help="do not ask for confirmation; required without a terminal")
    command.add_argument(
        "--confirm", metavar="STACK", help="name of the stack, to allow a rollback that deletes it without a terminal"
    )
    waiting = command.add_mutually_exclusive_group()
    waiting.add_argument("--no-wait", action="store_true", help="start the rollback, and do not wait for its end")
    waiting.add_argument("--timeout", type=float, metavar="MINUTES", help=TIMEOUT)
    command.add_argument("--json", action="store_true", help="print the result as JSON")
    add_connection(command)


def add_destroy(command: argparse.ArgumentParser) -> None:
    add_stacks(command)
    command.add_argument(
        "--delete-data", action="store_true", help="also empty and delete the buckets, with all object versions"
    )
    command.add_argument(
        "--clear-studio",
        action="store_true",
        help="delete the apps, spaces and user profiles that prevent the deletion of a Studio domain",
    )
    command.add_argument("--disable-protection", action="store_true", help="disable termination protection first")
    command.add_argument(
        "--confirm",
        metavar="STACK[,STACK]",
        help="name of the stack, or the names of all stacks, to confirm without a terminal",
    )
    waiting = command.add_mutually_exclusive_group()
    waiting.add_argument("--no-wait", action="store_true", help="start the deletion, and do not wait for its end")
    waiting.add_argument("--timeout", type=float, metavar="MINUTES", help=TIMEOUT)
    group = command.add_argument_group("a deletion that failed (DELETE_FAILED)")
    either = group.add_mutually_exclusive_group()
    either.add_argument(
        "--retain",
        type=named,
        action="append",
        default=[],
        metavar="ID[,ID]",
        help="delete the stack, and leave these resources behind",
    )
    either.add_argument(
        "--force", action="store_true", help="delete the stack, and leave behind all resources that AWS cannot delete"
    )
    add_connection(command)


def add_status(command: argparse.ArgumentParser) -> None:
    add_stacks(command)
    command.add_argument("--watch", action="store_true", help="watch the operation in progress until it ends")
    command.add_argument("--json", action="store_true", help="print the status as JSON")
    add_connection(command)


def add_outputs(command: argparse.ArgumentParser) -> None:
    add_stack(command)
    formats = command.add_mutually_exclusive_group()
    add_formats(formats, json="print the outputs as JSON", env="print the outputs as assignments for a shell")
    add_connection(command)


def add_formats(command: argparse._MutuallyExclusiveGroup, **formats: str) -> None:
    """Add an option for each format of a result other than a table."""
    for name, text in formats.items():
        command.add_argument(f"--{name}", dest="format", action="store_const", const=name, default="table", help=text)


def add_drift(command: argparse.ArgumentParser) -> None:
    add_stack(command)
    command.add_argument("--json", action="store_true", help="print the drift as JSON")
    command.add_argument("--detailed-exitcode", action="store_true", help="exit with 3 if there is drift")
    add_connection(command)
