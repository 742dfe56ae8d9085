"""The libraries that a command needs, and how to install them."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from smtemplates.console import program
from smtemplates.errors import UsageError

NEEDED = {"boto3": "boto3", "PyYAML": "yaml"}  # by every command that calls AWS
# The extra of the package that contains a library. All others are requirements of the package.
EXTRAS = {"boto3": "deploy", "botocore": "deploy", "cloudformation_validate": "policy"}


def check_libraries() -> None:
    """Check that the libraries that all commands that call AWS need are installed.

    Raises:
        UsageError: A library is missing.
    """
    if missing := [name for name, module in NEEDED.items() if not importlib.util.find_spec(module)]:
        raise UsageError(missing_message(*missing))


def missing_message(*libraries: str) -> str:
    """Return the sentences about missing libraries, with the command that installs them."""
    checkout = Path(__file__).resolve().parents[2]
    python, extra = sys.executable, next((EXTRAS[name] for name in libraries if name in EXTRAS), "")
    if (checkout / "scripts" / "venv").is_file():
        venv = checkout / ".venv" / "bin" / "python"
        python = str(venv) if venv.is_file() else python
        install = f"run this once in bash, in {checkout}: . scripts/venv {'deploy' if extra == 'deploy' else 'render'}"
    else:
        install = f"run: {python} -m pip install '{program.PACKAGE}{f'[{extra}]' if extra else ''}'"
    verb = "are" if len(libraries) > 1 else "is"
    return f"{' and '.join(libraries)} {verb} required but not installed for {sys.executable}. To install it, {install}"
