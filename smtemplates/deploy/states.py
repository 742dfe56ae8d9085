"""What a stack's status means for the next operation."""

from __future__ import annotations

from typing import Literal

from smtemplates.aws.errors import DeploymentError

Step = Literal["create", "update", "recreate", "continue rollback", "wait"]

# The tag that every stack of this deployer carries; only such a stack may be deleted to start over.
PRODUCT_TAG = "smtemplates:deployer"

# A stack's status while it can still be changed by a change set, as opposed to being stuck.
UPDATABLE = {
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
}


def in_progress(status: str) -> bool:
    """Tell whether AWS is still at work; a placeholder under review waits for people, not for AWS."""
    return status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS"


def succeeded(status: str) -> bool:
    """Tell whether an operation ended as it was meant to."""
    return status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE", "DELETE_COMPLETE")


def next_step(stack: str, status: str | None, *, recreate: bool, continue_rollback: bool, tagged: bool) -> Step:
    """Choose what a deployment must do first.

    Raises:
        DeploymentError: nothing can be done without the person deciding; the message says what.
    """
    if status in (None, "REVIEW_IN_PROGRESS", "DELETE_COMPLETE"):
        return "create"
    if in_progress(str(status)):
        return "wait"
    if status in UPDATABLE:
        return "update"
    if status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"):
        return _start_over(stack, str(status), recreate=recreate, tagged=tagged)
    if status == "UPDATE_ROLLBACK_FAILED":
        if continue_rollback:
            return "continue rollback"
        raise DeploymentError(
            f"the rollback of stack {stack} failed ({status}), so it cannot be updated; put right what the last "
            "events name (deploy.py status), then repeat this command with --continue-rollback"
        )
    if status == "UPDATE_FAILED":
        return "update"
    raise DeploymentError(f"stack {stack} is {status}, a state this deployer does not know; see to it in the console")


def _start_over(stack: str, status: str, *, recreate: bool, tagged: bool) -> Step:
    reason = {
        "ROLLBACK_COMPLETE": "its creation failed and was rolled back",
        "ROLLBACK_FAILED": "its creation failed, and so did the rollback",
        "CREATE_FAILED": "its creation failed and was left as it was",
        "DELETE_FAILED": "its deletion failed half-way",
    }[status]
    if not tagged:
        raise DeploymentError(
            f"stack {stack} is {status}: {reason}. It was not made by this deployer (no tag {PRODUCT_TAG}), so it is "
            "not touched; delete it yourself, or choose another name"
        )
    if not recreate:
        raise DeploymentError(
            f"stack {stack} is {status}: {reason}, and AWS cannot update it. Repeat this command with --recreate to "
            "delete it and create it anew"
        )
    return "recreate"
