"""Find deployed stacks that remain after a destruction, and use the resources that it deletes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from smtemplates.deploy.destruction import Destruction
from smtemplates.deploy.groups.status import Row, find_orphans
from smtemplates.deploy.groups.target import Target
from smtemplates.deploy.operations.stack import Stack


def remaining_users(targets: Sequence[Target], plans: Mapping[str, Destruction], *, delete_data: bool) -> list[str]:
    """Return a sentence for each stack of the project that remains and uses an output of a stack that is deleted.

    `plans` are the destructions by the name of the target. A file without a project has no stacks that can be found.
    AWS stores the value of a parameter, and not its origin. So a stack is a user if a value is that of an output, and
    this output names a resource that is deleted.
    """
    project = targets[0].request.project
    if not project:
        return []
    regions = {target.name: target.cloud.region for target in targets}
    named = [
        Row(name=name, stack_name=plan.name, region=regions[name], stack=plan.stack) for name, plan in plans.items()
    ]
    remaining, found = find_orphans(targets, project, named)
    for row in remaining:
        for plan in plans.values():
            used = [] if row.stack is None else list(_used(row.stack, plan, delete_data=delete_data))
            if used:
                found.append(
                    f"Warning: stack {row.stack_name} in {row.region} is not deleted, and uses outputs of stack "
                    f"{plan.name} that name deleted resources: {', '.join(used)}."
                )
    return found


def _used(user: Stack, plan: Destruction, *, delete_data: bool) -> Iterator[str]:
    """Yield the outputs whose value a parameter has, or an item of it, such as "VpcId (parameter VpcId)"."""
    if plan.stack is None:
        return
    deleted = {item.physical_id for item in plan.deleted} | {*(plan.retained_buckets if delete_data else ())}
    for output, described in plan.stack.outputs.items():
        items = {item for item in described.value.split(",") if any(one and one in item for one in deleted)}
        for parameter, value in user.parameters.items():
            if items & {*value.split(",")}:
                yield f"{output} (parameter {parameter})"
