"""Check that a plan can succeed and destroys nothing without permission."""

from __future__ import annotations

from smtemplates.aws.errors import DeploymentError, RefusedError
from smtemplates.deploy.change_sets.change_plan import Plan, describe_change


def check_plan(plan: Plan, *, allow_destructive: bool) -> None:
    """Check that a plan can succeed and that it deletes or replaces no resource without permission.

    Raises:
        RefusedError: The plan replaces or deletes existing resources, and `allow_destructive` is False.
        DeploymentError: AWS validation found an error in the plan.
    """
    if fatal := [finding for finding in plan.findings if finding.fatal]:
        errors = "\n".join(f"  {one.resource} {one.path}: {one.reason}" for one in fatal)
        raise DeploymentError(
            f"AWS validation reports that this change will fail:\n{errors}\n"
            "Nothing was changed. Correct the template or the parameters, then deploy again."
        )
    if plan.destructive and not allow_destructive:
        changes = "\n".join(
            f"  {change.logical_id} ({change.type}): {describe_change(change)}" for change in plan.destructive
        )
        raise RefusedError(
            f"This change would replace or delete existing resources in stack {plan.stack}:\n{changes}\n"
            "Nothing was changed. To allow this change, repeat the command with --allow-destructive."
        )
