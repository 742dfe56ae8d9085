"""Test the template "company": run `python -m pytest` in the folder of the project."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from smtemplates.evaluate import Stack

RENDER = ["render", "company", "--no-lint", "--format", "json", "-o", "-"]
FIELDS = {
    "ProjectName",
    "Environment",
    "CreateNotebook",
    "NotebookInstanceType",
    "NotebookIdleMinutes",
    "AlarmEmail",
}


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    """Return the template as smtemplates.toml describes it."""
    command = [sys.executable, "-m", "smtemplates", *RENDER]
    rendered: dict[str, Any] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return rendered


def test_teams_enter_these_fields(template: dict[str, Any]) -> None:
    """Teams see these parameters, and no other one."""
    assert set(template["Parameters"]) == FIELDS


def test_teams_cannot_change_permissions(template: dict[str, Any]) -> None:
    """Each role has the boundary of the company, and no role has full access to SageMaker."""
    resources = Stack(template, {"ProjectName": "churn", "CreateNotebook": "true"}).resources
    roles = [body["Properties"] for body in resources.values() if body["Type"] == "AWS::IAM::Role"]
    assert roles
    assert all(role["PermissionsBoundary"].endswith(":policy/SageMakerWorkspaceLaunchBoundary") for role in roles)
    assert not any("AmazonSageMakerFullAccess" in str(role) for role in roles)
