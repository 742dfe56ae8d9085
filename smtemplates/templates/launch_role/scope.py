"""Scope: a row in the table of the permissions of a launch, and the names and tags that identify its resources.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-console-add-tags.html
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_tags.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from awacs.aws import Action, Allow, Condition, StringLike, StringLikeIfExists
from troposphere import If, Sub

from smtemplates.core.iam import Grant, allow
from smtemplates.templates.workspace.project import ENVIRONMENTS

STACKS = "SC-*"
# CloudFormation names the roles after the stack. With the stack names of Service Catalog, nothing is cut off.
EXECUTION_ROLES, FUNCTION_ROLES = f"{STACKS}-ExecutionRole-*", f"{STACKS}-InitializerRole-*"
NOTIFICATION_ROLES = f"{STACKS}-NotificationRole-*"
BUCKETS = f"arn:${{AWS::Partition}}:s3:::{STACKS.lower()}"  # and the objects in them
# Project.unique_name(): project, environment, and eight digits of the stack's ID
UNIQUE = "*-???-????????"
_STACK_NAME = "aws:ResourceTag/aws:cloudformation:stack-name"
# The tags that the template adds to each resource which supports tags. They are also on keys, domains, MLflow apps,
# endpoints and lifecycle configurations, to which CloudFormation does not add tags.
_TAGS = {"Project": "*", "Environment": list(ENVIRONMENTS)}
NEW = Condition(StringLike({f"aws:RequestTag/{key}": value for key, value in _TAGS.items()}))
OWN = Condition(StringLike({f"aws:ResourceTag/{key}": value for key, value in _TAGS.items()}))
LAUNCHED = Condition(StringLike({_STACK_NAME: STACKS}))
# Some types are changed during their creation, before it is certain that they have the tags of CloudFormation.
NOT_OF_OTHER_STACKS = Condition(StringLikeIfExists({_STACK_NAME: STACKS}))


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Contain one row: patterns for the actions of a statement, and the resources on which they are allowed.

    If the row is `shared`, later rows can also cover its actions. `wide` states the resources of others that it covers.
    """

    sid: str
    actions: Sequence[str]
    resources: Sequence[str] | If
    condition: Condition | None = None
    shared: bool = False
    wide: str = ""


def covers(scope: Scope, action: str) -> bool:
    """Return whether a row covers an action."""
    return any(fnmatchcase(action, pattern) for pattern in scope.actions)


def statement(scope: Scope, granted: Sequence[str | If]) -> Grant:
    """Build the statement that allows actions on the resources of their row. An action can have a condition."""
    named = scope.resources
    resources = named if isinstance(named, If) else [Sub(name) if "$" in name else name for name in named]
    if any(isinstance(name, If) for name in granted):  # awacs does not accept it
        condition = {"Condition": scope.condition} if scope.condition else {}
        return {"Sid": scope.sid, "Effect": Allow, "Action": list(granted), "Resource": resources, **condition}
    return allow(scope.sid, [Action(*str(name).split(":")) for name in granted], resources, scope.condition)


def arns(service: str, *names: str, account: str = "${AWS::AccountId}") -> list[str]:
    """Return the ARNs of resources of a service in this account and any Region."""
    return [f"arn:${{AWS::Partition}}:{service}:*:{account}:{name}" for name in names]


def roles(*names: str) -> list[str]:
    """Return the ARNs of roles of this account."""
    return [f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/{name}" for name in names]
