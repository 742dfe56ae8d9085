"""Users of the execution role: constructs with resources for which the role needs permissions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from troposphere import If

from smtemplates.core.construct import Construct, NamedCondition
from smtemplates.core.iam import Grant


@dataclass(frozen=True, kw_only=True)
class RoleUser(Construct):
    """Represent a construct whose resources the role can use: it needs `grants` if `has_grants` is true."""

    grants: Sequence[Grant | If]
    has_grants: NamedCondition
