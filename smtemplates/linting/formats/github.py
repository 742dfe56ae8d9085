"""Write findings as workflow commands, which GitHub Actions shows as annotations.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#setting-an-error-message
"""

from __future__ import annotations

from collections.abc import Iterator

from smtemplates.linting.formats.run import STANDARD_INPUT, Run, is_file, is_name, relative_path
from smtemplates.linting.linter import Finding

LEVELS = {"error": "error", "warning": "warning", "informational": "notice"}


def document(run: Run) -> str:
    """Return one line for each finding."""
    return "".join(f"{_command(found)}\n" for one in run.checked for found in one.findings)


def _command(found: Finding) -> str:
    properties = ",".join(f"{name}={_escaped_property(str(value))}" for name, value in _properties(found))
    start = f"{found.file}:{found.line}: " if is_name(found.file) else ""
    return f"::{LEVELS.get(found.severity, 'notice')} {properties}::{_escaped(start + found.sentence)}"


def _properties(found: Finding) -> Iterator[tuple[str, str | int]]:
    if is_name(found.file):
        if is_file(found.source):
            yield "file", relative_path(found.source) or found.source
            yield "line", found.source_line or 1
    elif found.file != STANDARD_INPUT:
        yield "file", relative_path(found.file) or found.file
        yield "line", found.line
        yield "col", found.column
        if found.end_line:
            yield "endLine", found.end_line
        if (
            found.end_line == found.line and found.end_column
        ):  # GitHub rejects columns of an annotation with several lines
            yield "endColumn", found.end_column
    yield "title", found.rule


def _escaped(text: str) -> str:
    """Escape a message.

    Source: https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts (escapeData)
    """
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escaped_property(text: str) -> str:
    """Escape a property.

    Source: https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts (escapeProperty)
    """
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
