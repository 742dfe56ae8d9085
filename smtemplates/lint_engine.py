"""Run cfn-lint in this process; importing this module imports cfn-lint, so only `lint` does, and only when it must."""

from __future__ import annotations

import difflib
import gc
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from cfnlint.config import ConfigMixIn
from cfnlint.decode.decode import decode_str
from cfnlint.helpers import REGIONS
from cfnlint.match import Match
from cfnlint.runner import Runner, run_template_by_data

from smtemplates.errors import UsageError
from smtemplates.regions import alike, representatives

Row = dict[str, Any]

_TYPE_MISSING = re.compile(r"Resource type '[^']+' does not exist in '(?P<region>[a-z0-9-]+)'")


def run(text: str, *, name: str, regions: Sequence[str], checks: Sequence[str]) -> list[Row]:
    """Return what cfn-lint finds in `text`, in the order of its lines.

    Regions that cfn-lint cannot tell apart for this template are linted once. Whatever that finds, but for types that
    a Region lacks, is looked for again in every Region: messages name Regions and count them together.

    Raises:
        UsageError: The text is no template, or cfn-lint does not know a Region.
    """
    asked = known(regions)
    linter = _linter()
    template = _decode(text, name)
    groups = alike(template, asked, linter.rules.values())
    tried = representatives(groups, asked)
    matches = _matches(template, tried, linter, checks)
    if len(tried) == len(asked):
        return _rows(matches, asked)
    if not all(_TYPE_MISSING.fullmatch(match.message) for match in matches):
        return _rows(_matches(_decode(text, name), asked, linter, checks), asked)
    return sorted(_in_whole_groups(_rows(matches, asked), groups), key=_order)


def known(regions: Sequence[str]) -> list[str]:
    """Return the Regions asked for, each once.

    Raises:
        UsageError: cfn-lint does not know one of them.
    """
    asked = list(dict.fromkeys(REGIONS if "ALL_REGIONS" in regions else regions))
    for region in asked:
        if region not in REGIONS:
            nearest = difflib.get_close_matches(region, REGIONS, n=1, cutoff=0.0)[0]
            msg = f"There is no Region {region!r}: did you mean {nearest!r}?"
            raise UsageError(msg)
    return asked


@cache
def _linter() -> Runner:
    """Load cfn-lint's rules, once in a process.

    They, and the 1,800 modules behind them, live as long as the process does. Freezing keeps later collections and the
    one at exit from walking them, which costs a third of a whole `cfn-lint` run.
    """
    linter = Runner(_config(["us-east-1"], ()))
    gc.freeze()
    return linter


def _config(regions: list[str], checks: Sequence[str]) -> ConfigMixIn:
    """Return the options, without those that a .cfnlintrc in the working or home directory would add."""
    return ConfigMixIn(["--config-file", os.devnull], regions=regions, include_checks=list(checks))


def _decode(text: str, name: str) -> dict[str, Any]:
    template, problems = decode_str(text)
    if problems:
        first = problems[0]
        what = " ".join(first.message.split())
        msg = f"{name}:{first.linenumber}:{first.columnnumber}: this is not a template that can be read: {what}"
        raise UsageError(msg)
    if not isinstance(template, dict):
        msg = f"{name}: this is not a template: it must be a mapping with a Resources section."
        raise UsageError(msg)
    return template


def _matches(template: dict[str, Any], regions: list[str], linter: Runner, checks: Sequence[str]) -> list[Match]:
    return list(run_template_by_data(template, _config(regions, checks), linter.rules))


def _rows(matches: Iterable[Match], asked: Sequence[str]) -> list[Row]:
    rows = [
        {
            "line": match.linenumber,
            "column": match.columnnumber,
            "rule": match.rule.id,
            "severity": match.rule.severity,
            "message": match.message,
            "path": [part if isinstance(part, int) else str(part) for part in getattr(match, "path", ())],
            "regions": [region for region in asked if f"'{region}'" in match.message] if len(asked) > 1 else [],
        }
        for match in matches
    ]
    return sorted(rows, key=_order)


def _order(row: Row) -> tuple[int, str, int, str]:
    return row["line"], row["rule"], row["column"], row["message"]


def _in_whole_groups(rows: Iterable[Row], groups: Sequence[Sequence[str]]) -> Iterator[Row]:
    """Repeat what was found in one Region of a group for each of the group, in cfn-lint's words."""
    seen = set()
    for row in rows:
        (found,) = row["regions"]
        for region in next(group for group in groups if found in group):
            message = row["message"].replace(f"'{found}'", f"'{region}'")
            place = row["line"], row["column"], message
            if place not in seen:
                seen.add(place)
                yield {**row, "message": message, "regions": [region]}
