"""The commands that read a stack: status, outputs and drift."""

from __future__ import annotations

import sys
from contextlib import suppress

from smtemplates.aws.session import Cloud
from smtemplates.deploy import api
from smtemplates.deploy.operations import stack as stacks
from smtemplates.deploy.printing import drift_table, results, stack_set_table, stack_table
from smtemplates.deploy.printing.terminal import Terminal, print_result
from smtemplates.deploy.resources import drift as drifts
from smtemplates.deploy.resources import stack_sets
from smtemplates.errors import CHANGES_PRESENT, Error, UsageError


def status(cloud: Cloud, name: str, *, watch: bool, as_json: bool) -> int:
    """Show the status of a stack and its stack sets, after following the operation in progress if `watch` is True.

    Return 1 if a stack of a stack set failed. The operation on the stack set can succeed anyway.
    """
    terminal = Terminal()
    stack = api.watch(cloud, name, listener=terminal) if watch else stacks.get(cloud, name)
    if watch and stack.status == "DELETE_COMPLETE":
        terminal.say(f"Stack {name} is deleted.")
        if as_json:
            print_result(stack_table.status_json(stack, []))
        return 0
    found = stack_sets.find(cloud, stack, terminal)
    if as_json:
        print_result(stack_table.status_json(stack, stack_set_table.as_values(found)))
    else:
        parts = [stack_table.status(stack)]
        if found:
            parts.append(stack_set_table.table(found, colour=sys.stdout.isatty()))
        print_result("\n".join(parts))
    return int(any(one.failed for one in found))


def outputs(cloud: Cloud, name: str, *, shape: str) -> int:
    """Show the outputs of a stack as a table, as JSON, or as commands for a shell (env)."""
    stack = stacks.get(cloud, name)
    shapes = {"json": stack_table.outputs_json, "env": stack_table.outputs_env}
    print_result(shapes[shape](stack.outputs) if shape in shapes else stack_table.outputs(stack))
    return 0


def drift(cloud: Cloud, name: str, *, as_json: bool, detailed: bool) -> int:
    """Show the resources that were changed outside CloudFormation.

    Return 3 if `detailed` is True and there is drift, and 1 if AWS could not check all resources.
    """
    found = drifts.detect(cloud, name)
    print_result(drift_table.as_json(found) if as_json else drift_table.table(found, name))
    if not found.complete:
        Terminal().say(
            f"The drift detection of stack {name} is not complete. The results for the other resources are shown. "
            f"{drifts.to_do(found)}"
        )
        return 1
    return CHANGES_PRESENT if detailed and found.drifted else 0


def print_failure(name: str, error: Error, cloud: Cloud | None) -> None:
    """Print the failure of a command as JSON, with the status of the stack if AWS returns it."""
    stack = None
    if cloud is not None and not isinstance(error, UsageError):
        with suppress(Error):
            stack = stacks.find(cloud, name)
    print_result(results.failure(error, name, stack))
