"""The commands: from what is asked to what is printed, and the exit code."""

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
from smtemplates.deploy import change_set_reader, execution, operation, stacksets, studio
from smtemplates.deploy import destruction as demolition
from smtemplates.deploy import drift as drifting
from smtemplates.deploy import plan_page as report
from smtemplates.deploy import stack as stacks
from smtemplates.deploy import tables as show
from smtemplates.deploy.change_plan import Plan
from smtemplates.deploy.changeset import Request
from smtemplates.deploy.execution import Options
from smtemplates.deploy.planning import check_name, planned
from smtemplates.deploy.stack import Stack
from smtemplates.deploy.states import in_progress, succeeded
from smtemplates.deploy.terminal import Terminal, asking, emit
from smtemplates.deploy.watcher import Watch
from smtemplates.errors import UsageError

CHANGES_PRESENT = 3

# The longest output that is shown unasked after a deployment: longer ones are commands and files.
LONGEST_OUTPUT = 200


@dataclass(frozen=True, kw_only=True)
class Consent:
    """What the person has agreed to beforehand."""

    yes: bool = False
    destructive: bool = False
    studio: bool = False


def _summarize(plan: Plan) -> None:
    """Put a plan into the summary of a GitHub job, where there is one."""
    if path := os.environ.get("GITHUB_STEP_SUMMARY"):
        try:
            with Path(path).open("a", encoding="utf-8") as summary:
                summary.write(f"{show.markdown(plan)}\n")
        except OSError as error:
            write_message(f"cannot write the job summary {path}: {error.strerror}\n")


def _write(path: Path, text: str, mode: str = "w") -> None:
    try:
        with path.open(mode, encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}; name another file") from error


def plan(cloud: Cloud, request: Request, *, keep: bool, shape: str, detailed: bool, page: Path | None = None) -> int:
    """Show what a deployment would change, as a table, markdown or json, and write it as a page of HTML."""
    terminal = Terminal()
    if page:
        _write(page, "", mode="a")  # before any call: a change set for a report that cannot be written is of no use
    purpose = "keep" if keep else "plan"
    with planned(cloud, request, Options(), terminal, purpose=purpose) as prepared:
        made, found = prepared.change_set, prepared.plan
        made.keep = keep and not found.empty
        shapes = {"markdown": show.markdown, "json": show.as_json}
        emit(shapes[shape](found) if shape in shapes else show.table(found, colour=coloured(sys.stdout)))
        _summarize(found)
        if page:
            present = {} if prepared.before is None else stacks.resource_types(cloud, prepared.before)
            _write(page, report.html(found, present))
            terminal.say(f"wrote {page}")
    if made.keep:
        terminal.say(
            f"to execute exactly this: scripts/deploy.py deploy {found.stack} --change-set {found.change_set_id} "
            f"--template-digest {found.template_digest}"
        )
    return CHANGES_PRESENT if detailed and not found.empty else 0


def deploy(cloud: Cloud, request: Request, options: Options, consent: Consent, *, as_json: bool) -> int:
    """Create or update a stack, after showing the plan and asking."""
    terminal = asking(yes=consent.yes)
    with planned(cloud, request, options, terminal, purpose="deploy") as prepared:
        if prepared.resumed is not None:
            return _deployed(prepared.resumed, terminal, as_json=as_json, changed=True)
        made, found = prepared.change_set, prepared.plan
        _summarize(found)
        if found.empty and prepared.before is not None:
            terminal.say(show.headline(found))
            execution.apply_stack_settings(cloud, prepared.before, options, terminal)
            return _deployed(prepared.before, terminal, as_json=as_json, changed=False)
        _agree(cloud, found, consent, terminal)
        stack = execution.execute(cloud, found, terminal, options, fingerprint=request.fingerprint, change_set=made)
    return _deployed(stack, terminal, as_json=as_json, changed=True)


