"""Delete objects of Studio users with permission, before CloudFormation deletes the resources that contain them."""

from __future__ import annotations

from collections.abc import Sequence

from smtemplates.aws.errors import CloudError, DeploymentError, RefusedError, sentence
from smtemplates.aws.session import Cloud
from smtemplates.aws_data.blocking import CONTENTS, DOMAIN, Content
from smtemplates.console.columns import counted
from smtemplates.deploy.change_sets.change_plan import Plan, ResourceChange
from smtemplates.deploy.operations import stack as stacks
from smtemplates.deploy.operations.events import STACK_TYPE
from smtemplates.deploy.operations.listener import Listener
from smtemplates.deploy.resources.stack_tree import read_tree
from smtemplates.deploy.studio.contents import (
    CONTAINERS,
    KINDS,
    NOT_FOUND,
    Contents,
    Item,
    Target,
    find_contents,
    find_targets,
    list_objects,
)
from smtemplates.errors import Error
from smtemplates.evaluate import Stack as Evaluated
from smtemplates.synth.declarations import mapping

POLL_SECONDS = 5.0
MAX_POLLS = 180
# Studio cannot delete an object in one of these statuses yet.
CHANGING = ("Pending", "Updating", "Deleting")


def check_changes(cloud: Cloud, plan: Plan, *, may_delete: bool) -> tuple[list[Target], Contents]:
    """Check that a plan does not delete domains, user profiles or spaces with contents without permission.

    Return the targets that are deleted, and the contents to delete before them.

    A resource with contents is never replaced. AWS creates the new resource before it deletes the old one, and fails
    if both have the same name: then the contents would be lost for nothing. For the same reason nothing is deleted for
    a resource that only may be replaced.

    Raises:
        RefusedError: A resource with contents would be replaced, or deleted while `may_delete` is False.
        DeploymentError: The domain of a user profile or space is not certain.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-monitor-stack.html
    """
    resources: dict[str, list[tuple[str, str]]] = {"replace": [], "delete": []}
    for change in plan.all_changes:
        if change.fate in resources and not change.keeps_old:
            resources[change.fate] += _containers(cloud, plan, change)
    if not any(resources.values()):
        return [], Contents()
    summaries = cloud.pages("cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=plan.stack_id)
    domains = [item.get("PhysicalResourceId", "") for item in summaries if item.get("ResourceType") == DOMAIN]
    replaced, deleted = (find_targets(cloud, resources[fate], domains) for fate in ("replace", "delete"))
    if contents := find_contents(cloud, replaced):
        thing = "domain" if any(target.type == DOMAIN for target in replaced) else "user profile or space"
        instruction = f"deploy twice: first without the {thing} and with --clear-studio, then with the new {thing}"
        raise refused_error(replaced, contents, "replaced", instruction)
    contents = find_contents(cloud, deleted)
    if contents and not may_delete:
        raise refused_error(deleted, contents, "deleted", "repeat the command with --clear-studio")
    return deleted, contents


def _containers(cloud: Cloud, plan: Plan, change: ResourceChange) -> list[tuple[str, str]]:
    """Return the type and physical ID of each domain, user profile and space that a change deletes or replaces.

    The change set does not contain the resources of a nested stack that is deleted.
    """
    if change.type == STACK_TYPE and change.physical_id:
        child = stacks.find(cloud, change.physical_id)
        found = () if child is None else read_tree(cloud, child).resources
        return [(item.type, item.physical_id) for item in found if item.type in CONTAINERS and not item.retained]
    if change.type not in CONTAINERS or not change.physical_id:
        return []
    if change.fate == "replace" and _keeps_name(cloud, plan, change):
        return []
    return [(change.type, change.physical_id)]


def _keeps_name(cloud: Cloud, plan: Plan, change: ResourceChange) -> bool:
    """Return whether AWS reports a replacement only because the name refers to a parameter that changes.

    If a name is one item of a list, and another item changes, the change set contains a replacement that
    CloudFormation does not execute, because the name itself is the same.
    """
    name = KINDS[change.type].name if change.type in KINDS else ""
    causes = [item for item in change.properties if item.recreation != "Never"]
    if not name or {item.path.rpartition("/")[2] for item in causes} != {name}:
        return False
    if all(item.known and item.before is not None and item.before == item.after for item in causes):
        return True
    if change.stack_path:
        return False  # the values of the parameters of a nested stack are not in the plan
    content = stacks.template(cloud, ChangeSetName=plan.change_set_id)
    try:
        resource = Evaluated(content or {}, plan.parameters).resources.get(change.logical_id, {})
    except Error:
        return False
    return str(mapping(resource.get("Properties")).get(name)) in str(change.physical_id).split("|")


def refused_error(targets: Sequence[Target], contents: Contents, fate: str, instruction: str) -> RefusedError:
    """Return the error for targets with contents that may not be deleted."""
    names = "\n".join(f"  {name}" for name in contents.names())
    containers = " or ".join(
        word
        for type_, word in zip(CONTAINERS, ("domain", "user profile", "space"), strict=True)
        if any(target.type == type_ for target in targets)
    )
    return RefusedError(
        f"The Studio {containers} that would be {fate} contains objects of users, with their files and unsaved work:\n"
        f"{names}\nNothing was changed. If all of these can be deleted, {instruction}."
    )


def announcement(contents: Contents) -> list[str]:
    """Return lines on the objects that are deleted first, and on the resources that AWS keeps."""
    lines = []
    if contents:
        lines.append("These objects of Studio users must be deleted first, with all files and processes in them:")
        lines += [f"  - {name}" for name in contents.names()]
    return [*lines, *contents.left_behind]


def check_unchanged(cloud: Cloud, targets: Sequence[Target], shown: Contents) -> None:
    """Check that no user created an object in the targets since the contents were shown.

    Raises:
        DeploymentError: A user did. Its deletion is not confirmed.
    """
    if targets and (late := find_contents(cloud, targets).since(shown)):
        names = ", ".join(late.names())
        raise DeploymentError(
            f"Studio objects were created after the list of deleted resources was shown: {names}. They and the "
            "resources that contain them were not deleted. Repeat this command to see the new list."
        )


def delete_contents(cloud: Cloud, contents: Contents, listener: Listener) -> None:
    """Delete apps, wait until they are deleted, and then do the same for spaces and user profiles.

    Raises:
        DeploymentError: The deletion takes longer than 15 minutes, or Studio does not delete an object.
    """
    for kind in CONTENTS:
        items = [item for item in contents.items if item.type == kind.type]
        if items:
            _delete_all(cloud, kind, items)
            listener.say(f"Deleted {counted(len(items), f'Studio {kind.noun}')}.")


def _delete_all(cloud: Cloud, kind: Content, items: Sequence[Item]) -> None:
    """Delete objects of a type, and wait until they are deleted. One call per domain lists the remaining objects."""
    remaining, requested = dict.fromkeys(items, ""), set()
    for _ in range(MAX_POLLS):
        for item in remaining:
            if item not in requested and _delete(cloud, kind, item, remaining[item]):
                requested.add(item)
        remaining = {
            item: str(listed.get("Status", ""))
            for domain in dict.fromkeys(item.domain for item in remaining)
            for item, listed in list_objects(cloud, kind, domain)
            if item in items
        }
        if not remaining:
            return
        cloud.pause(POLL_SECONDS)
    names = ", ".join(f"{item} ({status})" for item, status in remaining.items())
    raise DeploymentError(f"Studio did not delete these objects within 15 minutes: {names}. Repeat this command later.")


def _delete(cloud: Cloud, kind: Content, item: Item, status: str) -> bool:
    """Request the deletion of an object; return False if Studio does not accept the request yet.

    Raises:
        DeploymentError: Studio does not delete the object.
    """
    try:
        cloud.call("sagemaker", f"delete_{kind.operation}", **dict(item.identifiers))
    except CloudError as error:
        # an earlier run can have deleted it already
        if error.code in NOT_FOUND or "Deleting" in str(error):
            return True
        if error.code in ("ResourceInUse", "ValidationException") and status in ("", *CHANGING):
            return False
        raise DeploymentError(f"Studio did not delete {item}. {sentence(error)} Then repeat this command.") from error
    return True
