"""The command that deletes a stack: destroy."""

from __future__ import annotations

from smtemplates.aws.session import Cloud
from smtemplates.console import program
from smtemplates.deploy import api
from smtemplates.deploy.destruction import DestroyOptions
from smtemplates.deploy.printing.terminal import Terminal
from smtemplates.errors import UsageError


def destroy(
    cloud: Cloud, name: str, options: DestroyOptions, *, confirmed: str | None, timeout_seconds: float | None
) -> int:
    """Show what is deleted, ask for the name of the stack, and delete it."""
    terminal = Terminal(confirmed=confirmed)
    if confirmed is None and not terminal.asks:
        raise UsageError(
            f"Destroying a stack needs confirmation, but there is no terminal. To destroy stack {name}, add "
            f"--confirm {name}."
        )
    api.destroy_with(cloud, name, options, timeout_seconds=timeout_seconds, reviewer=terminal)
    if options.wait:
        terminal.say(f"Stack {name} is deleted.")
    else:
        terminal.say(f"AWS is deleting stack {name}. To watch it, run: {program.command('status', '--watch', name)}")
    return 0
