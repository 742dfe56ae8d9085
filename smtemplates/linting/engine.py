"""Run cfn-lint in this process.

Importing this module imports cfn-lint, so `lint` imports it only for a template whose findings are not in the cache.
"""

from __future__ import annotations

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

from smtemplates.aws.regions import no_such_region
from smtemplates.errors import UsageError
from smtemplates.linting.regions import equivalent, representatives
from smtemplates.linting.speedups import is_known, shared_answers

Row = dict[str, Any]

_TYPE_MISSING = re.compile(r"Resource type '[^']+' does not exist in '[a-z0-9-]+'")
_LIST_OF_REGIONS = re.compile(r"(?<= in )\[('[a-z0-9-]+'(, )?)+\]$")


def run(text: str, *, name: str, regions: Sequence[str], checks: Sequence[str]) -> list[Row]:
    """Return the findings of cfn-lint in `text`, sorted by line.

    One Region represents all Regions that cfn-lint treats alike for this template. If a finding does not show whether
    cfn-lint would also report it for the other Regions, the template is linted for every Region.

    Raises:
        UsageError: The text is not a template, or cfn-lint does not support a Region.
    """
    requested = requested_regions(regions)
    template = _decode(text, name)
    groups = equivalent(template, requested, _linter().rules.values())
    linted = representatives(groups)
    if len(linted) < len(requested):
        rows = _rows(_matches(template, linted, checks), requested)
        expanded = [_for_all_regions(row, groups, requested) for row in rows]
        if None not in expanded:
            return _with_values(template, _in_order(row for found in expanded for row in found or ()))
    return _with_values(template, _in_order(_rows(_matches(template, requested, checks), requested)))


def requested_regions(regions: Sequence[str]) -> list[str]:
    """Return the requested Regions without duplicates.

    Raises:
        UsageError: cfn-lint does not support one of them.
    """
    requested = list(dict.fromkeys(REGIONS if "ALL_REGIONS" in regions else regions))
    for region in requested:
        if region not in REGIONS:
            raise UsageError(no_such_region(region))
    return requested


def load() -> None:
    """Load cfn-lint's rules, and print a message if its modules are unknown, so that copies of this process do not."""
    _linter()
    is_known()


@cache
def _linter() -> Runner:
    """Load cfn-lint's rules, once in a process.

    The rules and their modules exist until the process ends. Freezing them prevents the garbage collector from
    scanning them repeatedly and at exit, which takes a quarter of a whole `cfn-lint` run.
    """
    linter = Runner(_config(["us-east-1"], ()))
    gc.freeze()
    return linter


class _Config(ConfigMixIn):
    """The options of cfn-lint, also for a template whose Metadata is not a mapping, with which cfn-lint would fail."""

    def set_template_args(self, template: Any) -> None:
        """Read the options in the Metadata of the template."""
        metadata = template.get("Metadata") if isinstance(template, dict) else None
        options = metadata.get("cfn-lint") if isinstance(metadata, dict) else None
        untyped: Any = super()
        untyped.set_template_args({"Metadata": {"cfn-lint": options}} if isinstance(options, dict) else {})


def _config(regions: list[str], checks: Sequence[str]) -> ConfigMixIn:
    """Return cfn-lint's options, without those of a .cfnlintrc file in the working or home directory."""
    return _Config(["--config-file", os.devnull], regions=regions, include_checks=list(checks))


def _decode(text: str, name: str) -> dict[str, Any]:
    template, problems = decode_str(text)
    if problems:
        first = problems[0]
        what = " ".join(first.message.split())
        raise UsageError(f"{name}:{first.linenumber}:{first.columnnumber}: this is not a valid template: {what}")
    if not isinstance(template, dict):
        raise UsageError(f"{name}: this is not a valid template: it must be a mapping with a Resources section.")
    return template


def _matches(template: dict[str, Any], regions: list[str], checks: Sequence[str]) -> list[Match]:
    try:
        with shared_answers():
            return list(run_template_by_data(template, _config(regions, checks), _linter().rules))
    except (AttributeError, LookupError, TypeError, ValueError, RecursionError) as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise UsageError(f"cfn-lint cannot read a value in the template and stopped with {reason}.") from error


def _rows(matches: Iterable[Match], requested: Sequence[str]) -> list[Row]:
    return [
        {
            "line": match.linenumber,
            "column": match.columnnumber,
            "end_line": match.linenumberend or 0,
            "end_column": match.columnnumberend or 0,
            "rule": match.rule.id,
            "severity": match.rule.severity,
            "message": match.message,
            "title": match.rule.shortdesc,
            "description": match.rule.description,
            "url": match.rule.source_url or "",
            "path": [part if isinstance(part, int) else str(part) for part in getattr(match, "path", ())],
            "regions": [region for region in requested if f"'{region}'" in match.message] if len(requested) > 1 else [],
        }
        for match in matches
    ]


def _for_all_regions(row: Row, groups: Sequence[Sequence[str]], requested: Sequence[str]) -> list[Row] | None:
    """Return the findings that cfn-lint would report for all Regions of the groups, or None if that is unpredictable.

    It is unpredictable for values that differ by Region: cfn-lint reports them only if they fail in every Region, and
    tries at most 512 of them.
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
        affected.sort(key=requested.index)
        return [{**row, "message": message[: listed.start()] + repr(affected), "regions": affected}]
    return None


def _in_order(rows: Iterable[Row]) -> list[Row]:
    unique = {(row["line"], row["rule"], row["column"], row["message"]): row for row in rows}
    return [unique[place] for place in sorted(unique)]


def _with_values(template: dict[str, Any], rows: Iterable[Row]) -> list[Row]:
    """Return rows with the value of a parameter that they are about. The messages of cfn-lint do not contain it."""
    return [{**row, "given": _value_at(template, row["path"])} for row in rows]


def _value_at(template: dict[str, Any], path: Sequence[str | int]) -> list[tuple[str, str]]:
    match path:
        case ["Parameters", str(name), "Default"]:
            value = template["Parameters"][name]["Default"]
        case ["Parameters", str(name), "AllowedValues", int(place)]:
            value = template["Parameters"][name]["AllowedValues"][place]
        case _:
            return []
    return [(name, str(value))]
