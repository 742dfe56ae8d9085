"""Compare the findings of smtemplates with those of the cfn-lint command on many templates."""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from _checkout import ROOT

from smtemplates.errors import UsageError
from smtemplates.linting.linter import lint

Places = Counter[tuple[str, int, int, str]]
"""Number of findings for each rule, line, column and message."""

SOURCE = "https://github.com/aws-cloudformation/cfn-lint"
FIXTURES = Path("test/fixtures/templates")
CRASHED = Counter({("cfn-lint crashes", 0, 0, ""): 1})
UNREADABLE = "E0000"  # the rule of cfn-lint for a text that is not a template
CANNOT_READ = {(UNREADABLE, 0, 0, ""): 1}
OMITTED = {
    "E3043"
}  # reads the templates of nested stacks from files next to the template; smtemplates lints only a text
TOGETHER = 50  # templates in one process of cfn-lint
LIMIT_SECONDS = 300
EXTENSIONS = {".yaml", ".yml", ".json", ".template"}

EPILOG = f"""\
examples:
  scripts/same_findings                                 templates/ and tests/
  scripts/same_findings --corpus                        also the templates of cfn-lint's tests, which git clones
  scripts/same_findings --corpus ../cfn-lint            the same from an existing clone of {SOURCE}
  scripts/same_findings --regions us-east-1,eu-west-1 x.yaml

exit codes: 0 same findings, 1 different findings, 2 bad input
"""


def main() -> int:
    """Compare all findings, and print each difference and the sum."""
    parser = argparse.ArgumentParser(
        prog="scripts/same_findings",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="template (default: templates/ and tests/)")
    parser.add_argument(
        "--corpus", nargs="?", const="", metavar="DIR", help="compare the templates of cfn-lint's tests"
    )
    parser.add_argument("--regions", default="us-east-1", metavar="R[,R]", help="Regions (default: us-east-1)")
    parser.add_argument(
        "--limit",
        type=int,
        default=LIMIT_SECONDS,
        metavar="N",
        help=f"leave out a template that takes longer, in seconds (default: {LIMIT_SECONDS})",
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = options.files or own_templates(Path(folder))
        if options.corpus is not None:
            files += _templates(_corpus(options.corpus, Path(folder)) / FIXTURES)
        regions = options.regions.split(",")
        expected = cfn_lint(files, regions, options.limit)
        compared, different, crashes = 0, 0, 0
        for file in files:
            if expected.get(file) == CRASHED:
                crashes += 1
                print(f"{file}: not compared, because cfn-lint crashes")
                continue
            found = smtemplates(file, regions, options.limit) if file in expected else None
            if found is None:
                print(f"{file}: not compared, because a linter took longer than {options.limit} seconds")
                continue
            lines = differences(expected[file], found)
            compared += 1
            different += bool(lines)
            for line in lines:
                print(f"{file}: {line}", flush=True)
    total = sum(found.total() for found in expected.values() if found != CRASHED)
    print(
        f"{compared} templates, {total} findings of cfn-lint: {different} templates with differences. "
        f"cfn-lint crashes for {crashes} others."
    )
    return int(bool(different))


def own_templates(folder: Path) -> list[Path]:
    """Return the templates of this repository. Each of those in tests/broken.yaml becomes a file in `folder`."""
    files = [*_templates(ROOT / "templates"), *_templates(ROOT / "tests" / "corpus")]
    for number, text in enumerate((ROOT / "tests" / "broken.yaml").read_text(encoding="utf-8").split("---\n")):
        files.append(folder / f"broken-{number}.yaml")
        files[-1].write_text(text, encoding="utf-8")
    return files


def cfn_lint(files: Sequence[Path], regions: Sequence[str], limit: int = LIMIT_SECONDS) -> dict[Path, Places]:
    """Return the findings of the cfn-lint command. The rest of the findings of an unreadable text is left out.

    A template for which cfn-lint takes longer than `limit` seconds is not a key of the result.
    """
    found: dict[Path, Places] = {}
    for start in range(0, len(files), TOGETHER):
        found.update(_together(files[start : start + TOGETHER], regions, limit))
    return {file: _comparable(places) for file, places in found.items()}


def _together(files: Sequence[Path], regions: Sequence[str], limit: int) -> dict[Path, Places]:
    """Return the findings of one process of cfn-lint. If a template stops or delays it, lint each half again."""
    command = [str(Path(sys.executable).with_name("cfn-lint")), "--config-file", os.devnull, "--format", "json"]
    options = ["--include-checks", "I", "--regions", *regions, "--"]
    try:
        done = subprocess.run([*command, *options, *map(str, files)], capture_output=True, check=False, timeout=limit)
        matches = json.loads(done.stdout)
    except (ValueError, subprocess.TimeoutExpired) as error:
        if len(files) == 1:
            if isinstance(error, subprocess.TimeoutExpired):
                return {}
            return {files[0]: CRASHED if b"Traceback" in done.stderr else Counter(CANNOT_READ)}
        middle = len(files) // 2
        return {**_together(files[:middle], regions, limit), **_together(files[middle:], regions, limit)}
    found: dict[Path, Places] = {file: Counter() for file in files}
    for match in matches:
        place = match["Location"]["Start"]
        key = (match["Rule"]["Id"], place["LineNumber"], place["ColumnNumber"], _ordered(match["Message"]))
        found[Path(match["Filename"])][key] += 1
    return found


def _comparable(places: Places) -> Places:
    if any(rule == UNREADABLE for rule, *_ in places):
        return Counter(CANNOT_READ)
    return Counter({place: count for place, count in places.items() if place[0] not in OMITTED})


class _TooSlow(BaseException):  # cfn-lint handles every Exception of a rule
    """The time for a template is over."""


def smtemplates(file: Path, regions: Sequence[str], limit: int = LIMIT_SECONDS) -> Places | None:
    """Return the findings of this package, or None if it takes longer than `limit` seconds."""

    def stop(*_: object) -> None:
        raise _TooSlow

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(limit)
    try:
        text = file.read_text(encoding="utf-8")
        findings = lint(text, name=str(file), regions=regions, cache=False)
    except (UsageError, UnicodeDecodeError):
        return Counter(CANNOT_READ)
    except _TooSlow:
        return None
    finally:
        signal.alarm(0)
    return Counter((one.rule, one.line, one.column, _ordered(one.message)) for one in findings)


def _ordered(message: str) -> str:
    """Return a message in which the items of sets are sorted: their order differs between two processes."""
    return re.sub(r"\{[^{}]*\}", lambda found: f"{{{', '.join(sorted(found[0][1:-1].split(', ')))}}}", message)


def differences(expected: Places, found: Places) -> list[str]:
    """Return a line for each finding that only one of the two reports."""
    sides: Mapping[str, Places] = {"only cfn-lint": expected - found, "only smtemplates": found - expected}
    return [
        f"{side}: {line}:{column}: {rule} {message}"
        for side, places in sides.items()
        for rule, line, column, message in sorted(places)
    ]


def _templates(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.suffix in EXTENSIONS and file.is_file())


def _corpus(folder: str, temporary: Path) -> Path:
    """Return a clone of the repository of cfn-lint: an existing folder, or a new clone of the installed version."""
    if folder:
        return Path(folder)
    version: Iterable[str] = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), "--version"], capture_output=True, text=True, check=True
    ).stdout.split()
    clone = temporary / "cfn-lint"
    words = ["git", "clone", "--quiet", "--depth", "1", "--branch", f"v{list(version)[-1]}", SOURCE, str(clone)]
    subprocess.run(words, check=True)
    return clone


if __name__ == "__main__":
    sys.exit(main())
