"""Test the template "company": run `python -m pytest` in the folder of the project."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from smtemplates.evaluate import Stack

RENDER = ["render", "company", "--no-lint", "--format", "json", "-o", "-"]
PARAMETERS = {
    "ProjectName",
    "Environment",
    "CreateNotebook",
    "NotebookInstanceType",
    "NotebookIdleMinutes",
    "AlarmTopicArn",
}


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    """Return the template as smtemplates.toml describes it."""
    command = [sys.executable, "-m", "smtemplates", *RENDER]
    rendered: dict[str, Any] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return rendered


def test_users_enter_these_parameters(template: dict[str, Any]) -> None:
    """Users of the template see these parameters, and no other one."""
    assert set(template["Parameters"]) == PARAMETERS


def test_images_are_scanned_and_retained(template: dict[str, Any]) -> None:
    """The repository scans images and does not replace tags. It is retained when the stack is deleted."""
    repository = Stack(template, {"ProjectName": "churn"}).resources["ImageRepository"]
    properties = repository["Properties"]
    assert properties["ImageScanningConfiguration"] == {"ScanOnPush": True}
    assert properties["ImageTagMutability"] == "IMMUTABLE"
    assert (repository["DeletionPolicy"], repository["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert {"Key": "Project", "Value": "churn"} in properties["Tags"]
