"""Source identity: Studio records the user profile of each call in AWS CloudTrail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from awacs.aws import Statement

from smtemplates.core.construct import Construct, NamedCondition, boolean_parameter, is_true, when
from smtemplates.core.iam import actions


@dataclass(frozen=True, kw_only=True)
class SourceIdentity(Construct):
    """Contain the condition that Studio sets the source identity."""

    is_set: NamedCondition

    def trust(self, assume: Statement) -> Any:
        """Return the statement of a trust policy that allows the source identity, in addition to assuming the role.

        Source: https://docs.aws.amazon.com/sagemaker/latest/dg/monitor-user-access.html
        """
        return when(self.is_set, {**assume.properties, "Action": actions("sts", "SetSourceIdentity")})


def source_identity() -> SourceIdentity:
    """Build the switch for source identities.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/monitor-user-access.html
    """
    switch = boolean_parameter(
        "StudioSourceIdentity",
        "Record the name of the user profile in AWS CloudTrail, as the source identity of each call from Studio. An "
        "existing role (ExistingRoleArn) must allow sts:SetSourceIdentity in its trust policy. It can be changed only "
        "while no app of the domain is running. If false, the stack does not set it, and calls show only the role.",
        default=False,
    )
    is_set = NamedCondition("SetSourceIdentity", is_true(switch))
    return SourceIdentity(
        title="Access",
        source=__name__,
        parameters={"Record user profiles in CloudTrail": switch},
        conditions=[is_set],
        is_set=is_set,
    )
