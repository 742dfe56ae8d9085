"""Run the commands for several stacks of the configuration file."""

# ruff: noqa: PLC0415 - commands import their dependencies themselves, so that --help does not load the AWS SDK
from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from smtemplates.cli.stack_selection import Selection
from smtemplates.console.aws_options import seconds
from smtemplates.errors import UsageError

if TYPE_CHECKING:
    from smtemplates.deploy.api import Allowed
    from smtemplates.deploy.groups.target import Target
    from smtemplates.deploy.requests.request import Options


def merged(options: Options, target: Target) -> Options:
    """Return the options of the command line, with those of the file that the command line does not contain.

    Raises:
        UsageError: An option of the file needs the end of the operation, and --no-wait does not wait for it.
    """
    own = target.options
    result = replace(
        options,
        protect=own.protect if options.protect is None else options.protect,
        stack_policy=own.stack_policy if options.stack_policy is None else options.stack_policy,
    )
    if options.no_wait and result != options:
        raise UsageError(
            "The keys stack_policy and termination_protection of the configuration file take effect at the end of the "
            "operation, for which --no-wait does not wait. Remove --no-wait."
        )
    return result


def run(arguments: argparse.Namespace, selection: Selection, options: Options | None, allowed: Allowed | None) -> int:
    """Run the command for several stacks, and return the exit code."""
    from smtemplates.deploy.commands import groups
    from smtemplates.deploy.destruction import DestroyOptions

    targets = selection.targets
    if arguments.command == "plan":
        return groups.plan(targets, shape=arguments.format, detailed=arguments.detailed_exitcode)
    if arguments.command == "deploy" and options is not None and allowed is not None:
        given = [
            replace(target, options=merged(options, target), allowed=allowed_for(allowed, target, targets))
            for target in targets
        ]
        return groups.deploy(given, yes=arguments.yes, as_json=arguments.json)
    if arguments.command == "destroy":
        timeout = seconds(arguments.timeout)
        return groups.destroy(
            [replace(target, options=replace(target.options, timeout_seconds=timeout)) for target in targets],
            DestroyOptions(
                delete_data=arguments.delete_data,
                clear_studio=arguments.clear_studio,
                disable_protection=arguments.disable_protection,
            ),
            confirmed=arguments.confirm,
        )
    return groups.status(
        targets,
        project=selection.project.name,
        everything=targets if arguments.all else [],
        as_json=arguments.json,
    )


def allowed_for(allowed: Allowed, target: Target, targets: Iterable[Target]) -> Allowed:
    """Return the destructive changes that one of several stacks may make; an ID is STACK:ID.

    Raises:
        UsageError: An ID does not start with the name of a stack.
    """
    names = {one.name for one in targets}
    for text in allowed.resources:
        if text.partition(":")[0] not in names or ":" not in text:
            raise UsageError(
                f"With several stacks, an ID of --allow-destructive-resource starts with the name of its stack, as in "
                f"{target.name}:{text.rpartition(':')[2]}. The stacks are {', '.join(sorted(names))}."
            )
    own = frozenset(text.partition(":")[2] for text in allowed.resources if text.partition(":")[0] == target.name)
    return replace(allowed, resources=own)
