"""The commands `explore` and `reference`, which write documents about the templates."""

# ruff: noqa: PLC0415 - each command imports its own document: the reference imports cfn-lint
from __future__ import annotations

import argparse
import sys
from pathlib import Path

from smtemplates.cli.comparison import is_stale
from smtemplates.console.files import write


def write_explorer(options: argparse.Namespace) -> int:
    """Write the explorer, a page on which to try the parameters of the workspace template."""
    from smtemplates.pages.explorer import explore
    from smtemplates.synth.renderer import ordered
    from smtemplates.templates.workspace.template import build

    page = explore(ordered(build()), "workspace")
    if options.output == "-":
        sys.stdout.write(page)
        return 0
    write(Path(options.output), page)
    print(f"{options.output}: open it in a browser. It needs no network connection.", file=sys.stderr)
    return 0


def write_reference(options: argparse.Namespace) -> int:
    """Write the reference and its picture, or compare them with their files."""
    from smtemplates.reference import document as reference

    texts = {"README.md": reference.document(), reference.PICTURE: reference.picture()}
    stale = False
    for name, text in texts.items():
        path = Path("templates") / name
        if not options.check:
            write(path, text)
        elif is_stale(path, text):
            stale = True
            continue
        print(f"{path}: {'up to date' if options.check else 'written'}", file=sys.stderr)
    return int(stale)
