"""Tests with checkov. It has its own environment, because its pinned dependencies conflict with the others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scanners import stacks
from scanners.table import Report, problems
from smtemplates.evaluate import Stack

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
import venvs

pytestmark = pytest.mark.slow


def scan(folder: Path) -> dict[str, Any]:
    """Return the report on all templates in a folder. checkov runs offline."""
    command = [str(venvs.prepare("checkov")), "-m", "checkov.main", "--directory", str(folder)]
    options = ["--framework", "cloudformation", "--skip-download", "--output", "json", "--compact"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "HTTPS_PROXY": "http://127.0.0.1:9"}
    done = subprocess.run([*command, *options], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def test_every_stack_passes_checkov(template: dict[str, Any], tmp_path: Path) -> None:
    """Every form of every resource passes every check, except for accepted findings.

    References between resources are not resolved, because some checks follow them.
    """
    cases = stacks.cases(template)
    resolved = {f"/{number}.json": Stack(*case) for number, case in enumerate(cases)}
    for name, stack in resolved.items():
        (tmp_path / name[1:]).write_text(json.dumps(stack.template(), indent=1), encoding="utf-8")
    (tmp_path / "public.json").write_text(json.dumps(stacks.with_public_bucket(template), indent=1), encoding="utf-8")
    report = scan(tmp_path)
    assert report["summary"]["parsing_errors"] == 0
    passed, failed = (
        {(one["file_path"], one["check_id"], one["resource"].split(".")[-1]) for one in report["results"][result]}
        for result in ("passed_checks", "failed_checks")
    )
    reports = [
        Report(rule, resource, cases[list(resolved).index(path)][1], resolved[path].parameters)
        for path, rule, resource in sorted(failed)
        if path in resolved
    ]
    checked = {rule for _, rule, _ in passed | failed}
    assert problems({"checkov"}, checked, reports) == []
    assert ("/public.json", "CKV_AWS_53", "InputBucket") in failed
