"""Accept the old name of an option for one release, with a line that names the new one."""

from __future__ import annotations

import argparse
from typing import Any

from smtemplates import program
from smtemplates.console.streams import write_message


def add_old_name(command: argparse._ActionsContainer, old: str, action: argparse.Action) -> None:
    """Accept `old` as another name of the option that `action` adds. It is not in the help and in completions."""
    new = action.option_strings[0]

    class OldName(argparse.Action):
        def __call__(
            self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, _: str | None = None
        ) -> None:
            write_message(
                f"{program.title()}: {old} is deprecated and will be removed in the next release. Use {new}.\n"
            )
            action(parser, namespace, values, new)

    command.add_argument(
        old,
        action=OldName,
        dest=action.dest,
        nargs=action.nargs,
        type=action.type or str,
        default=argparse.SUPPRESS,
        help=argparse.SUPPRESS,
    )
