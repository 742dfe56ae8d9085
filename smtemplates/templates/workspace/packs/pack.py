"""A row of the table of workflow packs. The template, the reference and the tests are derived from these rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from troposphere import encode_to_dict

from smtemplates.core.iam import Grant

DOCS = "https://docs.aws.amazon.com"
GUIDE = f"{DOCS}/sagemaker/latest/dg"
# The table of actions, resources and condition keys of SageMaker.
ACTIONS = f"{DOCS}/service-authorization/latest/reference/list_amazonsagemaker.html"


# The policies that contain packs, and other permissions.
STUDIO_POLICY, RESOURCE_POLICY = "StudioPolicy", "NotebookPolicy"


@dataclass(frozen=True, kw_only=True)
class Permission:
    """Contain one statement, the reason for it, and the page that documents it."""

    statement: Grant
    reason: str
    source: str

    @property
    def sid(self) -> str:
        """The name of the statement, which is unique among all packs."""
        return str(encode_to_dict(self.statement)["Sid"])


@dataclass(frozen=True, kw_only=True)
class Pack:
    """Describe one pack: its purpose, a note for users, its permissions and the policy that contains them."""

    name: str
    allows: str
    note: str
    permissions: Sequence[Permission]
    policy: str = "PacksPolicy"
