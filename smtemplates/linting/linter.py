"""Lint a template's text with cfn-lint, every check down to informational.

Importing this module imports neither cfn-lint nor boto3; a template that was linted before needs neither.
"""

from __future__ import annotations

import gc
from collections.abc import Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from smtemplates.aws_data.regions import DEFAULT_REGIONS

# Errors and warnings are always on. Experimental rules stay off: all three ask for one vendor-neutral Metadata block of
# notes for AI tools, in every resource.
CHECKS = ("I",)

# The rule that finds one type missing in one Region at one place; others name all their Regions at once.
_TYPE_MISSING = "E3006"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Say what one rule of cfn-lint or of a policy found, and where.

    `regions` are those that the message names, and empty where it names none or one Region was asked for. `given` are
    the parameter values that show it, where the defaults do not. `source` is the Python file that built what the
    finding is about, for a caller who knows it (`dataclasses.replace`).
    """

    file: str
    line: int
    column: int
    rule: str
    severity: str
    message: str
    path: tuple[str | int, ...] = ()
    regions: tuple[str, ...] = ()
    given: tuple[tuple[str, str], ...] = ()
    source: str = ""

    @property
    def logical(self) -> tuple[str, str] | None:
        """Return the section and the name of what this is about, such as ('Resources', 'Notebook')."""
        section_and_name = 2
        if len(self.path) < section_and_name:
            return None
        return str(self.path[0]), str(self.path[1])

    def __str__(self) -> str:
        """Return one line: where, which rule, what, with which parameter values, and the file that built it."""
        given = f" [{' '.join(f'{name}={value}' for name, value in self.given)}]" if self.given else ""
        built_by = f" ({self.source})" if self.source else ""
        return f"{self.file}:{self.line}:{self.column}: {self.rule} {self.message}{given}{built_by}"


def lint(
    text: str,
    *,
    name: str = "template.yaml",
    regions: Sequence[str] = DEFAULT_REGIONS,
    cache: bool | Path = True,
) -> list[Finding]:
    """Return what `cfn-lint --include-checks I --regions ...` finds in a template, by line.

    An unchanged template is not linted again: its findings are read back from `cache`, a directory, or the user's own
    cache directory (`True`). A .cfnlintrc is not read, so that a verdict is the same on every machine; waivers in the
    template's Metadata count.

    Raises:
        UsageError: The text is no template, or cfn-lint does not know a Region.
    """
    from smtemplates.linting import cache as linter_cache  # noqa: PLC0415  its hashlib takes 3 MiB

    directory = linter_cache.directory() if cache is True else cache or None
    entry = directory / f"{linter_cache.key(text, (regions, CHECKS))}.json" if directory else None
    rows = linter_cache.read(entry) if entry else None
    if rows is None:
        with collecting_rarely():
            from smtemplates.linting import engine  # noqa: PLC0415  it imports cfn-lint, a fifth of a run

            rows = engine.run(text, name=name, regions=regions, checks=CHECKS)
        if entry:
            linter_cache.write(entry, rows)
    return [Finding(**{**row, "path": tuple(row["path"]), "regions": tuple(row["regions"])}, file=name) for row in rows]


def gathered(findings: Iterable[Finding]) -> list[Finding]:
    """Say once in which Regions a type is missing; and once for all places, where one `source` is to be mended."""
    alike: dict[Hashable, list[Finding]] = {}
    for finding in findings:
        what, _, _ = finding.message.rpartition(" in ")
        place = finding.source or (finding.line, finding.column)
        alike.setdefault((what, finding.file, place) if finding.rule == _TYPE_MISSING else finding, []).append(finding)
    return [_joined(found) for found in alike.values()]


def _joined(found: Sequence[Finding]) -> Finding:
    first, *others = found
    if not others:
        return first
    what, _, region = first.message.rpartition(" in ")
    regions = tuple(dict.fromkeys(region for one in found for region in one.regions))
    lines = dict.fromkeys(one.line for one in others if one.line != first.line)
    message = f"{what} in {list(regions) if len(regions) > 1 else region}"
    if lines:
        message += f"; also at line{'s' * (len(lines) > 1)} {', '.join(map(str, lines))}"
    return replace(first, message=message, regions=regions)


@contextmanager
def collecting_rarely() -> Iterator[None]:
    """Run Python's garbage collector rarely: a linter makes millions of small objects.

    Not never: that took twice the memory for one Region, thirty times for all, and was no faster.
    """
    before = gc.get_threshold()
    gc.set_threshold(10_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
