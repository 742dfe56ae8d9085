"""Compare the speed and the memory of commands with that of similar commands of other tools."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from benching import NotMeasuredError, deploy, fresh, growth, render
from benching.measure import Figure, Row, measure
from benching.tests import Comparison

QUICK_PAIRS = 1

EPILOG = """\
examples:
  scripts/bench                            all rows, five pairs each, and all tests once (two hours)
  scripts/bench render again               two rows
  scripts/bench --quick 'render*'          one pair for each of several rows
  scripts/bench -n 15 no-lint              more pairs, for a more precise ratio
  scripts/bench --sample 10 'tests*'       the tests of every tenth file, for a rough figure
  scripts/bench --growth                   the growth with the size of a template (15 minutes)

exit codes: 0 all targets met, 1 a target missed or not measured, 2 bad input
"""


def main() -> int:
    """Measure the selected rows, and print one line for each."""
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rows", nargs="*", metavar="ROW", help="row, or a pattern of rows (default: all)")
    pairs = parser.add_mutually_exclusive_group()
    pairs.add_argument("-n", "--pairs", type=int, default=5, metavar="N", help="pairs for each row (default: 5)")
    pairs.add_argument("--quick", action="store_true", help="one pair for each row, for a rough figure")
    parser.add_argument(
        "--sample", type=int, default=1, metavar="N", help="run the tests of every N-th file in the rows of tests"
    )
    parser.add_argument(
        "--test-files",
        nargs="+",
        default=["tests/*"],
        metavar="PATTERN",
        help="run the tests of matching files in the rows of tests (default: tests/*)",
    )
    parser.add_argument("--list", action="store_true", help="print the rows and their targets, and measure nothing")
    parser.add_argument(
        "--growth", action="store_true", help="measure how the time grows with a template, and print a table"
    )
    options = parser.parse_args()
    if options.growth:
        with tempfile.TemporaryDirectory() as folder:
            text, grows_linearly = growth.page(Path(folder))
        print(text, end="")
        return int(not grows_linearly)
    if min(options.pairs, options.sample) < 1:
        parser.error("-n and --sample must be at least 1.")
    known = (*render.ROWS, *deploy.ROWS, *fresh.ROWS, *Comparison(options.test_files, options.sample).rows())
    rows = [row for row in known if not options.rows or _selects(options.rows, row)]
    if unknown := [word for word in options.rows if not any(_selects([word], row) for row in rows)]:
        parser.error(f"There is no row {unknown[0]}. Choose from {', '.join(row.name for row in known)}.")
    print(f"{'row':<18} {'figure':>8} {'target':>7} {'aim':>6}  {'first':>8} {'second':>8} {'start':>8}")
    if options.list:
        for row in rows:
            print(f"{row.name:<18} {'':>8} {row.target:>7g} {_number(row.aim):>6}  {row.measure.value}")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        met = [_print(row, QUICK_PAIRS if options.quick else options.pairs, Path(folder)) for row in rows]
    return int(not all(met))


def _selects(words: Sequence[str], row: Row) -> bool:
    return any(fnmatchcase(row.name, word) for word in words)


def _print(row: Row, pairs: int, folder: Path) -> bool:
    """Measure a row, print its line, and return whether its target is met."""
    try:
        figure = measure(row, pairs, folder)
    except NotMeasuredError as reason:
        print(f"{row.name:<18} not measured: {reason}", flush=True)
        return False
    print(_line(figure), flush=True)
    if row.remark:
        print(f"{'':<18} {row.remark()}", flush=True)
    return figure.met


def _line(figure: Figure) -> str:
    row = figure.row
    values = [f"{value:.2f}" for value in figure.values]
    if not row.reference:
        values.insert(1, "")
    first, second, start = (*values, "", "")[:3]
    return (
        f"{row.name:<18} {figure.value:>8.3f} {row.target:>7g} {_number(row.aim):>6}  "
        f"{first:>8} {second:>8} {start:>8}  {row.measure.value:<6}  {figure.verdict:<6}  {' / '.join(figure.titles)}"
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


if __name__ == "__main__":
    sys.exit(main())
