"""Write findings as JSON, for programs. The file findings.schema.json describes the document."""

from __future__ import annotations

import json
from typing import Any

from smtemplates.linting.formats.run import Checked, Run
from smtemplates.linting.linter import Finding

SCHEMA = 1


def document(run: Run) -> str:
    """Return one JSON document for all templates, which also contains the templates without findings."""
    content = {
        "schema": SCHEMA,
        "tool": {"name": "smtemplates", "version": run.version},
        "regions": list(run.regions),
        "notes": list(run.notes),
        "findings": sum(len(one.violations) for one in run.checked),
        "not_evaluated": sum(len(one.not_evaluated) for one in run.checked),
        "files": [_file(one) for one in run.checked],
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _file(one: Checked) -> dict[str, Any]:
    return {"file": one.file, "findings": [_finding(found) for found in one.findings]}


def _finding(found: Finding) -> dict[str, Any]:
    section, name = found.logical or (None, None)
    python = {"file": found.source, "line": found.source_line or None, "advice": found.advice or None}
    return {
        "evaluated": found.evaluated,
        "rule": found.rule,
        "severity": found.severity,
        "message": found.message,
        "url": found.url or None,
        "line": found.line,
        "column": found.column,
        "end_line": found.end_line or None,
        "end_column": found.end_column or None,
        "section": section,
        "logical_id": name,
        "path": list(found.path),
        "regions": list(found.regions),
        "parameters": dict(found.given),
        "python": python if found.source else None,
        "subject": found.subject or None,
        "reason": found.reason or None,
    }
