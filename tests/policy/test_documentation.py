"""Each policy rule has a documentation page."""

from __future__ import annotations

import re
from pathlib import Path

import smtemplates
from smtemplates.policy import OURS
from smtemplates.policy.documentation import url

TEXT = "\n".join(file.read_text(encoding="utf-8") for file in sorted(OURS.glob("*.guard")))
TOPIC = "Resources: {Topic: {Type: AWS::SNS::Topic}}\n"
THEIRS = """\
# Why: see https://example.com/topics.
rule TOPIC { Resources.* { Properties exists <<It has no properties.>> } }
rule SNS_99 { Resources.* { Metadata exists <<It has no metadata.>> } }
"""


def test_each_of_our_rules_has_a_page() -> None:
    """A rule named after a Security Hub control links to that control; each other rule has a link above it."""
    rules = re.findall(r"^rule ([A-Z0-9_]+)\b", TEXT, re.MULTILINE)
    assert len(rules) > 10
    assert [rule for rule in rules if not url(rule, TEXT).startswith("https://docs.aws.amazon.com/")] == []
    assert url("S3_17", TEXT) == "https://docs.aws.amazon.com/securityhub/latest/userguide/s3-controls.html#s3-17"
    assert url("IAM_TRUST", TEXT) == "https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html"


def test_rules_of_a_user_have_the_link_above_them(tmp_path: Path) -> None:
    """A policy file can document its rules with a link in a comment; a control number alone says nothing there."""
    policy = tmp_path / "mine.guard"
    policy.write_text(THEIRS, encoding="utf-8")
    findings = smtemplates.check_policy(TOPIC, policies=[policy], ours=False, cache=False)
    assert {(found.rule, found.title, found.url) for found in findings} == {
        ("TOPIC", "It has no properties.", "https://example.com/topics"),
        ("SNS_99", "It has no metadata.", ""),
    }
