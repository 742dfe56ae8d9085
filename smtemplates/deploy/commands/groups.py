"""The commands for several stacks: plan, deploy, destroy and status."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from smtemplates.console.columns import coloured
from smtemplates.deploy.destruction import DestroyOptions
from smtemplates.deploy.groups import deploying, destroying, results
from smtemplates.deploy.groups.status import find_orphans, read_status
from smtemplates.deploy.groups.target import Target
from smtemplates.deploy.printing import group_table
from smtemplates.deploy.printing.group_terminal import GroupTerminal
from smtemplates.deploy.printing.job_summary import append_to_job_summary
from smtemplates.deploy.printing.terminal import Terminal, print_result, terminal_for_questions
from smtemplates.errors import CHANGES_PRESENT, UsageError

NO_PROJECT = (
    "Stacks that the file no longer names are not searched, because the file has no project. To have new stacks "
    'tagged, add this line at the top of the file: project = "NAME"'
)


def plan(targets: Sequence[Target], *, shape: str, detailed: bool) -> int:
    """Show the changes of the deployment of several stacks as a table, Markdown or JSON.

    Return 3 if `detailed` is True and there are changes.
    """
    group = deploying.plan_all(targets, GroupTerminal(Terminal()))
    failed = [result for result in group.results if not result.succeeded]
    changes = CHANGES_PRESENT if detailed and any(one.changes for one in group.planned) else 0
    code = results.exit_code([group.exit_code, changes])
    append_to_job_summary(group_table.plan_markdown(group.planned, failed))
    if shape == "json":
        text = group_table.plan_json(group.planned, failed, code)
    elif shape == "markdown":
        text = group_table.plan_markdown(group.planned, failed)
    else:
        text = group_table.plan(group.planned, failed, colour=coloured(sys.stdout))
    print_result(text)
    return code


def deploy(targets: Sequence[Target], *, yes: bool, as_json: bool) -> int:
    """Show one plan of several stacks, ask for confirmation unless `yes` is True, and deploy them."""
    group = deploying.deploy_all(targets, GroupTerminal(terminal_for_questions(yes=yes)))
    if as_json:
        by_name = {target.name: target for target in targets}
        print_result(group_table.results_json(group.results, by_name, group.exit_code))
    else:
        print_result(group_table.results_text(group.results))
    return group.exit_code


def destroy(targets: Sequence[Target], options: DestroyOptions, *, confirmed: str | None) -> int:
    """Show what is deleted, ask for the names of the stacks, and delete them in reverse order of dependency."""
    terminal = Terminal(confirmed=confirmed)
    if confirmed is None and not terminal.asks:
        names = ",".join(target.stack for target in targets)
        raise UsageError(
            "Destroying stacks needs confirmation, but there is no terminal. To destroy these stacks, add --confirm "
            f"{names}."
        )
    found, code = destroying.destroy_all(targets, GroupTerminal(terminal), options)
    print_result(group_table.results_text(found))
    return code


def status(targets: Sequence[Target], *, project: str, everything: Sequence[Target], as_json: bool) -> int:
    """Show the status of several stacks, and of the stacks with the tag of a project that the file does not name.

    `everything` are all targets of the file if other stacks of the project are searched, and otherwise empty.
    """
    rows = read_status(targets)
    orphans, problems = find_orphans(everything, project, rows) if everything and project else ([], [])
    if everything and not project:
        problems = [NO_PROJECT]
    terminal = Terminal()
    for text in problems:
        terminal.say(text)
    print_result(group_table.status_json(rows, orphans, problems) if as_json else group_table.status([*rows, *orphans]))
    return 0
