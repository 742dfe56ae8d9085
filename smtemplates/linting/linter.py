"""Lint the text of a template with all checks of cfn-lint, informational checks included.

Importing this module imports neither cfn-lint nor boto3. A template whose findings are cached does not need them.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from smtemplates.aws_data.regions import DEFAULT_REGIONS
from smtemplates.core.user_cache import own_directory

# Errors and warnings are always on. Experimental rules stay off: all three require a Metadata block with notes for AI
# tools in every resource.
CHECKS = ("I",)

Row = dict[str, Any]
"""One finding as plain values, without the name of the template."""

NOT_EVALUATED = "NOT_EVALUATED"
"""The rule of a finding about a part of the template that was not evaluated, so that it can have more findings."""

_NOT_EVALUATED = ": not evaluated: "  # between the subject and the reason, as in NotEvaluatedError

# The rule that reports a missing type once for each Region and place. Other rules list all Regions in one message.
_TYPE_MISSING = "E3006"

MOST_LISTED, FIRST_LISTED = 12, 5  # values of a list in a line of text, and those shown of a longer one
_LIST = re.compile(r"\['[^'\]]*'(?:, '[^'\]]*')+\]")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Store one finding of a rule of cfn-lint or of a policy file, with its place.

    `regions` are the Regions that the message names. They are empty for a message without Regions, or if one Region was
    requested. `given` are the parameter values that show the finding, if the default values do not show it. `source` is
    the Python file that built the subject of the finding, `source_line` the line of the construct's function in it, and
    `advice` a way to remove the finding other than a change. A caller who knows them sets them with
    `dataclasses.replace`. `title`, `description` and `url` document the rule. A number of 0 and an empty text mean that
    something is not known.
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
    source_line: int = 0
    advice: str = ""
    end_line: int = 0
    end_column: int = 0
    title: str = ""
    description: str = ""
    url: str = ""

    @property
    def evaluated(self) -> bool:
        """Return whether the finding is a violation of a rule, and not the report of a part that was not evaluated."""
        return self.rule != NOT_EVALUATED

    @property
    def subject(self) -> str:
        """Return the part of the template that was not evaluated, such as 'Condition HasSubnets', or ''."""
        return "" if self.evaluated else self.message.partition(_NOT_EVALUATED)[0]

    @property
    def reason(self) -> str:
        """Return why the subject was not evaluated, or ''."""
        return "" if self.evaluated else self.message.partition(_NOT_EVALUATED)[2]

    @property
    def logical(self) -> tuple[str, str] | None:
        """Return the section and the name of the subject, such as ('Resources', 'Notebook')."""
        section_and_name = 2
        if len(self.path) < section_and_name:
            return None
        return str(self.path[0]), str(self.path[1])

    @property
    def sentence(self) -> str:
        """Return the message, the parameter values and the Python file that built the subject."""
        return f"{self.message}{self._origin}"

    @property
    def _origin(self) -> str:
        given = f" [{' '.join(f'{name}={value}' for name, value in self.given)}]" if self.given else ""
        built_by = "; ".join(text for text in (self.source, self.advice) if text)
        return f"{given}{f' ({built_by})' if built_by else ''}"

    def __str__(self) -> str:
        """Return one line: place, rule, message, parameter values and the Python file that built the subject.

        A list of more than 12 values in the message is shortened, for example the instance types of a service.
        """
        return f"{self.file}:{self.line}:{self.column}: {self.rule} {_short(self.message)}{self._origin}"


@dataclass(kw_only=True, eq=False)
class Check:
    """One check of one template. `run` returns its findings as rows, which can be stored in the file `entry`."""

    name: str
    entry: Path | None
    run: Callable[[], list[Row]]

    @cached_property
    def stored(self) -> list[Row] | None:
        """The findings of an earlier check of the same text, or None."""
        if not self.entry:
            return None
        from smtemplates.linting import cache  # noqa: PLC0415  its hashlib takes 3 MiB

        return cache.read(self.entry)

    def findings(self, run: Callable[[Check], list[Row]] | None = None) -> list[Finding]:
        """Return the stored findings, or run the check, if given with the function `run`, and store its findings."""
        rows = self.stored
        if rows is None:
            rows = run(self) if run else self.run()
            if self.entry:
                from smtemplates.linting import cache  # noqa: PLC0415  its hashlib takes 3 MiB

                cache.write(self.entry, rows)
        return [Finding(**{**row, **_tuples(row)}, file=self.name) for row in rows]


def lint(
    text: str,
    *,
    name: str = "template.yaml",
    regions: Sequence[str] = DEFAULT_REGIONS,
    cache: bool | Path = True,
) -> list[Finding]:
    """Return the findings of `cfn-lint --include-checks I --regions ...` in a template, sorted by line.

    An unchanged template is not linted again. Its findings are read from `cache`, which is a directory or, if True, the
    user's cache directory. A .cfnlintrc file is ignored, so that the findings are the same on every machine.
    Suppressions in the template's Metadata apply.

    Raises:
        UsageError: The text is not a template, or cfn-lint does not support a Region.
    """
    return lint_check(text, name=name, regions=regions, cache=cache).findings()


def lint_check(text: str, *, name: str, regions: Sequence[str], cache: bool | Path) -> Check:
    """Return the check of `lint`."""

    def run() -> list[Row]:
        with collecting_rarely():
            from smtemplates.linting import engine  # noqa: PLC0415  it imports cfn-lint, a fifth of a run

            return engine.run(text, name=name, regions=regions, checks=CHECKS)

    return Check(name=name, entry=entry_for(text, (regions, CHECKS), cache=cache), run=run)


def load_linter() -> None:
    """Load cfn-lint before `lint`, so that child processes share it."""
    with collecting_rarely():
        from smtemplates.linting import engine  # noqa: PLC0415  it imports cfn-lint

        engine.load()


def entry_for(
    text: str, options: Sequence[Sequence[str]], implementation: Sequence[Path] | None = None, *, cache: bool | Path
) -> Path | None:
    """Return the file for the findings in a text. `cache` is as for `lint`, and the rest is as for `cache.key`."""
    directory = own_directory() if cache is True else cache or None
    if not directory:
        return None
    from smtemplates.linting import cache as linter_cache  # noqa: PLC0415  its hashlib takes 3 MiB

    return directory / f"{linter_cache.key(text, options, implementation)}.json"


def _tuples(row: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
    """Return the values of a row that JSON stores as arrays."""
    given = tuple((parameter, value) for parameter, value in row.get("given", ()))
    return {"path": tuple(row["path"]), "regions": tuple(row.get("regions", ())), "given": given}


def _short(message: str) -> str:
    """Return a message in which long lists are shortened to their first values and the number of the others."""
    return _LIST.sub(lambda found: _shortened(found[0]), message)


def _shortened(listed: str) -> str:
    values = listed[1:-1].split(", ")
    if len(values) <= MOST_LISTED:
        return listed
    return f"[{', '.join(values[:FIRST_LISTED])} and {len(values) - FIRST_LISTED} more]"


def grouped(findings: Iterable[Finding], *, each_line: bool = False) -> list[Finding]:
    """Combine the findings about one missing type, with all its Regions and all its lines in the file.

    Each line remains a finding with `each_line`. It does so also without a `source`, because the user then fixes each
    line of the template.
    """
    groups: dict[Hashable, list[Finding]] = {}
    for finding in findings:
        what, _, _ = finding.message.rpartition(" in ")
        place = (finding.line, finding.column) if each_line or not finding.source else finding.source
        groups.setdefault((what, finding.file, place) if finding.rule == _TYPE_MISSING else finding, []).append(finding)
    return [_joined(found) for found in groups.values()]


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
    """Run Python's garbage collector less often, because a linter creates millions of small objects.

    Turning it off took twice the memory for one Region and thirty times the memory for all Regions. It saved no time.
    """
    before = gc.get_threshold()
    gc.set_threshold(10_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
