"""The command that rolls a stack back: rollback."""

from __future__ import annotations

from smtemplates.aws.errors import RefusedError, StoppedError
from smtemplates.aws.session import Cloud
from smtemplates.deploy import recovery
from smtemplates.deploy.execution import deadline_of
from smtemplates.deploy.operations import stack as stacks
from smtemplates.deploy.operations import states
from smtemplates.deploy.operations.stack import Stack
from smtemplates.deploy.printing import recovery_table, results
from smtemplates.deploy.printing.terminal import Terminal, print_result
from smtemplates.deploy.requests.request import check_name
from smtemplates.errors import UsageError


def rollback(
    cloud: Cloud,
    name: str,
    *,
    skip: tuple[str, ...] = (),
    yes: bool = False,
    confirmed: str | None = None,
    timeout_seconds: float | None = None,
    wait: bool = True,
    as_json: bool = False,
) -> int:
    """Show the effects of a rollback, and roll the stack back. Follow a rollback that is in progress already.

    If the rollback deletes the stack, its name must be confirmed as for destroy.
    """
    check_name(name)
    terminal = Terminal(assume_yes=yes or confirmed is not None, confirmed=confirmed)
    if not terminal.assume_yes and not terminal.asks:
        raise UsageError(
            "This command needs confirmation, but there is no terminal. To roll the stack back, add --yes. If this "
            f"deletes the stack, add --confirm {name}."
        )
    deadline = deadline_of(timeout_seconds)
    stack = stacks.get(cloud, name)
    if stack.status in states.ROLLED_BACK:
        terminal.say(f"{states.description(name, stack.status)} There is nothing to roll back.")
        return _report(stack, stack, terminal, changed=False, as_json=as_json)
    if stack.status in states.ROLLING_BACK:
        terminal.say(f"AWS is already rolling stack {name} back ({stack.status}).")
        end = stack if not wait else recovery.follow(cloud, stack, terminal, deadline=deadline)
    else:
        planned = recovery.plan_rollback(cloud, stack, skip)
        terminal.say(recovery_table.table(planned))
        recovery.check_rollback(planned)
        _confirm(planned, terminal)
        end = recovery.roll_back(cloud, planned, terminal, deadline=deadline, wait=wait)
    return _report(stack, end, terminal, changed=True, as_json=as_json)


def _confirm(planned: recovery.Rollback, terminal: Terminal) -> None:
    """Ask for confirmation: for a deletion with the name of the stack.

    Raises:
        RefusedError: The name of the stack was not confirmed.
        StoppedError: The answer was no.
    """
    name = planned.stack.name
    if planned.deletes or terminal.confirmed is not None:
        if (terminal.confirmed is None and not terminal.asks) or not terminal.confirm_name(name):
            effect = f"Rolling back deletes stack {name}. Its" if planned.deletes else "The"
            raise RefusedError(
                f"{effect} name was not confirmed. Nothing was changed. To confirm it on the command line, add "
                f"--confirm {name}."
            )
    elif not terminal.assume_yes and not terminal.confirm("Roll the stack back?"):
        raise StoppedError("Nothing was changed.")


def _report(before: Stack, end: Stack | None, terminal: Terminal, *, changed: bool, as_json: bool) -> int:
    """Report the result of a rollback. `end` is None if the stack is deleted."""
    status = "DELETE_COMPLETE" if end is None else end.status
    if changed:
        terminal.say(states.description(before.name, status))
    if states.in_progress(status):
        terminal.say(states.WATCHING[0].text(before.name))
    if status == "ROLLBACK_COMPLETE":  # the resources are deleted, and the stack without resources remains
        for text in states.next_commands(before.name, status, own=before.created_by_deployer):
            terminal.say(text)
    if as_json:
        print_result(results.as_json({"stack": before.name, "id": before.id, "status": status, "changed": changed}))
    return 0
