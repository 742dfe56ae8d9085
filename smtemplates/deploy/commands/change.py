"""The commands that change a stack: plan and deploy."""

from __future__ import annotations

import sys
from pathlib import Path

from smtemplates.aws.session import Cloud
from smtemplates.console import program
from smtemplates.console.columns import coloured
from smtemplates.deploy import api
from smtemplates.deploy.operations import stack as stacks
from smtemplates.deploy.printing import plan_table as tables
from smtemplates.deploy.printing import results, stack_table
from smtemplates.deploy.printing.job_summary import write_job_summary
from smtemplates.deploy.printing.terminal import Terminal, print_result, terminal_for_questions
from smtemplates.deploy.requests.request import Options, Request
from smtemplates.errors import CHANGES_PRESENT, UsageError

# After a deployment, longer outputs are not shown. They are commands and files.
LONGEST_OUTPUT = 200


def _write(path: Path, text: str, mode: str = "w") -> None:
    try:
        with path.open(mode, encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"Cannot write {path}: {error.strerror}. Specify another file.") from error


def plan(
    cloud: Cloud,
    request: Request,
    *,
    keep: bool,
    shape: str,
    detailed: bool,
    page: Path | None = None,
    no_rollback: bool = False,
) -> int:
    """Show the changes of a deployment as a table, Markdown or JSON, and write them as an HTML page.

    Return 3 if `detailed` is True and there are changes.
    """
    terminal = Terminal()
    if page:
        _write(page, "", mode="a")  # checked before a change set is created for a page that cannot be written
    plan = api.plan(cloud, request, options=Options(no_rollback=no_rollback), keep=keep, reviewer=terminal)
    write_job_summary(plan)
    if page:
        from smtemplates.deploy.printing.plan_page import plan_page  # noqa: PLC0415  only this option draws

        before = stacks.find(cloud, plan.stack_id) if plan.kind == "UPDATE" else None
        _write(page, plan_page(plan, {} if before is None else stacks.resource_types(cloud, before)))
        terminal.say(f"The plan was written to {page}.")
    shapes = {"markdown": tables.markdown, "json": tables.as_json}
    # printed only after everything that can fail, because JSON on standard output is either a result or an error
    print_result(shapes[shape](plan) if shape in shapes else tables.table(plan, colour=coloured(sys.stdout)))
    if keep and plan.empty and plan.settings:
        terminal.say("There is no change set to keep because only settings of the stack change. Run deploy.")
    if keep and not plan.empty:
        more = ["--no-rollback"] if plan.rollback_disabled else []
        reviewed = [plan.stack, "--change-set", plan.change_set_id, "--template-digest", plan.template_digest]
        terminal.say(f"To execute this change set, run: {program.command('deploy', *reviewed, *more)}")
    return CHANGES_PRESENT if detailed and not plan.up_to_date else 0


def deploy(
    cloud: Cloud, request: Request, options: Options, allowed: api.Allowed, *, yes: bool = False, as_json: bool
) -> int:
    """Show the plan, ask for confirmation unless `yes` is True, and create or update a stack."""
    terminal = terminal_for_questions(yes=yes)
    done = api.deploy(cloud, request, options=options, allowed=allowed, reviewer=terminal)
    return _report_deployed(done, terminal, as_json=as_json)


def deploy_reviewed(
    cloud: Cloud,
    name: str,
    reviewed: tuple[str, str],
    options: Options,
    allowed: api.Allowed,
    *,
    yes: bool,
    as_json: bool,
) -> int:
    """Execute an existing change set. `reviewed` is its ARN, and the digest of the template that was reviewed."""
    terminal = terminal_for_questions(yes=yes)
    done = api.deploy_reviewed(cloud, name, reviewed, options=options, allowed=allowed, reviewer=terminal)
    return _report_deployed(done, terminal, as_json=as_json)


def _report_deployed(done: api.Deployment, terminal: Terminal, *, as_json: bool) -> int:
    stack = done.stack
    if done.changed:  # otherwise the plan has said that the stack is up to date
        terminal.say(f"Stack {stack.name} is {stack.status}.")
    if as_json:
        outputs = {name: output.value for name, output in sorted(stack.outputs.items())}
        result = {
            "stack": stack.name,
            "id": stack.id,
            "status": stack.status,
            "changed": done.changed,
            "outputs": outputs,
        }
        print_result(results.as_json(result))
    elif done.changed:
        print_result(stack_table.outputs(stack, longest=LONGEST_OUTPUT))
        terminal.say(f"To see all outputs, run: {program.command('outputs', stack.name)}")
    return 0
