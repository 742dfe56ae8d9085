"""The action of AWS if a deployment fails, and the options that apply only to creations or only to updates."""

from __future__ import annotations

from smtemplates.deploy.requests.request import Request
from smtemplates.errors import UsageError

DO_NOTHING = "DO_NOTHING"


def check_failure_options(request: Request, *, no_rollback: bool) -> None:
    """Check that the options for a failure do not contradict each other.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ExecuteChangeSet.html

    Raises:
        UsageError: They do.
    """
    if no_rollback and request.on_failure not in (None, DO_NOTHING):
        raise UsageError(
            f"--no-rollback and --on-failure {request.on_failure} contradict each other. Specify only one of them."
        )


def disables_rollback(request: Request, status: str | None, *, no_rollback: bool) -> bool:
    """Return whether a failed deployment keeps its changes. `status` is that of the stack; None for a new stack.

    A stack whose creation failed is still being created. Therefore --on-failure DO_NOTHING also applies to it. It is
    sent as DisableRollback, because AWS never updates a stack that was created with OnStackFailure=DO_NOTHING.

    Source: https://github.com/code-dot-org/code-dot-org/pull/68524
    """
    created = status not in (None, "REVIEW_IN_PROGRESS", "DELETE_COMPLETE", "CREATE_FAILED")
    return no_rollback or (request.on_failure == DO_NOTHING and not created)


def on_stack_failure(request: Request, kind: str) -> str | None:
    """Return OnStackFailure for CreateChangeSet. `kind` is CREATE or UPDATE.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html
    """
    return request.on_failure if kind == "CREATE" and request.on_failure != DO_NOTHING else None


def omitted_options(request: Request, kind: str, *, rollback_disabled: bool) -> list[str]:
    """Return a sentence for each option that does not apply to the operation. `kind` is CREATE or UPDATE."""
    if kind == "UPDATE" and request.on_failure and not (request.on_failure == DO_NOTHING and rollback_disabled):
        option = f"--on-failure {request.on_failure}"
        return [f"{option} applies only to the creation of a stack. It is not used for this update."]
    if kind == "CREATE" and request.revert_drift:
        return ["--revert-drift applies only to the update of a stack. It is not used for this creation."]
    return []
