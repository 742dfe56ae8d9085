"""Separate cache directories for tests, with the local cloud already installed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from smtemplates.core.user_cache import own_directory
from smtemplates.local_cloud.environment import local_cloud


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # a different file system
        shutil.copy2(source, target)


def share_findings(cache: Path) -> None:
    """Copy the findings in the user's cache directory, such as those of the start of `scripts/test`, to another one.

    An entry is only used for the same template, options and linter: the name of its file is a hash of all of them.
    """
    own = own_directory()
    target = cache / "smtemplates"
    target.mkdir(parents=True, exist_ok=True)
    for entry in own.glob("*.json") if own else ():
        shutil.copy2(entry, target / entry.name)


def with_local_cloud(cache: Path) -> Path:
    """Install the local cloud into the user's cache directory, and share its files with another cache directory.

    A local cloud that exists there stays.
    """
    cloud = local_cloud()
    target = cache / "smtemplates" / "local-cloud" / cloud.folder.name
    if target.exists():
        return cache
    with cloud.installed():
        shutil.copytree(cloud.folder, target, symlinks=True, copy_function=_link)
    return cache
