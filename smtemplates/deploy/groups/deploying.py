"""Plan and deploy several stacks in order of dependency; independent stacks side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from smtemplates.aws.errors import RefusedError
from smtemplates.deploy import api
from smtemplates.deploy.change_sets.change_plan import Plan
from smtemplates.deploy.groups import order, outputs, results
from smtemplates.deploy.groups.board import Board
from smtemplates.deploy.groups.results import Planned, Result
from smtemplates.deploy.groups.reviewer import GroupReviewer, Turn
from smtemplates.deploy.groups.supervision import INTERRUPTED, Supervisor
from smtemplates.deploy.groups.target import Need, Target, check_accounts
from smtemplates.deploy.operations import stack as stacks
from smtemplates.deploy.requests.request import Request, check_later, check_request
from smtemplates.deploy.reviewer import Reviewer


@dataclass(frozen=True, kw_only=True)
class Group:
    """The plans and results of a run in order of dependency, and its exit code."""

    planned: tuple[Planned, ...]
    results: tuple[Result, ...]
    exit_code: int


class _OutdatedError(Exception):
    """A value that the plan of a stack contains has changed since."""


class _Turn(Turn):
    """The reviewer of one stack: it waits for the approval of the run and for the stacks that this one needs."""

    def __init__(self, run: _Run, target: Target, values: Mapping[str, str], *, late: bool) -> None:
        """Keep the values of a target. `late` is whether the run was approved before the plan existed."""
        super().__init__(run.lines(target.name))
        self._run = run
        self._target = target
        self._values = values
        self._late = late

    def cancel(self, question: str) -> bool:
        """Return the answer that the user gave for all stacks."""
        if self._run.board.detaches:
            raise KeyboardInterrupt(question)
        return True

    def show_plan(self, plan: Plan) -> None:
        """Record the plan. A stack without a change waits here, because it is not approved."""
        planned = self._run.record(self._target, plan)
        if self._late:
            self.lines.show_plan(plan)
        elif not planned.changes:
            self._wait()

    def approve(self, plan: Plan) -> bool:
        """Wait for the turn of the stack.

        Raises:
            _OutdatedError: A value that the plan contains has changed since.
        """
        del plan
        if not self._late:
            self._wait()
        self._run.board.start(self._target.name)
        return True

    def _wait(self) -> None:
        self._run.board.wait_for_turn(self._run.needed[self._target.name])
        if self._target.later and outputs.read_values(self._target) != self._values:
            raise _OutdatedError


class _Run:
    """The work of the threads of a plan or a deployment."""

    def __init__(self, targets: Sequence[Target], lines: Callable[[str], Reviewer], *, executes: bool) -> None:
        self.targets = {target.name: target for target in targets}
        self.needed = order.needed_targets(targets)
        self.board = Board(self.targets)
        self.lines = lines
        self._executes = executes

    def work(self, name: str) -> Result:
        """Plan and deploy one target."""
        target = self.targets[name]
        target = replace(target, cloud=target.cloud.pausing(self.board.interruptions[name].pause))
        self.board.wait_for_plans(self.needed[name])
        late = self._after(target)
        if late:
            self._check_offline(target, late)
            if not self._executes:
                return Result(name=name, state="planned")
            self.board.wait_for_turn(self.needed[name])
        else:
            values = outputs.read_values(target)
            if not self._executes:
                reviewer = _Turn(self, target, values, late=False)
                self.record(
                    target,
                    api.plan(target.cloud, target.with_values(values), options=target.options, reviewer=reviewer),
                )
                return Result(name=name, state="planned")
            try:
                return self._deploy(target, values, late=False)
            except _OutdatedError:
                self.lines(name).say("A value that this stack needs has changed. It is planned again.")
        return self._deploy(target, outputs.read_values(target), late=True)

    def record(self, target: Target, plan: Plan) -> Planned:
        """Record and return the plan of a target."""
        planned = Planned(name=target.name, stack=target.stack, region=target.cloud.region, plan=plan)
        self.board.plan(planned)
        return planned

    def _deploy(self, target: Target, values: Mapping[str, str], *, late: bool) -> Result:
        # a plan that the user has not seen needs its own permission: the user repeats the command, and then sees it
        allowed = replace(target.allowed, destructive=False) if late else target.allowed
        reviewer = _Turn(self, target, values, late=late)
        try:
            done = api.deploy(
                target.cloud, target.with_values(values), options=target.options, allowed=allowed, reviewer=reviewer
            )
        except RefusedError as error:
            if allowed == target.allowed:
                raise
            raise RefusedError(
                f"{error}\n--allow-destructive does not apply to this plan, which was not shown before the question."
            ) from error
        state: results.State = "deployed" if done.changed else "unchanged"
        self.lines(target.name).say(f"Stack {done.stack.name} is {done.stack.status}.")
        return Result(name=target.name, state=state, stack=done.stack)

    def _after(self, target: Target) -> dict[str, Need]:
        """Return the needs of a target whose values are known only after the deployment of other targets."""
        late = {}
        for parameter, need in target.needs.items():
            if need.target is None or need.target not in self.targets:
                continue
            planned = self.board.planned.get(need.target)
            if planned is None:  # an earlier run of the deployment was followed to its end instead
                continue
            plan = planned.plan
            if plan is None or not outputs.unaffected(need, self._reading(need.target, target), plan):
                late[parameter] = need
        return late

    def _reading(self, producer: str, target: Target) -> Target:
        """Return a producer with a cloud that the thread of another target may use."""
        needed = next(need for need in target.needs.values() if need.target == producer)
        return replace(self.targets[producer], cloud=needed.cloud)

    def _check_offline(self, target: Target, late: Mapping[str, Need]) -> None:
        stack = stacks.find(target.cloud, target.stack)
        check_later(target.request, stack, target.cloud.region, unknown=target.later)
        waiting = {parameter: str(need) for parameter, need in late.items()}
        after = tuple(dict.fromkeys(need.target for need in late.values() if need.target))
        planned = Planned(
            name=target.name, stack=target.stack, region=target.cloud.region, after=after, waiting=waiting
        )
        self.board.plan(planned)


def prepared(targets: Sequence[Target]) -> list[Target]:
    """Return targets in order of dependency, after all checks that need no call to AWS, and that of the account.

    Raises:
        UsageError: The targets depend on each other in a cycle, a request is not valid, or the account is another.
    """
    in_order = order.in_order(targets)
    by_name = {target.name: target for target in in_order}
    for target in in_order:
        outputs.check_declared(target, by_name)
        check_request(target.request)
    check_accounts(in_order, reads_needs=True)
    return in_order


def request_of(target: Target) -> Request:
    """Return the request of a target that is deployed alone, with the present values that it needs.

    Raises:
        UsageError: The target or its request is not valid.
        DeploymentError: A value does not exist.
    """
    prepared([target])
    return target.with_values(outputs.read_values(target))


def plan_all(targets: Sequence[Target], reviewer: GroupReviewer) -> Group:
    """Plan targets without changing anything. The exit code does not depend on whether there are changes.

    Raises:
        UsageError: A target is not valid.
    """
    run = _Run(prepared(targets), reviewer.lines, executes=False)
    return _finished(run, Supervisor(run.board, run.work, lambda: False, reviewer, cancels=False))


def deploy_all(targets: Sequence[Target], reviewer: GroupReviewer) -> Group:
    """Show one plan of all targets, have it approved, and deploy them in order of dependency.

    If a target cannot be planned, or its plan is rejected, nothing is changed.

    Raises:
        UsageError: A target is not valid.
    """
    run = _Run(prepared(targets), reviewer.lines, executes=True)
    board = run.board
    declined = False

    def decide() -> bool:
        nonlocal declined
        failed = [board.results[name] for name in board.interruptions if name in board.results]
        failed = [result for result in failed if not result.succeeded]
        planned = [board.planned[name] for name in run.targets if name in board.planned]
        reviewer.show_plans(planned, failed)
        if failed:
            return False
        if not any(one.changes for one in planned):
            return True
        declined = not reviewer.approve()
        return not declined

    group = _finished(run, Supervisor(board, run.work, decide, reviewer, cancels=True))
    return replace(group, exit_code=INTERRUPTED) if declined else group


def _finished(run: _Run, supervisor: Supervisor) -> Group:
    ended = supervisor.run()
    codes = [result.exit_code for result in ended if result.state != "not started" or result.exit_code == INTERRUPTED]
    codes += [INTERRUPTED] if supervisor.interrupted else []
    planned = tuple(run.board.planned[name] for name in run.targets if name in run.board.planned)
    return Group(planned=planned, results=tuple(ended), exit_code=results.exit_code(codes))
