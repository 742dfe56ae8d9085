"""Mask secret values in texts that are shown or logged."""

from __future__ import annotations

from typing import Any

MASK = "****"
SHORT_SECRET = 6


def masked(value: Any, secrets: tuple[str, ...]) -> Any:
    """Return a value in which every occurrence of a secret is masked."""
    if isinstance(value, dict):
        return {key: masked(item, secrets) for key, item in value.items()}
    if isinstance(value, list):
        return [masked(item, secrets) for item in value]
    if isinstance(value, str):
        for secret in secrets:
            # a short secret would also be found in unrelated words, so only an equal value is masked
            short = len(secret) < SHORT_SECRET
            value = (MASK if value == secret else value) if short else value.replace(secret, MASK)
    return value
