"""The folder in which smtemplates stores its files."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from smtemplates.core.user_cache import own_directory

HOME = Path("/home/ann")


@pytest.mark.parametrize(
    ("platform", "xdg", "expected"),
    [
        ("linux", None, HOME / ".cache"),
        ("linux", "", HOME / ".cache"),
        ("linux", "relative/cache", HOME / ".cache"),
        ("linux", "/var/cache/ann", Path("/var/cache/ann")),
        ("darwin", None, HOME / "Library" / "Caches"),
        ("darwin", "/var/cache/ann", Path("/var/cache/ann")),
    ],
)
def test_place(monkeypatch: pytest.MonkeyPatch, platform: str, xdg: str | None, expected: Path) -> None:
    """The folder follows the convention of the operating system, and an absolute XDG_CACHE_HOME."""
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv("HOME", str(HOME))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    if xdg is not None:
        monkeypatch.setenv("XDG_CACHE_HOME", xdg)
    assert own_directory() == expected / "smtemplates"


def test_user_without_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without a home directory has no such folder."""
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 2**31 - 9)
    assert own_directory() is None
