"""Virtual environments beside .venv, for tools whose dependencies conflict with those in .venv.

usage: venvs.py NAME...   (files in requirements/ without .txt, or local-cloud for the environment of the local cloud)
"""

from __future__ import annotations

import sys
from pathlib import Path

from _checkout import ROOT

from smtemplates.errors import Error
from smtemplates.local_cloud.environment import Environment, local_cloud


def prepare(name: str) -> Path:
    """Create the environment of a name unless it is up to date, and return the path of its Python."""
    if name == "local-cloud":
        environment = local_cloud()
    else:
        environment = Environment(name, ROOT / f".venv-{name}", ROOT / "requirements" / f"{name}.txt")
    with environment.installed():
        return environment.python


if __name__ == "__main__":
    try:
        for name in sys.argv[1:]:
            prepare(name)
    except Error as error:
        sys.exit(f"venvs: {error}")
