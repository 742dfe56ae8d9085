"""The example of docs/reference/configuration-file.md works."""

from __future__ import annotations

import re
from pathlib import Path

from config.conftest import Write
from smtemplates.config.check import check
from smtemplates.config.templates import resolve

TEXT = (Path(__file__).parents[2] / "docs" / "reference" / "configuration-file.md").read_text(encoding="utf-8")


def test_the_example_is_a_project_without_problems(write: Write) -> None:
    """The file, the construct and the policy of the page work together."""
    blocks = dict(re.findall(r"`([\w/.]+)`:\n\n```\w+\n(.*?)```", TEXT, re.DOTALL))
    project = write(blocks.pop("smtemplates.toml"), blocks)
    check(project.path)
    body = resolve("company", project).body
    assert body["Parameters"].keys() == {"ProjectName", "Environment", "NotebookInstanceType"}
    assert body["Resources"]["JobTopic"]
