"""Compare a file with the text that belongs in it, for the option --check."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path

from smtemplates.console.files import read


def is_stale(path: Path, text: str) -> bool:
    """Return whether a file is missing or differs from the text that belongs in it, and print the difference."""
    on_disk = read(path) if path.exists() else ""
    if on_disk == text:
        return False
    lines = difflib.unified_diff(
        on_disk.splitlines(keepends=True), text.splitlines(keepends=True), str(path), f"{path} (as built now)"
    )
    sys.stdout.writelines(lines)
    print(f"{path}: stale. Run this command without --check and commit the result.", file=sys.stderr)
    return True
