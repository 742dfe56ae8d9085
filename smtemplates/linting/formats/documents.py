"""Write the document of a run in one of the formats."""

from __future__ import annotations

from smtemplates.linting.formats import github, json_report, sarif
from smtemplates.linting.formats.run import Run


def document(format_: str, run: Run) -> str:
    """Return the findings of a run in one of the FORMATS, as text that can always be encoded in UTF-8.

    A file name that is not UTF-8 contains surrogates. They are escaped, in JSON with the escapes of JSON.
    """
    writers = {"json": json_report.document, "sarif": sarif.document, "github": github.document, "text": _lines}
    return writers[format_](run).encode("utf-8", "backslashreplace").decode("utf-8")


def _lines(run: Run) -> str:
    return "".join(f"{found}\n" for one in run.checked for found in one.findings)
