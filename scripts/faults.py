"""Apply each deliberate fault of tests/faults to a copy of the tree, and check that the tests notice it."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

import tomli

ROOT = Path(__file__).resolve().parent.parent
TABLES = ROOT / "tests" / "faults"

FAILED = 1  # the exit code of pytest if a test fails
MOST_SECONDS = 120  # of processor time, also if the machine does other work: a fault can cause an endless loop
MOST_SECONDS_WAITING = 1800  # a fault can also cause an endless wait
NOT_IMPORTED = "ERROR collecting"  # in its output if the tests cannot be imported, which is also noticed

EPILOG = """\
examples:
  scripts/faults                       all faults (several minutes)
  scripts/faults specializing -k rules the faults of one table in files whose path contains a word

exit codes: 0 all faults are noticed, 1 a fault is not noticed, 2 bad input
"""


@dataclass(frozen=True)
class Fault:
    """A fault: `old` occurs once in the file, and is replaced by `new`. `tests` are the tests that should notice it."""

    file: str
    old: str
    new: str
    tests: tuple[str, ...]


def tables() -> dict[str, list[Fault]]:
    """Return the faults of each file in tests/faults."""
    return {path.stem: _read(path) for path in sorted(TABLES.glob("*.toml"))}


def _read(path: Path) -> list[Fault]:
    table = tomli.loads(path.read_text(encoding="utf-8"))
    common = tuple(table.get("tests", ()))
    return [Fault(**{**row, "tests": (*common, *row.get("tests", ()))}) for row in table["fault"]]


def main() -> int:
    """Apply the selected faults, and print a line for each that is not noticed, and the sum."""
    known = tables()
    parser = argparse.ArgumentParser(
        prog="scripts/faults", description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"{', '.join(known)} (default: all)")
    parser.add_argument("-k", default="", metavar="WORD", help="only faults whose file contains this word")
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="copies of the tree")
    options = parser.parse_args()
    if wrong := [name for name in options.tables if name not in known]:
        parser.error(f"There is no table {wrong[0]}. Choose from {', '.join(known)}.")
    found = [one for name in options.tables or known for one in known[name] if options.k in one.file]
    with tempfile.TemporaryDirectory() as folder:
        copies = [_copy(Path(folder) / str(number)) for number in range(max(1, options.jobs))]
        done = _done(sorted({test for fault in found for test in fault.tests}), copies[0])
        if done.returncode:
            parser.error(f"The tests fail without a fault. Repair them first.\n{done.stdout[-2000:]}")
        noticed = _run(found, copies)
    unnoticed = noticed.count(False)
    print(f"{len(found)} faults, {unnoticed} not noticed")
    return int(bool(unnoticed))


def _copy(folder: Path) -> Path:
    """Copy the files of the tree that git knows or could add, with a link to the environments."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    return folder


def _run(found: Sequence[Fault], folders: Sequence[Path]) -> list[bool]:
    """Return for each fault whether it is noticed. Each folder contains one fault at a time."""
    free: SimpleQueue[Path] = SimpleQueue()
    for folder in folders:
        free.put(folder)

    def run(fault: Fault) -> bool:
        folder = free.get()
        try:
            return _is_noticed(fault, folder)
        finally:
            free.put(folder)

    with ThreadPoolExecutor(len(folders)) as pool:
        results = []
        for fault, is_noticed in zip(found, pool.map(run, found), strict=True):
            results.append(is_noticed)
            print(
                f"{'noticed' if is_noticed else 'NOT NOTICED'}: {fault.file}: {fault.old!r} -> {fault.new!r}",
                flush=True,
            )
    return results


def _is_noticed(fault: Fault, folder: Path) -> bool:
    """Apply a fault to a copy of the tree, run its tests, and remove the fault again."""
    path = folder / fault.file
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(fault.old, fault.new), encoding="utf-8")
    try:
        return _fails(fault.tests, folder)
    finally:
        path.write_text(text, encoding="utf-8")


def _fails(tests: Sequence[str], folder: Path) -> bool:
    """Run tests, and return whether one fails or does not end.

    Raises:
        SystemExit: The tests could not be run.
    """
    try:
        done = _done(tests, folder, "ulimit -t $0 && ", timeout=MOST_SECONDS_WAITING)
    except subprocess.TimeoutExpired:
        return True
    if done.returncode > FAILED and NOT_IMPORTED not in done.stdout:
        raise SystemExit(f"The tests could not be run:\n{done.stdout}{done.stderr}")
    return done.returncode != 0


def _done(
    tests: Sequence[str], folder: Path, limit: str = "", timeout: float | None = None
) -> subprocess.CompletedProcess[str]:
    """Run tests to their first failure. A signal ends them when they exceed a limit of the shell."""
    words = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    return subprocess.run(
        ["/bin/bash", "-c", f'{limit}exec "$@"', str(MOST_SECONDS), *words],
        cwd=folder,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )


if __name__ == "__main__":
    sys.exit(main())
