"""Measure how the CPU time of each operation grows with the size of a template."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from benching.deploy import STAGING, cloud
from benching.measure import ROOT, Command, run
from benching.synthetic import FEW, SIZES, synthetic
from benching.tools import user_python

OPERATIONS = ("render", "cfn-lint", "lint", "policy", "evaluate", "specialize", "explore")
TARGET = 1.2
RUNS = 3  # of which the fastest counts

PAGE = """\
# Speed for templates of different sizes

`scripts/bench --growth` measured this table, in CPU seconds on one machine. The templates are synthetic: buckets,
roles, topics, queues and log groups with conditions, references and `Fn::Sub`. 100 resources have 40 parameters and 40
conditions, and so on. The last column is the time for each resource of the largest template, divided by that of the
smallest template: 1.0 is linear growth. The target is at most {target}, or the growth of cfn-lint for lint.

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
    few, *_, many = SIZES
    table = PAGE.format(
        target=TARGET, sizes=" | ".join(f"{size} resources" for size in SIZES), columns="---|" * len(SIZES)
    )
    met, slower = True, TARGET
    for operation in [*OPERATIONS, "plan"]:
        seconds = _plans(folder) if operation == "plan" else _in_process(operation)
        growth = seconds[many] / many / (seconds[few] / few)
        if operation == "cfn-lint":
            slower = max(TARGET, growth)
        else:
            met = met and growth <= (slower if operation == "lint" else TARGET)
        table += f"| {operation} | {' | '.join(f'{seconds[size]:.3f}' for size in SIZES)} | {growth:.2f} |\n"
        print(f"{operation}: {growth:.2f}", file=sys.stderr)
    return table, met
