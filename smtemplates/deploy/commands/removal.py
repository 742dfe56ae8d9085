"""The command that deletes a stack: destroy."""

from __future__ import annotations

from collections.abc import Sequence

from smtemplates.aws.session import Cloud
from smtemplates.console import program
from smtemplates.deploy import api
from smtemplates.deploy.printing.terminal import Terminal
from smtemplates.errors import UsageError


def destroy(
    cloud: Cloud,
    name: str,
    *,
    delete_data: bool,
    disable_protection: bool,
    confirmed: str | None,
    timeout_seconds: float | None,
    clear_studio: bool = False,
    retain: Sequence[str] = (),
    force: bool = False,
    wait: bool = True,
) -> int:
    """Show what is deleted, ask for the name of the stack, and delete it; its data only if `delete_data` is True."""
    terminal = Terminal(confirmed=confirmed)
    if confirmed is None and not terminal.asks:
        raise UsageError(
            f"Destroying a stack needs confirmation, but there is no terminal. To destroy stack {name}, add "
            f"--confirm {name}."
        )
    api.destroy(
        cloud,
        name,
        delete_data=delete_data,
        clear_studio=clear_studio,
        disable_protection=disable_protection,
        retain=retain,
        force=force,
        wait=wait,
        timeout_seconds=timeout_seconds,
        reviewer=terminal,
    )
    if wait:
        terminal.say(f"Stack {name} is deleted.")
    else:
        terminal.say(f"AWS is deleting stack {name}. To watch it, run: {program.command('status', '--watch', name)}")
    return 0
