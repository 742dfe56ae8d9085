"""Join text from AWS with the messages of the deployer."""

from __future__ import annotations

# The program that messages name in commands for the user.
PROGRAM = "scripts/deploy.py"


def sentence(text: object) -> str:
    """Return a text with a full stop at its end, so that another sentence can follow."""
    stripped = str(text).rstrip()
    return stripped if stripped.endswith((".", "!", "?")) else f"{stripped}."
