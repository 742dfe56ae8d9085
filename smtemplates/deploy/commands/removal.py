"""The command that deletes a stack: destroy."""

from __future__ import annotations

import time

from smtemplates.aws.errors import RefusedError
from smtemplates.aws.session import Cloud
from smtemplates.deploy import destruction
from smtemplates.deploy.printing import destruction_table
from smtemplates.deploy.printing.terminal import Terminal
from smtemplates.deploy.requests.request import check_name
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
    check_name(name)
    terminal = Terminal()
    if confirmed is None and not terminal.asks:
        raise UsageError(
            f"Destroying a stack needs confirmation, but there is no terminal. To destroy stack {name}, add "
            f"--confirm {name}."
        )
    plan = destruction.plan_destruction(cloud, name, delete_data=delete_data)
    terminal.say(destruction_table.table(plan, delete_data=delete_data))
    destruction.check(plan, disable_protection=disable_protection)
    typed = confirmed if confirmed is not None else terminal.ask(f"To confirm, type the name of the stack ({name}): ")
    if typed.strip() != name:
        raise RefusedError("The name of the stack was not confirmed. Nothing was deleted.")
    deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
    try:
        destruction.execute(
            cloud, plan, terminal, delete_data=delete_data, deadline=deadline, progress=terminal.show_emptying
        )
    finally:
        terminal.close()
    terminal.say(f"Stack {name} is deleted.")
    return 0
