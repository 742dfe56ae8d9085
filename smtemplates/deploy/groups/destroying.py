"""Destroy several stacks: each after the stacks that use its outputs or exports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from smtemplates.aws.connection import Connection
from smtemplates.aws.errors import DENIED, CloudError, RefusedError
from smtemplates.aws.session import Cloud
from smtemplates.console import program
from smtemplates.deploy import api, destruction
from smtemplates.deploy.destruction import DestroyOptions, Destruction
from smtemplates.deploy.groups import order, results
from smtemplates.deploy.groups.board import Board
from smtemplates.deploy.groups.remaining import remaining_users
from smtemplates.deploy.groups.results import Planned, Result
from smtemplates.deploy.groups.reviewer import GroupReviewer, Turn
from smtemplates.deploy.groups.supervision import INTERRUPTED, Supervisor
from smtemplates.deploy.groups.target import Target, check_accounts
from smtemplates.deploy.operations import stack as stacks
from smtemplates.deploy.operations import states
from smtemplates.deploy.resources import in_use
from smtemplates.deploy.reviewer import Reviewer
from smtemplates.errors import Error


class _Turn(Turn):
    """The reviewer of one stack: it accepts the effects that the plan of the run has shown."""

    def __init__(self, lines: Reviewer, shown: Destruction) -> None:
        super().__init__(lines)
        self._shown = shown

    def approve_destruction(self, plan: Destruction) -> bool:
        """Return True if the stack contains only the resources that were shown.

        Raises:
            RefusedError: It contains more.
        """
        shown = {(item.type, item.physical_id) for item in (*self._shown.deleted, *self._shown.retained)}
        added = [item for item in (*plan.deleted, *plan.retained) if (item.type, item.physical_id) not in shown]
        if added or plan.studio_contents != self._shown.studio_contents:
            names = ", ".join(f"{item.logical_id} ({item.type})" for item in added) or "other contents of Studio"
            raise RefusedError(
                f"Stack {plan.name} has changed since its plan was shown: it now contains {names}. Nothing of it was "
                "deleted. Repeat this command to see what is deleted."
            )
        return True

    def show_emptying(self, bucket: str, done: int, total: int) -> None:
        """Show how many objects of a bucket are deleted."""
        self.lines.show_emptying(bucket, done, total)


class _Run:
    """The work of the threads of a destruction. `users` are the targets that are deleted before each target."""

    def __init__(self, targets: Sequence[Target], options: DestroyOptions, reviewer: GroupReviewer) -> None:
        self.targets = {target.name: target for target in targets}
        self.users = _users(targets)
        order.ordered(self.users)
        self.board = Board(self.targets)
        self.plans: dict[str, Destruction | Error] = {}
        self._options = options
        self._reviewer = reviewer

    def work(self, name: str) -> Result:
        """Plan the destruction of one target, wait for its turn, and destroy it."""
        target = self.targets[name]
        cloud = target.cloud.pausing(self.board.interruptions[name].pause)
        before = tuple(self.targets[user].stack for user in self.users[name])
        options = replace(self._options, before=before)
        try:
            shown = _planned(cloud, target.stack, options)
            if shown is not None:
                self.plans[name] = shown
                _check_project(target, shown)
                destruction.check(shown, options)
        except Error as error:
            self.plans[name] = error
            raise
        self.board.plan(Planned(name=name, stack=target.stack, region=cloud.region))
        self.board.wait_for_turn(self.users[name])
        if shown is None:
            return Result(name=name, state="absent")
        self.board.start(name)
        api.destroy_with(
            cloud,
            target.stack,
            self._options,
            timeout_seconds=target.options.timeout_seconds,
            reviewer=_Turn(self._reviewer.lines(name), shown),
        )
        self._reviewer.lines(name).say(f"Stack {target.stack} is deleted.")
        return Result(name=name, state="deleted")


def _planned(cloud: Cloud, stack: str, options: DestroyOptions) -> Destruction | None:
    """Return the effects of destroying a stack, or None if neither the stack nor a bucket of it exists."""
    if stacks.find(cloud, stack) is None and not (options.delete_data and destruction.left_buckets(cloud, stack)):
        return None
    return destruction.plan_destruction(cloud, stack, options)


def _check_project(target: Target, shown: Destruction) -> None:
    """Check that no other project created a stack.

    Raises:
        RefusedError: Another project did.
    """
    other = "" if shown.stack is None else shown.stack.other_project(target.request.project)
    if other:
        raise RefusedError(
            f"Stack {target.stack} belongs to project {other} (tag {states.PROJECT_TAG}), not to "
            f"{target.request.project}. To delete it anyway, run: "
            f"{program.command('destroy', target.stack, '--no-config')}"
        )


def _users(targets: Sequence[Target]) -> dict[str, tuple[str, ...]]:
    """Return, by name, the names of the targets that use an output or an export of each target."""
    needed = order.needed_targets(targets)
    users: dict[str, dict[str, None]] = {target.name: {} for target in targets}
    for name, producers in needed.items():
        for producer in producers:
            users[producer][name] = None
    by_place = {(_account(target.cloud), target.cloud.region, target.stack): target.name for target in targets}
    for target in targets:
        for importer in _importers(target):
            user = by_place.get((_account(target.cloud), target.cloud.region, importer))
            if user is not None and user != target.name:
                users[target.name][user] = None
    return {name: tuple(found) for name, found in users.items()}


def _account(cloud: Cloud) -> Connection:
    return replace(cloud.connection, region=None)


def _importers(target: Target) -> list[str]:
    """Return the names of the stacks that import an export of a target; none if this is not known.

    The destruction of each stack reports an importer that is not in the run.
    """
    stack = stacks.find(target.cloud, target.stack)
    exports = [] if stack is None else [output.export for output in stack.outputs.values() if output.export]
    try:
        return [name for export in exports for name in in_use.importers(target.cloud, export)]
    except CloudError as error:
        if error.code in DENIED:
            return []
        raise


def destroy_all(
    targets: Sequence[Target], reviewer: GroupReviewer, options: DestroyOptions
) -> tuple[tuple[Result, ...], int]:
    """Show the resources that destroying targets deletes and retains, and destroy them in reverse order if approved.

    If one of them cannot be destroyed, nothing is deleted. Targets that do not exist are left out. Return the results
    and the exit code.

    Raises:
        UsageError: The credentials belong to another account.
    """
    destruction.check_options(options)
    reverse = order.in_order(targets)[::-1]
    check_accounts(reverse)
    run = _Run(reverse, options, reviewer)
    board = run.board
    declined = False

    def decide() -> bool:
        nonlocal declined
        shown = [(name, run.plans[name]) for name in board.interruptions if name in run.plans]
        reviewer.show_destructions(shown, delete_data=options.delete_data)
        if any(not result.succeeded for result in board.results.values()):
            return False
        if not shown:
            return True
        plans = {name: plan for name, plan in shown if isinstance(plan, Destruction)}
        for text in remaining_users(reverse, plans, delete_data=options.delete_data):
            reviewer.say(text)
        existing = dict.fromkeys(run.targets[name].stack for name, _ in shown)
        declined = not reviewer.approve_destruction([*existing], [target.stack for target in reverse])
        if declined:
            reviewer.say(f"These names of stacks were not confirmed: {','.join(existing)}. Nothing was deleted.")
        return not declined

    supervisor = Supervisor(board, run.work, decide, reviewer, cancels=False)
    ended = supervisor.run()
    codes = [result.exit_code for result in ended if result.state != "not started" or result.exit_code == INTERRUPTED]
    codes += [INTERRUPTED] if supervisor.interrupted else []
    codes += [RefusedError.exit_code] if declined else []
    return tuple(ended), results.exit_code(codes)
