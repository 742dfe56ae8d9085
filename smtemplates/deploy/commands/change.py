"""The commands that change a stack: plan and deploy."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from smtemplates.aws.errors import StoppedError
from smtemplates.aws.session import Cloud
from smtemplates.console.columns import coloured
from smtemplates.console.run import CHANGES_PRESENT
from smtemplates.console.streams import write_message
from smtemplates.deploy import execution
from smtemplates.deploy.change_sets import reader as change_set_reader
from smtemplates.deploy.change_sets.change_plan import Plan
from smtemplates.deploy.change_sets.guard import check_plan
from smtemplates.deploy.operations import stack as stacks
from smtemplates.deploy.operations.stack import Stack
from smtemplates.deploy.planning import planned
from smtemplates.deploy.printing import plan_table as tables
from smtemplates.deploy.printing import stack_table
from smtemplates.deploy.printing.plan_page import plan_page
from smtemplates.deploy.printing.terminal import Terminal, print_result, terminal_for_questions
from smtemplates.deploy.requests.request import Options, Request, check_name
from smtemplates.deploy.studio import contents as studio
from smtemplates.deploy.wording import PROGRAM
from smtemplates.errors import UsageError

# After a deployment, longer outputs are not shown. They are commands and files.
LONGEST_OUTPUT = 200


@dataclass(frozen=True, kw_only=True)
class Consent:
    """Confirmations on the command line: of the plan, of destructive changes, of deleting Studio apps and spaces."""

    yes: bool = False
    destructive: bool = False
    studio: bool = False


def _write_job_summary(plan: Plan) -> None:
    """Add a plan to the job summary of GitHub Actions, if there is one."""
    if path := os.environ.get("GITHUB_STEP_SUMMARY"):
        try:
            with Path(path).open("a", encoding="utf-8") as summary:
                summary.write(f"{tables.markdown(plan)}\n")
        except OSError as error:
            write_message(f"Cannot write the job summary {path}: {error.strerror}.\n")


def _write(path: Path, text: str, mode: str = "w") -> None:
    try:
        with path.open(mode, encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"Cannot write {path}: {error.strerror}. Specify another file.") from error


def plan(cloud: Cloud, request: Request, *, keep: bool, shape: str, detailed: bool, page: Path | None = None) -> int:
    """Show the changes of a deployment as a table, Markdown or JSON, and write them as an HTML page.

    Return 3 if `detailed` is True and there are changes.
    """
    terminal = Terminal()
    if page:
        _write(page, "", mode="a")  # checked before a change set is created for a page that cannot be written
    purpose = "keep" if keep else "plan"
    with planned(cloud, request, Options(), terminal, purpose=purpose) as prepared:
        change_set, plan = prepared.change_set, prepared.plan
        change_set.keep = keep and not plan.empty
        shapes = {"markdown": tables.markdown, "json": tables.as_json}
        print_result(shapes[shape](plan) if shape in shapes else tables.table(plan, colour=coloured(sys.stdout)))
        _write_job_summary(plan)
        if page:
            existing = {} if prepared.before is None else stacks.resource_types(cloud, prepared.before)
            _write(page, plan_page(plan, existing))
            terminal.say(f"The plan was written to {page}.")
    if change_set.keep:
        terminal.say(
            f"To execute this change set, run: {PROGRAM} deploy {plan.stack} --change-set {plan.change_set_id} "
            f"--template-digest {plan.template_digest}"
        )
    return CHANGES_PRESENT if detailed and not plan.empty else 0


def deploy(cloud: Cloud, request: Request, options: Options, consent: Consent, *, as_json: bool) -> int:
    """Show the plan, ask for confirmation, and create or update a stack."""
    terminal = terminal_for_questions(yes=consent.yes)
    with planned(cloud, request, options, terminal, purpose="deploy") as prepared:
        if prepared.resumed is not None:
            return _report_deployed(prepared.resumed, terminal, as_json=as_json, changed=True)
        change_set, plan = prepared.change_set, prepared.plan
        _write_job_summary(plan)
        if plan.empty and prepared.before is not None:
            terminal.say(tables.headline(plan))
            execution.apply_stack_settings(cloud, prepared.before, options, terminal)
            return _report_deployed(prepared.before, terminal, as_json=as_json, changed=False)
        _confirm(cloud, plan, consent, terminal)
        stack = execution.execute(
            cloud, plan, terminal, options, fingerprint=request.fingerprint, change_set=change_set
        )
    return _report_deployed(stack, terminal, as_json=as_json, changed=True)


def deploy_reviewed(
    cloud: Cloud, name: str, reviewed: tuple[str, str], options: Options, consent: Consent, *, as_json: bool
) -> int:
    """Execute an existing change set. `reviewed` is its ARN, and the digest of the template that was reviewed."""
    check_name(name)
    terminal = terminal_for_questions(yes=consent.yes)
    change_set_id, digest = reviewed
    plan = replace(
        change_set_reader.read_reviewed(cloud, stacks.get(cloud, name), change_set_id), template_digest=digest
    )
    if not digest:
        terminal.say(
            "The template of the change set is not compared with a reviewed one. To compare it, add the "
            "--template-digest that plan --keep prints."
        )
    if plan.executed:
        terminal.say("AWS is already executing this change set. Following it.")
    else:
        _confirm(cloud, plan, consent, terminal)
    stack = execution.execute(cloud, plan, terminal, options, fingerprint="reviewed")
    return _report_deployed(stack, terminal, as_json=as_json, changed=True)


def _confirm(cloud: Cloud, plan: Plan, consent: Consent, terminal: Terminal) -> None:
    """Show a plan, check it, ask for confirmation, and delete the Studio apps and spaces that block it."""
    terminal.say(tables.table(plan, colour=coloured(terminal.stream)))
    check_plan(plan, allow_destructive=consent.destructive)
    contents = studio.check_changes(cloud, plan.changes, may_delete=consent.studio)
    if not consent.yes and not terminal.confirm("Execute this change set?"):
        raise StoppedError("Nothing was changed.")
    studio.delete_contents(cloud, contents, terminal)


def _report_deployed(stack: Stack, terminal: Terminal, *, as_json: bool, changed: bool) -> int:
    terminal.say(f"Stack {stack.name} is {stack.status}.")
    if as_json:
        outputs = {name: output.value for name, output in sorted(stack.outputs.items())}
        result = {"stack": stack.name, "id": stack.id, "status": stack.status, "changed": changed, "outputs": outputs}
        print_result(json.dumps(result, indent=2, ensure_ascii=False))
    elif changed:
        print_result(stack_table.outputs(stack, longest=LONGEST_OUTPUT))
        terminal.say(f"To see all outputs, run: {PROGRAM} outputs {stack.name}")
    return 0
