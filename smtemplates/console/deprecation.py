"""Former names of options and values, which work for one more release."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from smtemplates.console.streams import write_message

LAST_VERSION = "0.3"

_reported: set[str] = set()


def report_renamed(old: str, new: str) -> None:
    """Write one line about a former name to standard error, but only the first time in a process."""
    if old not in _reported:
        _reported.add(old)
        write_message(f"{old} is now {new}. The old name works until version {LAST_VERSION}.\n")


def add_renamed(command: argparse._ActionsContainer, old: str, option: argparse.Action) -> None:
    """Add the former name of an option. It has the effect of the option, and is not part of the help."""
    command.add_argument(old, dest=option.dest, action=_Renamed, option=option, help=argparse.SUPPRESS)


class _Renamed(argparse.Action):
    """Report the new name of an option, and run the action of that option."""

    def __init__(self, option_strings: Sequence[str], dest: str, *, option: argparse.Action, **settings: Any) -> None:
        kept: dict[str, Any] = {name: getattr(option, name) for name in ("nargs", "type", "choices", "metavar")}
        super().__init__(option_strings, dest, default=argparse.SUPPRESS, **kept, **settings)
        self._option = option

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        new = self._option.option_strings[-1]
        report_renamed(option_string or "", new)
        self._option(parser, namespace, values, new)
