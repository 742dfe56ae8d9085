"""What the local cloud does not show of what others still need: listings of IAM that come in pages."""

from __future__ import annotations

import pytest

from deploying.stubs import stubbed
from smtemplates.deploy import in_use

ARN = "arn:aws:iam::aws:policy/PowerUserAccess"
ROLES = [{"Properties": {"AssumeRolePolicyDocument": {"Principal": {"Service": "servicecatalog.amazonaws.com"}}}}]


@pytest.mark.parametrize(
    ("pages", "told"),
    [
        ([["team"], [], ["SC-1-role"]], "the boundary of SC-1-role, which"),
        ([["SC-1-role", "team"], ["SC-2-role"], None], "the boundary of SC-1-role and others, which"),
        ([["team"], ["other"]], ""),
    ],
)
def test_a_boundary_that_bounds_many(pages: list[list[str] | None], told: str) -> None:
    """Launches' roles are found among others on any page, and no page is asked for that can tell nothing more."""
    with stubbed("iam") as aws:
        asked = {"PolicyArn": ARN, "PolicyUsageFilter": "PermissionsBoundary"}
        for number, page in enumerate(pages):
            if page is None:
                break
            more = {"IsTruncated": True, "Marker": str(number)} if number < len(pages) - 1 else {"IsTruncated": False}
            answer = {"PolicyRoles": [{"RoleName": name} for name in page], "PolicyUsers": [], **more}
            aws.answers("list_entities_for_policy", answer, asked)
            asked = {**asked, "Marker": str(number)}
        found = in_use.stranded(aws.cloud, ARN, ROLES)
    assert [told in text for text in found] == [True] * bool(told)
