"""Check that a plan can succeed and destroys nothing without permission."""

from __future__ import annotations

from collections.abc import Iterable

from smtemplates.aws.errors import DeploymentError, RefusedError
from smtemplates.deploy.change_sets.change_plan import Plan, ResourceChange
from smtemplates.deploy.change_sets.change_text import describe_change, warnings
from smtemplates.deploy.change_sets.validation import describe_finding
from smtemplates.errors import UsageError


def check_plan(plan: Plan, *, allow_destructive: bool, allowed_resources: Iterable[str] = ()) -> None:
    """Check that a plan can succeed and that it destroys no resource without permission.

    `allow_destructive` permits all destructive changes and all changes whose effect cannot be seen.
    `allowed_resources` permits only those of these IDs. The ID of a resource in a nested stack is CHILD/ID.

    Raises:
        UsageError: An ID in `allowed_resources` belongs to no such change.
        RefusedError: The plan contains a change that is not permitted.
        DeploymentError: AWS validation found an error in the plan.
    """
    if fatal := [finding for finding in plan.findings if finding.fatal]:
        errors = "\n".join(f"  {describe_finding(one)}" for one in fatal)
        raise DeploymentError(
            f"AWS validation reports that this change will fail:\n{errors}\n"
            "Nothing was changed. Correct the template or the parameters, then deploy again."
        )
    guarded = [change for change in plan.all_changes if change.guarded]
    allowed = frozenset(allowed_resources)
    _check_ids(allowed, [change.id for change in guarded])
    refused = [change for change in guarded if change.id not in allowed]
    if refused and not allow_destructive:
        raise RefusedError(_refusal(plan, refused))


def _check_ids(allowed: Iterable[str], guarded: list[str]) -> None:
    if unknown := sorted(set(allowed) - set(guarded)):
        known = f"It destroys: {', '.join(guarded)}." if guarded else "It destroys no resource."
        raise UsageError(
            f"The plan does not destroy {', '.join(unknown)}, which --allow-destructive-resource names. {known} The ID "
            "of a resource in a nested stack is CHILD/ID. Correct the option, or remove it."
        )


def _refusal(plan: Plan, refused: list[ResourceChange]) -> str:
    """Return a message on the changes that are not permitted, with the data that they delete and the options."""
    blocks = []
    if destructive := [change for change in refused if change.destructive]:
        blocks.append(f"This change would replace or delete existing resources in stack {plan.stack}:")
        blocks += [line for change in destructive for line in _lines(change)]
    if unseen := [change for change in refused if not change.destructive]:
        blocks.append(f"The effect of this change on stack {plan.stack} cannot be seen:")
        blocks += [line for change in unseen for line in _lines(change)]
    names = ",".join(change.id for change in refused)
    blocks.append(
        "Nothing was changed. To allow all of these changes, repeat the command with --allow-destructive. To allow "
        f"only some, list their IDs, for example: --allow-destructive-resource {names}"
    )
    return "\n".join(blocks)


def _lines(change: ResourceChange) -> list[str]:
    first = f"  {change.id} ({change.type}): {describe_change(change)}"
    return [first, *(f"    {text}" for text in warnings(change))]
