"""checkov, in an environment of its own: it pins what would not fit beside the rest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from scanners import stacks
from scanners.waivers import Finding, complaints
from smtemplates.evaluate import Stack

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
import venvs


def scanned(folder: Path) -> dict[str, Any]:
    """Scan every template in a folder, offline."""
    words = [str(venvs.prepare("checkov")), "-m", "checkov.main", "--directory", str(folder)]
    options = ["--framework", "cloudformation", "--skip-download", "--output", "json", "--compact", "--quiet"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "HTTPS_PROXY": "http://127.0.0.1:9"}
    done = subprocess.run([*words, *options], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def test_checkov_lets_each_stack_pass(template: dict[str, Any], tmp_path: Path) -> None:
    """Each resource in each of its forms passes every check, but for what a waiver explains.

    References between resources stay: some checks follow them.
    """
    cases = stacks.cases(template)
    resolved = {f"/{place}.json": Stack(*case) for place, case in enumerate(cases)}
    for name, stack in resolved.items():
        (tmp_path / name[1:]).write_text(json.dumps(stack.template(), indent=1), encoding="utf-8")
    (tmp_path / "broken.json").write_text(json.dumps(stacks.broken(template), indent=1), encoding="utf-8")
    report = scanned(tmp_path)
    assert report["summary"]["parsing_errors"] == 0
    failed = {
        (one["file_path"], one["check_id"], one["resource"].split(".")[-1])
        for one in report["results"]["failed_checks"]
    }
    findings = [
        Finding(rule, resource, cases[list(resolved).index(path)][1], resolved[path].parameters)
        for path, rule, resource in sorted(failed)
        if path in resolved
    ]
    assert complaints("checkov", findings) == []
    assert ("/broken.json", "CKV_AWS_53", "InputBucket") in failed
