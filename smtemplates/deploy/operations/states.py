"""The statuses of a stack: their meaning, the next step of a deployment, and the commands that work."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from smtemplates.aws.errors import DeploymentError
from smtemplates.console import program

Step = Literal["create", "update", "recreate", "roll back", "wait"]

# The tag of every stack that this deployer creates. Only a stack with this tag may be deleted to create it again.
PRODUCT_TAG = "smtemplates:deployer"

# The tag of a stack that was created from a configuration file: the name of the project of the file.
PROJECT_TAG = "smtemplates:project"


@dataclass(frozen=True)
class Way:
    """A command that works in a status. `own` is whether it works only for stacks that this deployer created."""

    purpose: str
    command: str
    options: str = ""
    own: bool = False

    def text(self, stack: str) -> str:
        """Return a sentence that ends with the command, or for deploy with its option."""
        if self.command == "deploy":
            return f"To {self.purpose}, {f'deploy with {self.options}' if self.options else 'deploy it'}."
        return f"To {self.purpose}, run: {program.command(self.command, stack, self.options)}".rstrip()


@dataclass(frozen=True)
class State:
    """The meaning of a status, the first step of a deployment (None: a user decides), and the commands that work."""

    meaning: str
    step: Step | None
    ways: tuple[Way, ...]


WATCHING = (Way("watch the operation", "status", "--watch"), Way("wait for its end", "deploy", "--wait"))
UPDATING = (Way("update the stack", "deploy"), Way("delete the stack", "destroy"))
RECREATING = Way("delete the stack and create it again", "deploy", "--recreate", own=True)
DELETING = Way("see what is deleted, and delete the stack", "destroy")

# Every status of DescribeStacks.
# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Stack.html
# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html
STATES: Mapping[str, State] = {
    "REVIEW_IN_PROGRESS": State(
        "It contains only change sets, and no resources yet.",
        "create",
        (Way("create its resources", "deploy"), Way("delete it with its change sets", "destroy")),
    ),
    "CREATE_IN_PROGRESS": State("AWS is creating it.", "wait", WATCHING),
    "CREATE_COMPLETE": State("It was created.", "update", UPDATING),
    "CREATE_FAILED": State(
        "Its creation failed, and rollback was disabled.",
        None,
        (
            Way("correct the cause and continue the creation", "deploy", "--no-rollback"),
            Way("roll back, which deletes the stack", "rollback"),
            RECREATING,
        ),
    ),
    "ROLLBACK_IN_PROGRESS": State("Its creation failed, and AWS is deleting its resources.", "wait", WATCHING),
    "ROLLBACK_COMPLETE": State(
        "Its creation failed and was rolled back. AWS cannot update it.", None, (RECREATING, DELETING)
    ),
    "ROLLBACK_FAILED": State(
        "Its creation failed, and AWS could not delete all its resources. AWS cannot update it.",
        None,
        (RECREATING, DELETING),
    ),
    "DELETE_IN_PROGRESS": State("AWS is deleting it.", "wait", WATCHING),
    "DELETE_COMPLETE": State("It is deleted.", "create", (Way("create it again", "deploy"),)),
    "DELETE_FAILED": State(
        "AWS could not delete all its resources. AWS cannot update it.",
        None,
        (
            Way("delete it after the cause is corrected", "destroy"),
            Way("keep the resources that AWS cannot delete, and delete the stack", "destroy", "--retain A,B"),
            Way("delete the stack although resources remain", "destroy", "--force"),
            RECREATING,
        ),
    ),
    "UPDATE_IN_PROGRESS": State("AWS is updating it.", "wait", WATCHING),
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": State(
        "It was updated, and AWS is deleting the replaced resources.", "wait", WATCHING
    ),
    "UPDATE_COMPLETE": State("It was updated.", "update", UPDATING),
    "UPDATE_FAILED": State(
        "Its update failed, and rollback was disabled.",
        None,
        (
            Way("correct the cause and continue the update", "deploy", "--no-rollback"),
            Way("roll back the update", "rollback"),
            Way("roll back the update and then deploy", "deploy", "--continue-rollback"),
        ),
    ),
    "UPDATE_ROLLBACK_IN_PROGRESS": State("Its update failed, and AWS is rolling it back.", "wait", WATCHING),
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": State(
        "Its update was rolled back, and AWS is deleting the resources that the update created.", "wait", WATCHING
    ),
    "UPDATE_ROLLBACK_COMPLETE": State("Its last update failed and was rolled back.", "update", UPDATING),
    "UPDATE_ROLLBACK_FAILED": State(
        "Its update failed, and the rollback failed too. AWS cannot update it.",
        None,
        (
            Way("continue the rollback after the cause is corrected", "rollback"),
            Way("continue the rollback without resources that AWS cannot roll back", "rollback", "--skip A,B"),
            Way("continue the rollback and then deploy", "deploy", "--continue-rollback"),
        ),
    ),
    "IMPORT_IN_PROGRESS": State("AWS is importing resources into it.", "wait", WATCHING),
    "IMPORT_COMPLETE": State("Resources were imported into it.", "update", UPDATING),
    "IMPORT_ROLLBACK_IN_PROGRESS": State(
        "The import of resources failed, and AWS is rolling it back.", "wait", WATCHING
    ),
    "IMPORT_ROLLBACK_COMPLETE": State("The import of resources failed and was rolled back.", "update", UPDATING),
    # AWS documents no operation that repairs this status
    "IMPORT_ROLLBACK_FAILED": State(
        "The import of resources failed, and the rollback failed too. AWS cannot update it.", None, (DELETING,)
    ),
}

# The statuses in which a change set can update a stack. They are also the states to which RollbackStack returns.
# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_RollbackStack.html
UPDATABLE = {status for status, state in STATES.items() if state.step == "update"}

# The statuses of a failed operation that was not rolled back. Only a change set with DisableRollback updates the stack.
KEPT = {"CREATE_FAILED", "UPDATE_FAILED"}

# The operation that rolls a stack back.
# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ContinueUpdateRollback.html
ROLLBACKS = {**dict.fromkeys(KEPT, "rollback_stack"), "UPDATE_ROLLBACK_FAILED": "continue_update_rollback"}

# A rollback has ended, or there is nothing to roll back.
ROLLED_BACK = UPDATABLE | {"REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "DELETE_COMPLETE"}

# A rollback is in progress.
ROLLING_BACK = {
    "ROLLBACK_IN_PROGRESS",
    "UPDATE_ROLLBACK_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
    "IMPORT_ROLLBACK_IN_PROGRESS",
}


def in_progress(status: str) -> bool:
    """Return whether an operation is in progress; in REVIEW_IN_PROGRESS the stack waits for a user, not for AWS."""
    return status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS"


def succeeded(status: str) -> bool:
    """Return whether the operation that ended with this status succeeded."""
    return status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE", "DELETE_COMPLETE")


def ways_of(status: str, *, own: bool) -> list[Way]:
    """Return the commands that work in a status. `own` is whether this deployer created the stack."""
    state = STATES.get(status)
    if state is None:  # a status that AWS added later
        return [Way("see it", "status")]
    return [way for way in state.ways if own or not way.own]


def description(stack: str, status: str) -> str:
    """Return a sentence on the status of a stack and its meaning."""
    meaning = STATES[status].meaning if status in STATES else "This deployer does not support this status."
    return f"Stack {stack} is {status}. {meaning}"


def ways_out(stack: str, status: str, *, own: bool) -> list[str]:
    """Return a sentence for each command that works, if a user must decide in this status; otherwise nothing."""
    stuck = status not in STATES or STATES[status].step is None
    return next_commands(stack, status, own=own) if stuck else []


def next_commands(stack: str, status: str, *, own: bool) -> list[str]:
    """Return a sentence for each command that works in a status. `own` is whether this deployer created the stack."""
    return [way.text(stack) for way in ways_of(status, own=own)]


def next_step(stack: str, status: str | None, options: Collection[str], *, own: bool) -> Step:
    """Return the first step of a deployment for a stack status. `status` is None if the stack does not exist.

    `options` are the options of deploy for failed stacks. --recreate and --continue-rollback take precedence over
    --no-rollback, which applies to every deployment. `own` is whether this deployer created the stack.

    Raises:
        DeploymentError: The user must decide first. The message contains the commands.
    """
    status = status or "DELETE_COMPLETE"
    state = STATES.get(status)
    if state and state.step:
        return state.step
    if state is None and in_progress(status):
        return "wait"
    if state and "--recreate" in options and RECREATING in state.ways:
        if not own:
            raise DeploymentError(_not_recreated(stack, status))
        return "recreate"
    if "--continue-rollback" in options and status in ROLLBACKS:
        return "roll back"
    if "--no-rollback" in options and status in KEPT:
        return "update"
    raise DeploymentError(blocked(stack, status, own=own))


def blocked(stack: str, status: str, *, own: bool, reason: str = "") -> str:
    """Return a message on a stack whose status prevents a command, with the commands that work."""
    return "\n".join([f"{description(stack, status)} {reason}".rstrip(), *next_commands(stack, status, own=own)])


def _not_recreated(stack: str, status: str) -> str:
    reason = (
        f"This deployer did not create the stack (it has no tag {PRODUCT_TAG}), and does not delete it to create it "
        "again."
    )
    return blocked(stack, status, own=False, reason=reason)
