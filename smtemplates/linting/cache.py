"""Store the findings of a template in the user's cache directory, so that an unchanged template is not linted again."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from smtemplates.core.user_cache import cache_directory

MOST_ENTRIES = 200

Row = dict[str, Any]


def key(text: str, options: Sequence[Sequence[str]], implementation: Sequence[Path] | None = None) -> str:
    """Return the name of the entry for `text`, which depends on the options and on the versions of Python and cfn-lint.

    `implementation` are the files that determine the findings of a different linter than cfn-lint.
    """
    files = _implementation() if implementation is None else implementation
    parts = [text, options, sys.version_info[:2], [_content(file) for file in files]]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def read(entry: Path) -> list[Row] | None:
    """Return the findings stored in `entry`, or None if it is missing, unreadable or damaged."""
    try:
        digest, _, body = entry.read_text(encoding="utf-8").partition("\n")
    except (OSError, ValueError):
        return None
    if digest != _digest(body):
        return None
    rows: list[Row] = json.loads(body)
    return rows


def write(entry: Path, rows: Sequence[Row]) -> None:
    """Store findings and delete the oldest entries; do nothing if the directory is not writable."""
    body = json.dumps(rows)
    with contextlib.suppress(OSError):
        entry.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = entry.with_suffix(f".{os.getpid()}")
        unfinished.write_text(f"{_digest(body)}\n{body}", encoding="utf-8")
        unfinished.replace(entry)
        newest_first = sorted(entry.parent.glob("*.json"), key=lambda file: file.stat().st_mtime, reverse=True)
        for old in newest_first[MOST_ENTRIES:]:
            old.unlink()


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()


def _implementation() -> list[Path]:
    """Return the files that change when cfn-lint changes: importing cfn-lint for its version takes a fifth of a run.

    They contain the version of cfn-lint and the date of the schemas that `cfn-lint --update-specs` fetched. The modules
    of this package determine how cfn-lint is called.
    """
    found = importlib.util.find_spec("cfnlint")
    files = [Path(__file__).with_name(f"{module}.py") for module in ("clauses", "engine", "regions", "speedups")]
    if found and found.origin:
        files.append(Path(found.origin).with_name("version.py"))
    if base := cache_directory():
        files.append(base / "aws" / "cfn-lint" / "schemas" / "version.json")
    return files


def _content(file: Path) -> str:
    with contextlib.suppress(OSError):
        return file.read_text(encoding="utf-8")
    return ""
