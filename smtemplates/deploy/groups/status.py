"""The status of the stacks of a configuration file, and of stacks with its tag that it no longer names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from smtemplates.aws.connection import Connection
from smtemplates.aws.errors import DENIED, CloudError, sentence
from smtemplates.aws.session import Cloud
from smtemplates.deploy.groups.target import Target, check_accounts
from smtemplates.deploy.operations import stack as stacks
from smtemplates.deploy.operations import states
from smtemplates.deploy.operations.stack import Stack


@dataclass(frozen=True, kw_only=True)
class Row:
    """A stack of a table of statuses. `name` is '' if the file does not name it, `stack` None if it does not exist."""

    name: str
    stack_name: str
    region: str
    stack: Stack | None


def read_status(targets: Sequence[Target]) -> list[Row]:
    """Return a row for each target.

    Raises:
        UsageError: The credentials belong to another account.
    """
    check_accounts(targets)
    found = [(target, stacks.find(target.cloud, target.stack)) for target in targets]
    return [
        Row(name=target.name, stack_name=target.stack, region=target.cloud.region, stack=stack)
        for target, stack in found
    ]


def find_orphans(targets: Sequence[Target], project: str, named: Iterable[Row]) -> tuple[list[Row], list[str]]:
    """Return a row for each stack with the tag of a project that is not named, and sentences on missing information.

    The stacks are searched with the connection and in the Region of each target.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html
    """
    known = {row.stack.id for row in named if row.stack is not None}
    places: dict[tuple[Connection, str], Target] = {}
    for target in targets:
        places.setdefault((replace(target.cloud.connection, region=None), target.cloud.region), target)
    rows: dict[str, Row] = {}
    problems = []
    for target in places.values():
        found, problem = _tagged(target.cloud, project)
        problems += [problem] if problem else []
        for stack in found:
            if stack.id not in known:
                rows[stack.id] = Row(name="", stack_name=stack.name, region=target.cloud.region, stack=stack)
    return list(rows.values()), problems


def _tagged(cloud: Cloud, project: str) -> tuple[list[Stack], str]:
    """Return the stacks with the tag of a project in one Region, and a sentence if they are not known, or ''.

    Nested stacks are left out: they have the tags of the stack to which they belong.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html (Tags)
    """
    try:
        items = [*cloud.pages("cloudformation", "describe_stacks", "Stacks")]
    except CloudError as error:
        if error.code not in DENIED:
            raise
        return [], f"It is not known whether the project has other stacks in {cloud.region}. {sentence(error)}"
    found = [stacks.read(item) for item in items if not item.get("ParentId")]
    return [stack for stack in found if stack.tags.get(states.PROJECT_TAG) == project], ""
