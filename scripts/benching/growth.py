"""Measure how the CPU time of each operation grows with the size of a template."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from benching.deploy import STAGING, cloud
from benching.measure import ROOT, Command, run
from benching.synthetic import FEW, SIZES, synthetic
from benching.tools import user_python

CFN_LINT = "cfn-lint"
OPERATIONS = ("render", CFN_LINT, "lint", "policy", "evaluate", "specialize", "explore")
TARGET = 1.2
RUNS = 12  # of a plan, of which the fastest counts

PAGE = """\
# Speed for templates of different sizes

`scripts/bench --growth` measured this table. To measure it again, run the command and write its output into this file.
The templates are synthetic: buckets, roles, topics, queues and log groups with conditions, references and `Fn::Sub`.
100 resources have 40 parameters and 40 conditions, 200 resources have 80, and 400 resources have 160.

The CPU time is a percentage of the time of cfn-lint for the same template. The last column is the time for each
resource of the largest template, divided by that of the smallest template: 1.0 is linear growth. The target is at most
{target}. For lint, the target is the growth of cfn-lint, if that is more. The time of plan is the time beyond that of a
plan for 10 resources.

| operation | {sizes} | growth |
|---|{columns}---|
"""


def _in_process(operation: str) -> dict[int, float]:
    words = [user_python(), "-m", "benching.operations", operation]
    done = subprocess.run(
        words, cwd=ROOT / "scripts", env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True
    )
    return {int(size): seconds for size, seconds in json.loads(done.stdout.splitlines()[-1]).items()}


def _plans(folder: Path) -> dict[int, float]:
    """Return the CPU seconds of plans on the local cloud beyond those of a plan for the small template."""
    seconds = {}
    for size in (FEW, *SIZES.items()):
        file = folder / f"synthetic-{size[0]}.json"
        file.write_text(json.dumps(synthetic(*size)), encoding="utf-8")
        options = ["plan", f"bench-{size[0]}", "--template", str(file), "--staging-bucket", STAGING]
        words = [sys.executable, str(ROOT / "scripts" / "deploy.py"), *options]
        command = Command("deploy.py plan", words, environment=cloud())
        seconds[size[0]] = min(run(command).cpu for _ in range(RUNS))
    return {size: seconds[size] - seconds[FEW[0]] for size in SIZES}


def page(folder: Path) -> tuple[str, bool]:
    """Return a page with the table, and whether all operations except cfn-lint meet the target."""
    measured: dict[str, dict[int, float]] = {}
    for operation in [*OPERATIONS, "plan"]:
        measured[operation] = _plans(folder) if operation == "plan" else _in_process(operation)
        print(f"{operation}: {growth(measured[operation]):.2f}", file=sys.stderr)
    of_cfn_lint = max(TARGET, growth(measured[CFN_LINT]))
    met = all(
        growth(seconds) <= (of_cfn_lint if operation == "lint" else TARGET)
        for operation, seconds in measured.items()
        if operation != CFN_LINT
    )
    return table(measured), met


def growth(seconds: Mapping[int, float]) -> float:
    """Return the time for each resource of the largest template, divided by that of the smallest template."""
    few, *_, many = SIZES
    return seconds[many] / many / (seconds[few] / few)


def table(measured: Mapping[str, Mapping[int, float]]) -> str:
    """Return the page. `measured` are the CPU seconds of each operation by the number of resources."""
    text = PAGE.format(
        target=TARGET, sizes=" | ".join(f"{size} resources" for size in SIZES), columns="---|" * len(SIZES)
    )
    for operation, seconds in measured.items():
        shares = [f"{100 * seconds[size] / measured[CFN_LINT][size]:.2g}" for size in SIZES]
        text += f"| {operation} | {' | '.join(f'{share} %' for share in shares)} | {growth(seconds):.2f} |\n"
    return text
