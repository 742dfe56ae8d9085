"""Determine the resources that destroying a stack deletes and retains, and the reasons that prevent it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from smtemplates.aws.errors import DENIED, CloudError, DeploymentError, sentence
from smtemplates.aws.session import Cloud
from smtemplates.aws_data.blocking import DOMAIN
from smtemplates.console import program
from smtemplates.deploy.operations import stack as stacks
from smtemplates.deploy.operations import states
from smtemplates.deploy.operations.operation import BUCKET
from smtemplates.deploy.operations.stack import Stack
from smtemplates.deploy.resources import buckets, in_use, networks
from smtemplates.deploy.resources.stack_tree import Resource, Tree, read_tree
from smtemplates.deploy.studio.clearing import refused_error
from smtemplates.deploy.studio.contents import (
    Contents,
    Target,
    find_contents,
    find_targets,
    model_version_blockers,
)
from smtemplates.errors import Error, UsageError
from smtemplates.evaluate import Stack as Evaluated
from smtemplates.synth.declarations import mapping

LOG_GROUPS = "Custom::LogGroups"
DELETING = "DELETE_IN_PROGRESS"
STUCK = "DELETE_FAILED"


@dataclass(frozen=True, kw_only=True)
class DestroyOptions:
    """The options of a destruction.

    `retain` are the logical IDs of resources that the deletion leaves behind, and `force` leaves behind all that AWS
    cannot delete. AWS accepts both in DELETE_FAILED only. With `wait` False, the deletion is only started. `before` are
    the names of the stacks that are deleted before this one, whose imports do not prevent its deletion.
    """

    delete_data: bool = False
    clear_studio: bool = False
    disable_protection: bool = False
    retain: tuple[str, ...] = ()
    force: bool = False
    wait: bool = True
    before: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Destruction:
    """The effects of destroying a stack.

    `stack` is None if the stack is deleted already and only its buckets exist. `retained` are the resources that the
    template retains, and `left` those of the option --retain. `log_groups` are the retained log groups that the stack
    uses. `blockers` are the reasons that prevent the deletion. `studio_contents` are the Studio objects that are
    deleted first, in `targets`. `unknown` are sentences on missing information.
    """

    name: str
    stack: Stack | None
    deleted: tuple[Resource, ...] = ()
    retained: tuple[Resource, ...] = ()
    left: tuple[Resource, ...] = ()
    log_groups: tuple[str, ...] = ()
    blockers: tuple[str, ...] = ()
    targets: tuple[Target, ...] = ()
    studio_contents: Contents = field(default_factory=Contents)
    unknown: tuple[str, ...] = ()
    force: bool = False

    @property
    def running(self) -> bool:
        """Whether AWS is deleting the stack already."""
        return self.stack is not None and self.stack.status == DELETING

    @property
    def retained_buckets(self) -> tuple[str, ...]:
        """The names of the buckets that can still exist after the deletion of the stack."""
        kept = (*self.retained, *(item for item in self.deleted if item.policy is None))
        return tuple(item.physical_id for item in kept if item.type == BUCKET)

    @property
    def failed(self) -> tuple[Resource, ...]:
        """The resources that AWS could not delete before."""
        return tuple(item for item in self.deleted if item.status == STUCK)


def check_options(options: DestroyOptions) -> None:
    """Check that options can be combined.

    Raises:
        UsageError: They cannot.
    """
    if options.retain and options.force:
        raise UsageError("--retain and --force exclude each other. Specify one of them.")
    if options.delete_data and not options.wait:
        raise UsageError(
            "--no-wait and --delete-data exclude each other, because retained buckets are emptied after the stack is "
            "deleted. Remove one of them."
        )


def plan_destruction(cloud: Cloud, name: str, options: DestroyOptions) -> Destruction:
    """Return the effects of destroying a stack.

    Raises:
        UsageError: --retain or --force is not possible in the state of the stack, or the stack has no such resource.
        DeploymentError: No stack and no retained bucket of that name exists.
    """
    stack = stacks.find(cloud, name)
    _check_status(name, stack, options)
    if stack is None:
        kept = left_buckets(cloud, name) if options.delete_data else ()
        if not kept:
            stacks.get(cloud, name)
        return Destruction(name=name, stack=None, retained=kept)
    if stack.status == DELETING:
        return Destruction(name=stack.name, stack=stack)
    tree = read_tree(cloud, stack)
    own = [item.logical_id for item in tree.resources if "/" not in item.logical_id]  # AWS accepts no other IDs
    if missing := [item for item in options.retain if item not in own]:
        raise UsageError(
            f"--retain names {', '.join(missing)}, which stack {name} does not contain. Its resources are: "
            f"{', '.join(own)}."
        )
    left = [item for item in tree.resources if _is_left(item, options.retain)]
    retained = [item for item in tree.resources if item not in left and item.retained]
    deleted = [item for item in tree.resources if item not in left and item not in retained]
    if options.delete_data and stack.status == STUCK:
        retained += _skipped_buckets(cloud, stack.id)
    pairs = [(item.type, item.physical_id) for item in deleted]
    domains = [item.physical_id for item in tree.resources if item.type == DOMAIN]
    targets = find_targets(cloud, pairs, domains)
    contents = find_contents(cloud, targets)
    together = {*tree.stacks, *options.before}
    exports, unknown = _exports_in_use(cloud, tree, together)
    users, unseen = ([], []) if options.force else networks.network_blockers(cloud, deleted, together)
    blockers = [*_busy(stack), *exports, *_users_of(cloud, stack, deleted), *users]
    if unknown and (contents or options.delete_data):
        blockers.append(f"{unknown[0]} AWS could refuse the deletion after data was deleted.")
    if contents and any(item.policy is None for item in deleted):
        blockers.append(
            "It is not known whether the template retains the Studio domain, user profiles or spaces. Delete their "
            "contents yourself first."
        )
    if not options.force:
        blockers += model_version_blockers(cloud, pairs)
        blockers += [] if options.delete_data else _full_buckets(cloud, deleted)
    managed = [item.logical_id for item in tree.resources if item.type == LOG_GROUPS]
    groups, unread = _log_groups(tree, stack, managed)
    return Destruction(
        name=stack.name,
        stack=stack,
        deleted=tuple(deleted),
        retained=tuple(retained),
        left=tuple(left),
        log_groups=groups,
        blockers=tuple(blockers),
        targets=tuple(targets),
        studio_contents=contents,
        unknown=(*tree.unknown, *unknown, *unseen, *unread),
        force=options.force,
    )


def _check_status(name: str, stack: Stack | None, options: DestroyOptions) -> None:
    """Check that AWS accepts --retain and --force in the state of the stack.

    Raises:
        UsageError: The stack is not in DELETE_FAILED.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DeleteStack.html
    """
    option = "--retain" if options.retain else "--force" if options.force else ""
    if option and (stack is None or stack.status != STUCK):
        status = "deleted" if stack is None else stack.status
        raise UsageError(
            f"{option} is not possible: stack {name} is {status}, and AWS accepts it in {STUCK} only. Repeat this "
            f"command without {option}. Only if AWS then cannot delete a resource, add {option}."
        )


def _is_left(item: Resource, retain: Sequence[str]) -> bool:
    """Return whether --retain leaves a resource behind. A nested stack is left behind with its resources."""
    return item.logical_id.partition("/")[0] in retain


def _busy(stack: Stack) -> list[str]:
    """Return a text if another operation is in progress.

    AWS deletes a stack during its creation, and no stack during another operation.
    """
    if not states.in_progress(stack.status) or stack.status == "CREATE_IN_PROGRESS":
        return []
    text = f"Another operation is in progress on the stack ({stack.status}). Wait until it has ended. To watch it, run:"
    return [f"{text} {program.command('status', '--watch', stack.name)}"]


def _exports_in_use(cloud: Cloud, tree: Tree, together: Collection[str]) -> tuple[list[str], list[str]]:
    """Return texts on the exports that other stacks import, and a sentence if this is not known."""
    try:
        return in_use.export_blockers(cloud, tree.exports, together), []
    except CloudError as error:
        if error.code not in DENIED:
            raise
        return [], [f"It is not known whether other stacks import the exports of the stack. {sentence(error)}"]


def _full_buckets(cloud: Cloud, deleted: Iterable[Resource]) -> list[str]:
    """Return texts on the buckets that AWS cannot delete, because they are not empty."""
    return [
        f"Bucket {item.physical_id} is not empty, and the template does not retain it. To empty it, add --delete-data."
        for item in deleted
        if item.type == BUCKET and item.policy is not None and not buckets.is_empty(cloud, item.physical_id)
    ]


def _users_of(cloud: Cloud, stack: Stack, deleted: Sequence[Resource]) -> list[str]:
    """Return texts on provisioned products and roles that still need the deleted resources."""
    products = [item.physical_id for item in deleted if item.type == in_use.PRODUCT]
    policies = {item.physical_id: item.declared for item in deleted if item.type == in_use.POLICY}
    blockers = in_use.product_blockers(cloud, products) + in_use.boundary_blockers(cloud, policies)
    if boundary := stack.parameters.get(in_use.BOUNDARY):
        roles = [item.declared for item in deleted if item.type == in_use.ROLE]
        blockers += in_use.launch_role_blockers(cloud, boundary, roles)
    return blockers


def _log_groups(tree: Tree, stack: Stack, resources: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    """Return the names of the log groups that custom resources of the stack manage, and a sentence if it is not known.

    No API returns them, so the template is evaluated. `resources` are the logical IDs of the custom resources.
    """
    if not resources or not tree.content:
        return (), []
    pseudo = {"AWS::StackId": stack.id, "AWS::StackName": stack.name, "AWS::Region": stack.id.split(":")[3]}
    try:
        evaluated = Evaluated(tree.content, stack.parameters, pseudo=pseudo).resources
    except Error as error:
        return (), [f"It is not known which log groups the stack uses. {sentence(error)}"]
    # after a failed update, the stack can contain resources that its template does not create
    properties = [mapping(mapping(evaluated.get(name)).get("Properties")) for name in resources]
    return tuple(str(name) for each in properties for name in each.get("Names") or ()), []


def left_buckets(cloud: Cloud, name: str) -> tuple[Resource, ...]:
    """Return the buckets that the last deleted stack of a name retained.

    They are read from the events of the stack. AWS lists a deleted stack for 90 days.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListStacks.html
    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackEvents.html
    """
    deleted = [
        item
        for item in cloud.pages(
            "cloudformation", "list_stacks", "StackSummaries", StackStatusFilter=["DELETE_COMPLETE"]
        )
        if item["StackName"] == name
    ]
    if not deleted:
        return ()
    last = max(deleted, key=lambda item: item.get("DeletionTime") or item["CreationTime"])
    return _skipped_buckets(cloud, last["StackId"])


def _skipped_buckets(cloud: Cloud, stack_id: str) -> tuple[Resource, ...]:
    """Return the existing buckets that earlier deletions of a stack retained. They do not belong to the stack."""
    retained = {}
    for event in cloud.pages("cloudformation", "describe_stack_events", "StackEvents", StackName=stack_id):
        if event.get("ResourceStatus") == "DELETE_SKIPPED" and event.get("ResourceType") == BUCKET:
            bucket = event["PhysicalResourceId"]
            if buckets.exists(cloud, bucket):
                retained[bucket] = Resource(logical_id=event["LogicalResourceId"], type=BUCKET, physical_id=bucket)
    return tuple(retained.values())


def check(plan: Destruction, options: DestroyOptions) -> None:
    """Check that nothing prevents the deletion of the stack.

    Raises:
        DeploymentError: Termination protection or a resource in use prevents it.
        RefusedError: Studio contains objects of users, and their deletion is not allowed.
    """
    if plan.running:
        return
    blockers = list(plan.blockers)
    if plan.stack is not None and plan.stack.protected and not options.disable_protection:
        blockers.insert(0, "Termination protection is on. To turn it off, add --disable-protection.")
    if blockers:
        raise DeploymentError(f"Stack {plan.name} cannot be destroyed. {' '.join(blockers)}")
    if plan.studio_contents and not options.clear_studio and not options.force:
        raise refused_error(plan.targets, plan.studio_contents, "deleted", "repeat the command with --clear-studio")
