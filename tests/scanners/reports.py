"""Reports of scanners, which are kept on a developer's machine until their input changes. CI always scans."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements"


def report(cache: pytest.Cache, scanner: str, lock: str, text: str, scan: Callable[[], Any]) -> Any:
    """Return the report of a scan of these templates, or that of an earlier scan with the same lock."""
    digest = hashlib.sha256((REQUIREMENTS / lock).read_bytes() + text.encode()).hexdigest()
    stored = None if os.environ.get("CI") else cache.get(f"scanners/{scanner}", None)
    if not stored or stored["digest"] != digest:
        stored = {"digest": digest, "report": scan()}
        cache.set(f"scanners/{scanner}", stored)
    return stored["report"]
