"""The checkout that a script belongs to: its folder, its .venv, and its package, importable after this module."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
sys.path.insert(0, str(ROOT))


def use_venv_python() -> None:
    """Restart the running script with the Python of .venv, provided that the AWS SDK is installed there."""
    python = VENV / "bin" / "python"
    has_sdk = python.is_file() and any(VENV.glob("lib/python3*/site-packages/boto3"))
    if has_sdk and Path(sys.prefix) != VENV:
        os.execv(python, [str(python), *sys.argv])
