"""Find the documentation of a policy rule."""

from __future__ import annotations

import re
from collections.abc import Mapping

from smtemplates.policy import NOT_EVALUATED

_CONTROLS = "https://docs.aws.amazon.com/securityhub/latest/userguide"
_CONTROL = re.compile(r"([A-Z0-9]+)_([0-9]+)")
_URL = re.compile(r"https://\S+")


def documentation(rule: str, message: str, ours: str, theirs: Mapping[str, str]) -> dict[str, str]:
    """Return the title of a rule, which is the first sentence of its message, and its URL."""
    if rule == NOT_EVALUATED:
        return {"title": "A part of the template was not evaluated", "url": ""}
    return {"title": message.partition(". ")[0], "url": url(rule, ours, "\n".join(theirs.values()))}


def url(rule: str, ours: str, theirs: str = "") -> str:
    """Return the URL for a rule; '' if it is not known. `ours` and `theirs` are the texts of the policy files.

    It is a URL in the comment above the rule, or above the function with its name in lower case. Our other rules have
    the names of Security Hub controls, such as SNS_1.

    Source: https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-controls-reference.html
    """
    comment = re.search(rf"((?:^#.*\n)+)(?i:rule {re.escape(rule)})\b", f"{ours}\n{theirs}", re.MULTILINE)
    if comment and (found := _URL.search(comment[1])):
        return found[0].rstrip(".,)")
    control = _CONTROL.fullmatch(rule)
    if control and re.search(rf"^rule {rule}\b", ours, re.MULTILINE):
        service, number = control[1].lower(), control[2]
        return f"{_CONTROLS}/{service}-controls.html#{service}-{number}"
    return ""
