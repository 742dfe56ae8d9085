"""Run cfn-lint in this process; importing this module imports cfn-lint, so only `lint` does, and only when it must."""

from __future__ import annotations

import difflib
import gc
import os
import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from cfnlint.config import ConfigMixIn
from cfnlint.decode.decode import decode_str
from cfnlint.helpers import REGIONS
from cfnlint.match import Match
from cfnlint.runner import Runner, run_template_by_data

from smtemplates.errors import UsageError
from smtemplates.linting.regions import alike, representatives

Row = dict[str, Any]

_TYPE_MISSING = re.compile(r"Resource type '[^']+' does not exist in '[a-z0-9-]+'")
_LIST_OF_REGIONS = re.compile(r"(?<= in )\[('[a-z0-9-]+'(, )?)+\]$")


def run(text: str, *, name: str, regions: Sequence[str], checks: Sequence[str]) -> list[Row]:
    """Return what cfn-lint finds in `text`, by line.

    Of Regions that it cannot tell apart for this template, one is linted for all. Where that finds something of which
    only asking about each can tell whether cfn-lint would report it, each is asked about.

    Raises:
        UsageError: The text is no template, or cfn-lint does not know a Region.
    """
    asked = known(regions)
    template = _decode(text, name)
    groups = alike(template, asked, _linter().rules.values())
    tried = representatives(groups)
    if len(tried) < len(asked):
        spread = [_everywhere(row, groups, asked) for row in _rows(_matches(template, tried, checks), asked)]
        if None not in spread:
            return _in_order(row for rows in spread for row in rows or ())
    return _in_order(_rows(_matches(template, asked, checks), asked))


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

    They, and the modules behind them, live as long as the process does. Freezing keeps the garbage collector from
    walking them again and again, at exit too, which is a quarter of a whole `cfn-lint` run.
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


def _matches(template: dict[str, Any], regions: list[str], checks: Sequence[str]) -> list[Match]:
    return list(run_template_by_data(template, _config(regions, checks), _linter().rules))


def _rows(matches: Iterable[Match], asked: Sequence[str]) -> list[Row]:
    return [
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


def _everywhere(row: Row, groups: Sequence[Sequence[str]], asked: Sequence[str]) -> list[Row] | None:
    """Return what was found in some Regions of the groups in the words cfn-lint has for all; nothing if unforeseeable.

    That is the case for values which differ by Region: cfn-lint reports those only if they fail in every Region, and
    tries 512 of them at most.
    """
    message = row["message"]
    if "is resolved" in message or "Fn::FindInMap" in row["path"]:
        return None
    if not row["regions"]:
        return [row]
    affected = [region for group in groups if set(group) & set(row["regions"]) for region in group]
    if _TYPE_MISSING.fullmatch(message):
        (found,) = row["regions"]
        return [
            {**row, "message": message.replace(f"'{found}'", f"'{region}'"), "regions": [region]} for region in affected
        ]
    if listed := _LIST_OF_REGIONS.search(message):
        affected.sort(key=asked.index)
        return [{**row, "message": message[: listed.start()] + repr(affected), "regions": affected}]
    return None


def _in_order(rows: Iterable[Row]) -> list[Row]:
    unique = {(row["line"], row["rule"], row["column"], row["message"]): row for row in rows}
    return [unique[place] for place in sorted(unique)]
