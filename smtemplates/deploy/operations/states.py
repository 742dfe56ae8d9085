"""The statuses of a stack, and the next step of a deployment for each."""

from __future__ import annotations

from typing import Literal

from smtemplates.aws.errors import DeploymentError
from smtemplates.deploy.wording import PROGRAM

Step = Literal["create", "update", "recreate", "continue rollback", "wait"]

# The tag of every stack that this deployer creates. Only a stack with this tag may be deleted to create it again.
PRODUCT_TAG = "smtemplates:deployer"

# The statuses in which a change set can update a stack.
UPDATABLE = {
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
}


def in_progress(status: str) -> bool:
    """Return whether an operation is in progress; in REVIEW_IN_PROGRESS the stack waits for a user, not for AWS."""
    return status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS"


def succeeded(status: str) -> bool:
    """Return whether the operation that ended with this status succeeded."""
    return status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE", "DELETE_COMPLETE")


def next_step(
    stack: str, status: str | None, *, recreate: bool, continue_rollback: bool, created_by_deployer: bool
) -> Step:
    """Return the first step of a deployment for a stack status.

    Raises:
        DeploymentError: The user must decide first. The message contains the options.
    """
    if status in (None, "REVIEW_IN_PROGRESS", "DELETE_COMPLETE"):
        return "create"
    if in_progress(str(status)):
        return "wait"
    if status in UPDATABLE:
        return "update"
    if status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"):
        return _start_over(stack, str(status), recreate=recreate, created_by_deployer=created_by_deployer)
    if status == "UPDATE_ROLLBACK_FAILED":
        if continue_rollback:
            return "continue rollback"
        raise DeploymentError(
            f"The rollback of stack {stack} failed ({status}), so the stack cannot be updated. Fix the cause in its "
            f"last events ({PROGRAM} status {stack}), then repeat this command with --continue-rollback."
        )
    if status == "UPDATE_FAILED":
        return "update"
    raise DeploymentError(
        f"Stack {stack} is {status}. This deployer does not support this status. Use the CloudFormation console."
    )


def _start_over(stack: str, status: str, *, recreate: bool, created_by_deployer: bool) -> Step:
    reason = {
        "ROLLBACK_COMPLETE": "Its creation failed and was rolled back",
        "ROLLBACK_FAILED": "Its creation and the rollback failed",
        "CREATE_FAILED": "Its creation failed and was not rolled back",
        "DELETE_FAILED": "Its deletion failed",
    }[status]
    if not created_by_deployer:
        raise DeploymentError(
            f"Stack {stack} is {status}. {reason}. This deployer did not create the stack (it has no tag "
            f"{PRODUCT_TAG}) and does not delete it. Delete the stack yourself, or choose another name."
        )
    if not recreate:
        raise DeploymentError(
            f"Stack {stack} is {status}. {reason}, so AWS cannot update it. To delete the stack and create it again, "
            "repeat this command with --recreate."
        )
    return "recreate"
