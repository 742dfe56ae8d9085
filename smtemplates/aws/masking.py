"""Mask secret values in what is shown or logged."""

from __future__ import annotations

from typing import Any

MASK = "****"
SHORT_SECRET = 6


def masked(value: Any, secrets: tuple[str, ...]) -> Any:
    """Hide secrets wherever they occur in a value."""
    if isinstance(value, dict):
        return {key: masked(item, secrets) for key, item in value.items()}
    if isinstance(value, list):
        return [masked(item, secrets) for item in value]
    if isinstance(value, str):
        for secret in secrets:
            # a short one would be found in words that have nothing to do with it
            whole = len(secret) < SHORT_SECRET
            value = (MASK if value == secret else value) if whole else value.replace(secret, MASK)
    return value
