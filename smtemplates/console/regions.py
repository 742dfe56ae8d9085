"""The option --region, which all commands accept in the same form."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from smtemplates.aws.regions import no_such_region
from smtemplates.aws_data.regions import NAME
from smtemplates.console.deprecation import report_renamed
from smtemplates.errors import UsageError


def add_regions(command: argparse._ActionsContainer, text: str, *, words: bool = False) -> None:
    """Add --region, whose value is a list without duplicates; `words` also accepts Regions separated by spaces."""
    more: dict[str, Any] = {"nargs": "+"} if words else {}
    command.add_argument("--region", action=_Regions, default=[], metavar="REGION[,...]", help=text, **more)


def checked_regions(regions: Sequence[str], *, several: bool) -> Sequence[str]:
    """Check the names of Regions, and return them. A Region that is not known can be new, so AWS decides about it.

    Raises:
        UsageError: A name is not one of a Region, or there is more than one and `several` is false.
    """
    for region in regions:
        if not NAME.fullmatch(region):
            raise UsageError(no_such_region(region))
    if len(regions) > 1 and not several:
        raise UsageError(
            f"This command works in one Region, not in {len(regions)} ({', '.join(regions)}). Run it once for each "
            "Region."
        )
    return regions


class _Regions(argparse.Action):
    """Add Regions that are separated by commas to those of earlier options."""

    def __call__(
        self, _parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: object, *_: object
    ) -> None:
        words = [str(value) for value in values] if isinstance(values, list) else [str(values)]
        regions = [region.strip() for word in words for region in word.split(",") if region.strip()]
        if not regions:
            raise argparse.ArgumentError(self, "the value is empty")
        if len(words) > 1:
            report_renamed(f"--region {' '.join(words)}", f"--region {','.join(regions)}")
        before = getattr(namespace, self.dest)
        setattr(namespace, self.dest, list(dict.fromkeys([*before, *regions])))
