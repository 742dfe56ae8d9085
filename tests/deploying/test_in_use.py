"""Roles that need a permissions boundary, in IAM listings of several pages, which the local cloud does not return."""

from __future__ import annotations

import pytest

from deploying.stubs import stubbed
from smtemplates.deploy.resources import in_use

ARN = "arn:aws:iam::aws:policy/PowerUserAccess"
ROLES = [{"Properties": {"AssumeRolePolicyDocument": {"Principal": {"Service": "servicecatalog.amazonaws.com"}}}}]


@pytest.mark.parametrize(
    ("pages", "text"),
    [
        ([["team"], [], ["SC-1-role"]], "the permissions boundary of SC-1-role. Without"),
        ([["SC-1-role", "team"], ["SC-2-role"], None], "the permissions boundary of SC-1-role and others. Without"),
        ([["team"], ["other"]], ""),
    ],
)
def test_launched_roles_are_found_on_every_page(pages: list[list[str] | None], text: str) -> None:
    """Roles of launched products are found on every page, and no page is requested after the second such role."""
    with stubbed("iam") as aws:
        expected = {"PolicyArn": ARN, "PolicyUsageFilter": "PermissionsBoundary"}
        for number, page in enumerate(pages):
            if page is None:
                break
            more = {"IsTruncated": True, "Marker": str(number)} if number < len(pages) - 1 else {"IsTruncated": False}
            answer = {"PolicyRoles": [{"RoleName": name} for name in page], "PolicyUsers": [], **more}
            aws.answers("list_entities_for_policy", answer, expected)
            expected = {**expected, "Marker": str(number)}
        found = in_use.launch_role_blockers(aws.cloud, ARN, ROLES)
    assert [text in blocker for blocker in found] == [True] * bool(text)
