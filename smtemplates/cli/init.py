"""Create a new project, and print its files."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from shlex import quote

from smtemplates.config.init.creation import create_project
from smtemplates.console import program


def run(options: argparse.Namespace) -> int:
    """Create the project, and print its files and the next commands."""
    folder = Path(options.folder)
    for path in create_project(folder, options.ci):
        print(path)
    enter = [] if folder == Path() else [f"cd {quote(str(folder))}"]
    commands = [program.command("plan", "--all"), program.command("deploy", "--all")]
    print("\nnext commands:", *(f"  {line}" for line in [*enter, *commands]), sep="\n", file=sys.stderr)
    return 0
