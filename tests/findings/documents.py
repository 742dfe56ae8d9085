"""Read the documents of findings, and check them against their schemas."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator, Draft202012Validator, FormatChecker

from smtemplates.linting.formats.documents import document
from smtemplates.linting.formats.run import Run

_COMMAND = re.compile(r"::(error|warning|notice) (.*?)::(.*)")


@cache
def _sarif_schema() -> Any:
    schema = json.loads(Path(__file__).with_name("sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
    return Draft4Validator(schema, format_checker=FormatChecker())


@cache
def _json_schema() -> Any:
    text = resources.files("smtemplates.linting.formats").joinpath("findings.schema.json").read_text(encoding="utf-8")
    Draft202012Validator.check_schema(json.loads(text))
    return Draft202012Validator(json.loads(text))


def sarif(text: str) -> Any:
    """Return the only run of a valid SARIF log."""
    log = json.loads(text)
    _sarif_schema().validate(log)
    (run,) = log["runs"]
    ids = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(set(ids)) == len(ids)
    assert all(ids[result["ruleIndex"]] == result["ruleId"] for result in run["results"])
    marks = [result["partialFingerprints"]["smtemplatesFinding/v1"] for result in run["results"]]
    assert len(set(marks)) == len(marks)
    return run


def report(text: str) -> Any:
    """Return a valid JSON document of findings."""
    content = json.loads(text)
    _json_schema().validate(content)
    return content


def command(line: str) -> tuple[str, dict[str, str], str]:
    """Read a workflow command as the runner of GitHub does: return its level, properties and message.

    Source: https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
    """
    match = _COMMAND.fullmatch(line)
    assert match, line
    pairs = (pair.partition("=") for pair in match[2].split(","))
    return match[1], {name: _plain(value) for name, _, value in pairs}, _plain(match[3])


def _plain(text: str) -> str:
    for escape, character in {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}.items():
        text = text.replace(escape, character)
    return text


def written(format_: str, run: Run) -> str:
    """Return the document of a run after it was stored in a file."""
    return document(format_, run).encode("utf-8").decode("utf-8")


def stored(text: str) -> str:
    """Return a text as it is stored in a file that is not JSON."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
