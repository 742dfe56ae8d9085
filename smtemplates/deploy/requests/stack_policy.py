"""Read stack policies."""

from __future__ import annotations

import json
from pathlib import Path

from smtemplates.aws.errors import sentence
from smtemplates.errors import UsageError

MAX_STACK_POLICY_BYTES = 16_384


def read_stack_policy(path: Path) -> str:
    """Return the text of a stack policy file.

    Raises:
        UsageError: The file cannot be read, is too long, or is not JSON.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_SetStackPolicy.html
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_STACK_POLICY_BYTES + 1)
        if len(content) > MAX_STACK_POLICY_BYTES:
            raise UsageError(f"The stack policy {path} is too long. The maximum is {MAX_STACK_POLICY_BYTES:,} bytes.")
        text = content.decode()
        json.loads(text)
    except OSError as error:
        raise UsageError(f"Cannot read the stack policy {path}: {sentence(error.strerror)}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"The stack policy {path} is not JSON: {sentence(error)}") from error
    return text