def deploy_reviewed(
    cloud: Cloud, name: str, reviewed: tuple[str, str], options: Options, consent: Consent, *, as_json: bool
) -> int:
    """Execute a change set that was reviewed before, and nothing else: its ARN, and the digest of its template."""
    check_name(name)
    terminal = asking(yes=consent.yes)
    change_set_id, digest = reviewed
    found = replace(
        change_set_reader.read_reviewed(cloud, stacks.get(cloud, name), change_set_id), template_digest=digest
    )
    if not digest:
        terminal.say("its template is not compared with a reviewed one; plan --keep prints the --template-digest")
    if found.executed:
        terminal.say("this change set is being executed already; following it")
    else:
        _agree(cloud, found, consent, terminal)
    stack = execution.execute(cloud, found, terminal, options, fingerprint="reviewed")
    return _deployed(stack, terminal, as_json=as_json, changed=True)


def _agree(cloud: Cloud, found: Plan, consent: Consent, terminal: Terminal) -> None:
    terminal.say(show.table(found, colour=coloured(terminal.stream)))
    execution.check_plan(found, allow_destructive=consent.destructive)
    rooms = studio.guard(cloud, found.changes, may_go=consent.studio)
    if not consent.yes and not terminal.confirm("Execute this?"):
        raise StoppedError("nothing was changed")
    studio.clear(cloud, rooms, terminal)


def _deployed(stack: Stack, terminal: Terminal, *, as_json: bool, changed: bool) -> int:
    terminal.say(f"stack {stack.name} is {stack.status}")
    if as_json:
        outputs = {name: output.value for name, output in sorted(stack.outputs.items())}
        result = {"stack": stack.name, "id": stack.id, "status": stack.status, "changed": changed, "outputs": outputs}
        emit(json.dumps(result, indent=2, ensure_ascii=False))
    elif changed:
        emit(show.outputs(stack, longest=LONGEST_OUTPUT))
        terminal.say(f"all outputs: scripts/deploy.py outputs {stack.name}")
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
    """Delete a stack, and its data only if that is asked for, after showing what goes and asking for its name."""
    check_name(name)
    terminal = Terminal()
    if confirmed is None and not terminal.asks:
        raise UsageError(f"there is no terminal to ask at; if stack {name} is to go, add --confirm {name}")
    found = demolition.survey(cloud, name, delete_data=delete_data)
    terminal.say(demolition.table(found, delete_data=delete_data))
    demolition.check(found, disable_protection=disable_protection)
    typed = confirmed if confirmed is not None else terminal.ask(f"Type the stack's name to destroy it ({name}): ")
    if typed.strip() != name:
        raise RefusedError("that is not the stack's name; nothing was deleted")
    deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
    try:
        demolition.demolish(
            cloud, found, terminal, delete_data=delete_data, deadline=deadline, counted=terminal.counted
        )
    finally:
        terminal.close()
    terminal.say(f"stack {name} is gone")
    return 0


def status(cloud: Cloud, name: str, *, watch: bool, as_json: bool) -> int:
    """Show how a stack is, after following the operation in progress if that is asked for.

    An operation on a stack set may succeed though some of its stacks failed; then this does not.
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
            terminal.say(f"stack {name} is gone")
            return 0
        stack = ended
        if not succeeded(stack.status):
            raise DeploymentError(operation.failure_message(watching, name, stack.status))
        operation.check_deleted(watching, stack)
    found = stacksets.find(cloud, stack, terminal)
    if as_json:
        emit(show.status_json(stack, stacksets.as_values(found)))
    else:
        emit("\n".join([show.status(stack), *([stacksets.table(found, colour=sys.stdout.isatty())] if found else [])]))
    return int(any(one.failed for one in found))


def outputs(cloud: Cloud, name: str, *, shape: str) -> int:
    """Show a stack's outputs, as a table, json, or env for a shell."""
    stack = stacks.get(cloud, name)
    shapes = {"json": show.outputs_json, "env": show.outputs_env}
    emit(shapes[shape](stack.outputs) if shape in shapes else show.outputs(stack))
    return 0


def drift(cloud: Cloud, name: str, *, as_json: bool, detailed: bool) -> int:
    """Show what was changed behind the stack's back."""
    found = drifting.detect(cloud, name)
    emit(drifting.as_json(found) if as_json else drifting.table(found, name))
    return CHANGES_PRESENT if detailed and found.drifted else 0
