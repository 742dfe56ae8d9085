"""Recognize texts that look like credentials, which the configuration file must not contain."""

from __future__ import annotations

import re

ADVICE = 'Use a reference, such as { env = "NAME" } or { secret = "NAME" }.'
_KINDS = {
    # Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    "the ID of an access key": re.compile(r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a token of GitHub": re.compile(r"\b(?:gh[oprsu]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})"),
    "a token of GitLab": re.compile(r"\bglpat-[A-Za-z0-9_-]{20,}"),
    "a URL with a password": re.compile(r"://[^/\s:@]+:[^/\s@]+@"),
    # 40 characters of base64: with fewer kinds of characters, this is a hash or a name
    "a secret access key": re.compile(
        r"(?<![A-Za-z0-9/+])(?=[^A-Z]*[A-Z])(?=[^a-z]*[a-z])(?=[^0-9]*[0-9])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])"
    ),
}


def kind_of_credential(text: str) -> str:
    """Return the kind of credential that a text seems to contain, or ''."""
    return next((kind for kind, pattern in _KINDS.items() if pattern.search(text)), "")
