"""From what a person asks to a change set: check it, bring the stack into a state that can change, and plan."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from smtemplates.aws.errors import DeploymentError
from smtemplates.aws.session import Cloud
from smtemplates.deploy import changeset, diagnosis, events, states
from smtemplates.deploy import stack as stacks
from smtemplates.deploy import template as templates
from smtemplates.deploy.change_plan import Plan
from smtemplates.deploy.changeset import ChangeSet, Request
from smtemplates.deploy.execution import (
    Options,
    apply_stack_settings,
    check_deleted,
    deadline_of,
    delete_and_wait,
    finish,
)
from smtemplates.deploy.stack import Stack
from smtemplates.deploy.watcher import Listener, Watch
from smtemplates.errors import UsageError

# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
STACK_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A change set and its plan, with the stack as it is before.

    Where an earlier run of the same request was still under way, it has been followed to its end instead:
    `resumed` is the result, and there is no `made`.
    """

    made: tuple[ChangeSet, Plan] | None = None
    before: Stack | None = None
    resumed: Stack | None = None

    @property
    def change_set(self) -> ChangeSet:
        """The change set that was made."""
        return self._made[0]

    @property
    def plan(self) -> Plan:
        """What it would do."""
        return self._made[1]

    @property
    def _made(self) -> tuple[ChangeSet, Plan]:
        if self.made is None:
            raise DeploymentError("an earlier run was followed to its end, so there is no plan")
        return self.made


def check_name(name: str) -> None:
    """Refuse what cannot be a stack's name.

    Raises:
        UsageError: it is not one.
    """
    if not STACK_NAME.fullmatch(name):
        raise UsageError(
            f"'{name}' is not a stack name: letters, digits and hyphens, beginning with a letter, at most 128"
        )


def check_request(request: Request) -> None:
    """Check what can be checked before any call to AWS, all at once.

    Raises:
        UsageError: something is wrong with the name or the parameters.
    """
    check_name(request.stack)
    given = dict(request.settings.parameters)
    problems = [
        f"Parameter {name} is unknown, so it cannot be reset."
        for name in sorted(request.reset)
        if name not in request.template.parameters
    ]
    problems += [f"Parameter {name} is both set and reset." for name in sorted(request.reset & given.keys())]
    _raise(problems + templates.check(request.template, given))


def _raise(problems: list[str]) -> None:
    if problems:
        raise UsageError("\n".join(problems))


def _check_against(request: Request, stack: Stack | None, region: str) -> None:
    """Check the values that the stack will really have, and the template's Rules on them."""
    given = dict(request.settings.parameters)
    previous = {} if stack is None else {k: v for k, v in stack.parameters.items() if k not in request.reset}
    if missing := sorted(request.settings.previous - previous.keys()):
        raise UsageError(f"parameter {missing[0]} cannot keep its previous value: the stack has none")
    _raise(templates.check(request.template, given, previous, region=region))


@contextmanager
def planned(
    cloud: Cloud, request: Request, options: Options, listener: Listener, *, purpose: str
) -> Iterator[Prepared]:
    """Bring the stack into a state that can change, and make the change set for the length of the block."""
    check_request(request)
    stack = stacks.find(cloud, request.stack)
    step = _step(request, options, stack)
    if purpose == "plan" and step not in ("create", "update"):
        raise DeploymentError(f"stack {request.stack} is {stack and stack.status}; nothing can be planned for it now")
    if step == "wait" and stack is not None:
        if (done := _resume(cloud, request, stack, options, listener)) is not None:
            yield Prepared(resumed=done)
            return
        stack = stacks.find(cloud, request.stack)
        step = _step(request, options, stack)
    if step == "continue rollback" and stack is not None:
        stack = _continue_rollback(cloud, stack, listener, options)
    if step == "recreate" and stack is not None:
        _check_against(request, None, cloud.region)
        listener.say(f"deleting what is left of stack {stack.name} ({stack.status})")
        delete_and_wait(cloud, stack, listener, deadline=deadline_of(options))
        stack = None
    current = None if stack is None or stack.status in ("REVIEW_IN_PROGRESS", "DELETE_COMPLETE") else stack
    _check_against(request, current, cloud.region)
    with changeset.change_set(cloud, request, stack, listener, purpose=purpose) as made:
        yield Prepared(made=made, before=current)


def _step(request: Request, options: Options, stack: Stack | None) -> states.Step:
    return states.next_step(
        request.stack,
        None if stack is None else stack.status,
        recreate=options.recreate,
        continue_rollback=options.continue_rollback,
        tagged=stack is not None and stack.created_by_deployer,
    )


def _resume(cloud: Cloud, request: Request, stack: Stack, options: Options, listener: Listener) -> Stack | None:
    """Follow the operation in progress: to its end if an earlier run began it, else only until it is out of the way."""
    running = next(
        (event for event in _stack_events(cloud, stack.id) if event.starts),
        None,
    )
    token = running.token if running else None
    ours = bool(token) and str(token).startswith(changeset.token_prefix(request.fingerprint))
    if not ours and not options.wait:
        raise DeploymentError(
            f"stack {stack.name} is {stack.status}: another operation is under way. Wait for it with --wait, or watch "
            f"it with: scripts/deploy.py status --watch {stack.name}"
        )
    listener.say(
        f"an earlier run of this deployment is still under way ({stack.status}); following it"
        if ours
        else f"waiting for the operation in progress on stack {stack.name} ({stack.status})"
    )
    watch = Watch(cloud, stack.id, token)
    end = finish(watch, listener, stack.name, deadline=deadline_of(options))
    if not ours:
        return None
    apply_stack_settings(cloud, end, options, listener)
    check_deleted(watch, end)
    return end


def _stack_events(cloud: Cloud, stack_id: str) -> Iterator[events.Event]:
    pages = cloud.pages("cloudformation", "describe_stack_events", "StackEvents", StackName=stack_id)
    return (events.read(item) for item in pages)


def _continue_rollback(cloud: Cloud, stack: Stack, listener: Listener, options: Options) -> Stack | None:
    token = f"smtemplates-rollback-{uuid.uuid4().hex}"
    listener.say(f"continuing the rollback of stack {stack.name}")
    watch = Watch(cloud, stack.id, None)
    watch.skip()
    cloud.call("cloudformation", "continue_update_rollback", StackName=stack.id, ClientRequestToken=token)
    end = watch.follow(listener, deadline=deadline_of(options))
    if end is None or end.status != "UPDATE_ROLLBACK_COMPLETE":
        raise DeploymentError(f"the rollback of stack {stack.name} failed again; {diagnosis.explain(cloud, watch)}")
    return end
