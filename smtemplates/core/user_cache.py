"""The folder of the user's cache directory in which smtemplates stores its files."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path


def cache_directory() -> Path | None:
    """Return the user's cache directory, or None for a user without a home directory.

    It is `$XDG_CACHE_HOME` if that is an absolute path. Otherwise it is `~/Library/Caches` on macOS, and `~/.cache` on
    other systems.

    Source: https://specifications.freedesktop.org/basedir-spec/latest/ (a relative XDG_CACHE_HOME must be ignored)
    Source: https://developer.apple.com/documentation/foundation/filemanager/searchpathdirectory/cachesdirectory
    """
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if base.is_absolute():
        return base
    with contextlib.suppress(RuntimeError):
        home = Path.home()
        return home / "Library" / "Caches" if sys.platform == "darwin" else home / ".cache"
    return None


def own_directory() -> Path | None:
    """Return the folder of smtemplates in the user's cache directory, or None for a user without a home directory."""
    base = cache_directory()
    return base / "smtemplates" if base else None
