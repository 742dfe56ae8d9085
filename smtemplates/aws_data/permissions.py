"""The resource types and the properties that grant or deny permissions.

The names are those of the schemas of CloudFormation. A type or property without an entry is only shown elsewhere in a
plan: nothing is allowed or rejected because of these tables.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_IDENTITY = "AWS::IAM::"
_OWNERS = "Access|AccessPoint|Auth|Bucket|Cluster|EventBus|FileSystem|Queue|QueueInline|Registry|Resource|Table"
_GRANT = re.compile(rf"::(?:(?:{_OWNERS}|TableBucket|Topic|TopicInline|VectorBucket)Policy|\w*Permissions?)$")
_PROPERTIES = frozenset(
    {
        "AccessPolicies",
        "AccessPolicy",
        "AssumeRolePolicyDocument",
        "FileSystemPolicy",
        "InlinePolicy",
        "KeyPolicy",
        "ManagedPolicyArns",
        "ModelPackageGroupPolicy",
        "PermissionsBoundary",
        "PermissionsPolicyDocument",
        "Policy",
        "PolicyDocument",
        "RepositoryPolicy",
        "RepositoryPolicyText",
        "ResourcePolicy",
        "ResourcePolicyDocument",
    }
)
# The properties that attach policies or members to identities.
_OF_IDENTITIES = frozenset({"Groups", "Policies", "Roles", "Users"})


def grants(type_: str) -> bool:
    """Return whether resources of a type exist only to grant or deny permissions."""
    return type_.startswith(_IDENTITY) or _GRANT.search(type_) is not None


def changes_grants(type_: str, properties: Iterable[str]) -> bool:
    """Return whether a change of these properties of a resource can change permissions."""
    found = _PROPERTIES | _OF_IDENTITIES if type_.startswith(_IDENTITY) else _PROPERTIES
    return not found.isdisjoint(properties)
