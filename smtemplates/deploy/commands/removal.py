"""The command that deletes a stack: destroy."""

from __future__ import annotations

from smtemplates.aws.session import Cloud
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
        disable_protection=disable_protection,
        timeout_seconds=timeout_seconds,
        reviewer=terminal,
    )
    terminal.say(f"Stack {name} is deleted.")
    return 0
