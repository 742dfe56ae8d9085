"""The stacks that a command is for: one stack of AWS, or stacks of the configuration file."""

# ruff: noqa: PLC0415 - commands import their dependencies themselves, so that --help does not load the AWS SDK
from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from smtemplates.cli.config import add_config, project_of
from smtemplates.cli.template_option import template_of
from smtemplates.console.aws_options import cloud_of
from smtemplates.console.streams import named
from smtemplates.errors import UsageError

if TYPE_CHECKING:
    from smtemplates.config.project import Project
    from smtemplates.config.stacks import Builder
    from smtemplates.config.tables import StackTable
    from smtemplates.deploy.groups.target import Target
    from smtemplates.deploy.requests.request import Request

EXAMPLE = """\
[stack.churn-dev]
template = "workspace"
regions = ["eu-west-1"]
parameters = { ProjectName = "churn", Environment = "dev" }"""
# The options that can be used only with one stack, by the attribute of the parsed arguments.
ONE_STACK_ONLY = {
    "set": "--set",
    "parameters": "--parameters",
    "reset": "--reset",
    "keep_change_set": "--keep-change-set",
    "html": "--html",
    "change_set": "--change-set",
    "template_digest": "--template-digest",
    "recreate": "--recreate",
    "continue_rollback": "--continue-rollback",
    "skip": "--skip",
    "no_wait": "--no-wait",
    "retain": "--retain",
    "force": "--force",
    "watch": "--watch",
}


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Stacks of a configuration file. `several` is whether the command handles them as a group."""

    project: Project
    builder: Builder
    targets: list[Target]
    several: bool


def add_stack(command: argparse.ArgumentParser) -> None:
    """Add the name of one stack, and --config."""
    command.add_argument("stack", type=named, help="name of the stack, or of a stack in the configuration file")
    _add_file(command, config=True)


def add_stacks(command: argparse.ArgumentParser, *, config: bool = True) -> None:
    """Add the names of stacks and --all, and --config unless the command already has it."""
    command.add_argument(
        "stacks",
        type=named,
        nargs="*",
        metavar="STACK",
        help="name of the stack; several stacks must be in the configuration file",
    )
    command.add_argument("--all", action="store_true", help="all stacks of the configuration file")
    _add_file(command, config=config)


def _add_file(command: argparse.ArgumentParser, *, config: bool) -> None:
    if config:
        add_config(command)
    command.add_argument("--no-config", action="store_true", help="do not read a configuration file")


def select(arguments: argparse.Namespace, change: Callable[[Request], Request] | None = None) -> Selection | None:
    """Return the stacks of the configuration file that the arguments name, or None for one stack that is not in it.

    `change` returns a request with the options of the command line; without it, no template is built. In any case,
    `arguments.stack` becomes the name of the stack, or the names with commas between them.

    Raises:
        UsageError: No stack is named, a stack is not in the file, or an option is for one stack only.
    """
    everything = getattr(arguments, "all", False)
    names = [arguments.stack] if "stack" in arguments else list(dict.fromkeys(arguments.stacks))
    arguments.stack = ",".join(names)
    if everything and names:
        raise UsageError("--all is for all stacks of the configuration file. Remove it, or the names of the stacks.")
    if not everything and not names:
        raise UsageError("No stack is specified. Specify the name of a stack, or --all.")
    project = None if arguments.no_config else project_of(arguments)
    if project is None or not project.stacks:
        _check_one(names, project, everything=everything)
        return None
    if getattr(arguments, "template", None) and len(names) == 1 and not _is_named(project, names[0]):
        return None
    return _selection(arguments, project, names, change)


def _check_one(names: list[str], project: Project | None, *, everything: bool) -> None:
    """Check that a command without stacks in a configuration file is for one stack.

    Raises:
        UsageError: It is not.
    """
    if everything or len(names) > 1:
        if project is not None:
            raise UsageError(
                f"{project.path} has no [stack.NAME] table. Add one for each stack, for example:\n\n{EXAMPLE}"
            )
        option = "--all" if everything else "Several stacks"
        raise UsageError(
            f"{option} can be used only with a configuration file that has tables [stack.NAME]. There is no "
            "smtemplates.toml with such tables in this folder or in a folder above it. Specify --config FILE."
        )


def _is_named(project: Project, name: str) -> bool:
    return name in project.stacks or name in (table.stack_name for table in project.stacks.values())


def _selection(
    arguments: argparse.Namespace, project: Project, names: list[str], change: Callable[[Request], Request] | None
) -> Selection:
    from smtemplates.config.stacks import Builder, Overrides, find_stacks

    tables = find_stacks(project, names)
    connection = cloud_of(arguments, several=True).connection
    if getattr(arguments, "template", None) and len(tables) > 1:
        raise UsageError("--template replaces the template of one stack. Specify one stack, or remove --template.")
    template = template_of(arguments) if getattr(arguments, "template", None) else None
    overrides = Overrides(
        connection=connection, regions=arguments.region, change=change or _unchanged, template=template
    )
    builder = Builder(project, overrides)
    several = len(names) != 1 or _number_of_regions(arguments, tables[0]) > 1
    if several:
        _check_options(arguments)
        if "stacks" not in arguments:
            regions = ", ".join(arguments.region or tables[0].regions or ())
            raise UsageError(f"Stack {names[0]} is in several Regions: {regions}. Specify one with --region.")
    targets = builder.targets(tables, deploys=change is not None)
    if not several:
        arguments.stack = targets[0].stack
    return Selection(project=project, builder=builder, targets=targets, several=several)


def _unchanged(request: Request) -> Request:
    return request


def _number_of_regions(arguments: argparse.Namespace, table: StackTable) -> int:
    return len(arguments.region or table.regions or ("default",))


def _check_options(arguments: argparse.Namespace) -> None:
    """Check that no option is given that is for one stack only.

    Raises:
        UsageError: There is such an option.
    """
    given = [option for name, option in ONE_STACK_ONLY.items() if getattr(arguments, name, None)]
    if given:
        raise UsageError(f"{', '.join(given)} can be used with one stack only. Specify one stack, in one Region.")
