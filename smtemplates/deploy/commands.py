"""The commands of deploy.py. Each prints its result and returns the exit code."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

from smtemplates.aws.errors import DeploymentError, RefusedError, StoppedError
from smtemplates.aws.session import Cloud
from smtemplates.console.columns import coloured
from smtemplates.console.streams import write_message
from smtemplates.deploy import change_set_reader, destruction, execution, operation, stack_sets, studio, tables
from smtemplates.deploy import drift as drifts
from smtemplates.deploy import stack as stacks
from smtemplates.deploy.change_plan import Plan
from smtemplates.deploy.change_sets import Request
from smtemplates.deploy.execution import Options
from smtemplates.deploy.plan_page import plan_page
from smtemplates.deploy.planning import check_name, planned
from smtemplates.deploy.stack import Stack
from smtemplates.deploy.states import in_progress, succeeded
from smtemplates.deploy.terminal import Terminal, print_result, terminal_for_questions
from smtemplates.deploy.watcher import Watch
from smtemplates.deploy.wording import PROGRAM
from smtemplates.errors import UsageError

CHANGES_PRESENT = 3

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
    execution.check_plan(plan, allow_destructive=consent.destructive)
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
        print_result(tables.outputs(stack, longest=LONGEST_OUTPUT))
        terminal.say(f"To see all outputs, run: {PROGRAM} outputs {stack.name}")
    return 0


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
    terminal.say(destruction.table(plan, delete_data=delete_data))
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


def status(cloud: Cloud, name: str, *, watch: bool, as_json: bool) -> int:
    """Show the status of a stack and its stack sets, after following the operation in progress if `watch` is True.

    Return 1 if a stack of a stack set failed. The operation on the stack set can succeed anyway.
    """
    terminal = Terminal()
    stack = stacks.get(cloud, name)
    if watch and in_progress(stack.status):
        watching = Watch(cloud, stack.id, None)
        try:
            ended = watching.follow(terminal)
        except KeyboardInterrupt:
            raise operation.detached_error(watching) from None
        if ended is None or ended.status == "DELETE_COMPLETE":
            terminal.say(f"Stack {name} is deleted.")
            return 0
        stack = ended
        if not succeeded(stack.status):
            raise DeploymentError(operation.failure_message(watching, name, stack.status))
        operation.check_deleted(watching, stack)
    found = stack_sets.find(cloud, stack, terminal)
    if as_json:
        print_result(tables.status_json(stack, stack_sets.as_values(found)))
    else:
        parts = [tables.status(stack)]
        if found:
            parts.append(stack_sets.table(found, colour=sys.stdout.isatty()))
        print_result("\n".join(parts))
    return int(any(one.failed for one in found))


def outputs(cloud: Cloud, name: str, *, shape: str) -> int:
    """Show the outputs of a stack as a table, as JSON, or as commands for a shell (env)."""
    stack = stacks.get(cloud, name)
    shapes = {"json": tables.outputs_json, "env": tables.outputs_env}
    print_result(shapes[shape](stack.outputs) if shape in shapes else tables.outputs(stack))
    return 0


def drift(cloud: Cloud, name: str, *, as_json: bool, detailed: bool) -> int:
    """Show the resources that were changed outside CloudFormation.

    Return 3 if `detailed` is True and there is drift.
    """
    found = drifts.detect(cloud, name)
    print_result(drifts.as_json(found) if as_json else drifts.table(found, name))
    return CHANGES_PRESENT if detailed and found.drifted else 0
