"""Add plans to the job summary of GitHub Actions."""

from __future__ import annotations

import os
from pathlib import Path

from smtemplates.console.streams import write_message
from smtemplates.deploy.change_sets.change_plan import Plan
from smtemplates.deploy.printing.plan_table import markdown


def write_job_summary(plan: Plan) -> None:
    """Add a plan to the job summary of GitHub Actions, if there is one."""
    append_to_job_summary(markdown(plan))


def append_to_job_summary(text: str) -> None:
    """Add a text in Markdown to the job summary of GitHub Actions, if there is one."""
    if path := os.environ.get("GITHUB_STEP_SUMMARY"):
        try:
            with Path(path).open("a", encoding="utf-8") as summary:
                summary.write(f"{text}\n")
        except OSError as error:
            write_message(f"Cannot write the job summary {path}: {error.strerror}.\n")
