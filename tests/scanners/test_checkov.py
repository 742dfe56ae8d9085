"""Tests with checkov. It has its own environment, because its pinned dependencies conflict with the others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scanners import reports, stacks
from scanners.table import Report, problems
from smtemplates.evaluate import Stack

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
import venvs

pytestmark = pytest.mark.slow


def scan(folder: Path, templates: list[dict[str, Any]]) -> dict[str, list[tuple[int, str, str]]]:
    """Return the checks that passed and failed: the index of the template, the check and the resource."""
    for number, template in enumerate(templates):
        checked = {"Resources": template["Resources"]}  # the outputs take time and have no checks
        (folder / f"{number}.json").write_text(json.dumps(checked, indent=1), encoding="utf-8")
    command = [str(venvs.prepare("checkov")), "-m", "checkov.main", "--directory", str(folder)]
    options = ["--framework", "cloudformation", "--skip-download", "--output", "json", "--compact"]
    # checkov runs offline
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "HTTPS_PROXY": "http://127.0.0.1:9"}
    done = subprocess.run([*command, *options], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    report = json.loads(done.stdout)
    assert report["summary"]["parsing_errors"] == 0
    return {
        result: [
            (int(Path(one["file_path"]).stem), one["check_id"], one["resource"].split(".")[-1])
            for one in report["results"][f"{result}_checks"]
        ]
        for result in ("passed", "failed")
    }


def test_every_stack_passes_checkov(template: dict[str, Any], tmp_path: Path, cache: pytest.Cache) -> None:
    """Every form of every resource passes every check, except for accepted findings.

    References between resources are not resolved, because some checks follow them.
    """
    cases = stacks.cases(template)
    resolved = [Stack(*case) for case in cases]
    templates = [*(stack.template() for stack in resolved), stacks.with_public_bucket(template)]
    report = reports.report(cache, "checkov", "checkov.txt", json.dumps(templates), lambda: scan(tmp_path, templates))
    violations = [
        Report(check, resource, cases[index][1], resolved[index].parameters)
        for index, check, resource in report["failed"]
        if index < len(cases)
    ]
    checked = {check for _, check, _ in (*report["passed"], *report["failed"])}
    assert problems({"checkov"}, checked, violations) == []
    public = (len(cases), "CKV_AWS_53", "InputBucket")
    assert public in [tuple(each) for each in report["failed"]]
