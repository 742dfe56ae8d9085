"""Write findings as a SARIF log, which code scanning and editors read.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html
Source: https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support-for-code-scanning
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from smtemplates.linting.formats.run import STANDARD_INPUT, Run, absolute, is_file, is_name, relative_path
from smtemplates.linting.linter import Finding

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {"error": "error", "warning": "warning", "informational": "note"}
ROOT, PACKAGES = "%SRCROOT%", "PYTHONPATH"
FOLDERS = {
    ROOT: "The folder in which smtemplates was run.",
    PACKAGES: "The folder from which Python imported the module.",
}
_URL = re.compile(r"https://([\w.~:/?@!$&'()*+,;=-]|%[0-9a-fA-F]{2})+(#([\w.~:/?-]|%[0-9a-fA-F]{2})*)?", re.ASCII)
FINGERPRINT = "smtemplatesFinding/v1"

Json = dict[str, Any]


def document(run: Run) -> str:
    """Return one SARIF log with one run for all templates."""
    findings = [found for one in run.checked for found in one.findings]
    rules = _rules(findings)
    places = {rule["id"]: place for place, rule in enumerate(rules)}
    seen: Counter[str] = Counter()
    driver = {"name": "smtemplates", "version": run.version, "rules": rules}
    content = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "invocations": [_invocation(run)],
                "originalUriBaseIds": {name: {"description": {"text": text}} for name, text in FOLDERS.items()},
                "artifacts": [{"location": _location(one.file)} for one in run.checked],
                "columnKind": "unicodeCodePoints",
                "results": [_result(found, places, seen) for found in findings],
            }
        ],
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _invocation(run: Run) -> Json:
    notes = [{"level": "note", "message": {"text": note}} for note in run.notes]
    return {"executionSuccessful": True, "toolConfigurationNotifications": notes}


def _rules(findings: Iterable[Finding]) -> list[Json]:
    """Return a descriptor for each rule that has a finding, sorted by its ID."""
    first: dict[str, Finding] = {}
    for found in findings:
        first.setdefault(found.rule, found)
    return [_rule(found) for _, found in sorted(first.items())]


def _rule(found: Finding) -> Json:
    title = found.title or found.rule
    about = found.description or title
    rule: Json = {
        "id": found.rule,
        "shortDescription": {"text": title},
        "fullDescription": {"text": about},
        "help": {"text": f"{about}\n{found.url}" if found.url else about},
        "defaultConfiguration": {"level": _level(found)},
    }
    return rule | ({"helpUri": found.url} if _URL.fullmatch(found.url) else {})


def _level(found: Finding) -> str:
    return LEVELS.get(found.severity, "note")


def _result(found: Finding, rules: dict[str, int], seen: Counter[str]) -> Json:
    location: Json = {
        "physicalLocation": {"artifactLocation": _location(found.file), "region": _region(found)},
    }
    if is_name(found.file) and is_file(found.source):
        location = {"physicalLocation": _python_place(found)}
    if found.logical:
        section, name = found.logical
        location["logicalLocations"] = [{"name": name, "fullyQualifiedName": f"{section}.{name}"}]
    result: Json = {
        "ruleId": found.rule,
        "ruleIndex": rules[found.rule],
        "level": _level(found),
        "message": {"text": found.sentence},
        "locations": [location],
        "partialFingerprints": {FINGERPRINT: _fingerprint(found, seen)},
        "properties": {
            "evaluated": found.evaluated,
            "path": list(found.path),
            "regions": list(found.regions),
            "parameters": dict(found.given),
        },
    }
    return result | ({"relatedLocations": [_python(found)]} if found.source else {})


def _region(found: Finding) -> Json:
    region = {"startLine": found.line, "startColumn": found.column}
    if found.end_column and (found.end_line, found.end_column) > (found.line, found.column):
        region |= {"endLine": found.end_line, "endColumn": found.end_column}
    return region


def _python(found: Finding) -> Json:
    """Return the place of the Python code that built the subject of a finding."""
    return {"id": 1, "physicalLocation": _python_place(found), "message": {"text": "The Python code that builds it"}}


def _python_place(found: Finding) -> Json:
    base = ROOT if is_file(found.source) else PACKAGES
    place: Json = {"artifactLocation": {"uri": quote(os.fsencode(found.source)), "uriBaseId": base}}
    if found.source_line:
        place["region"] = {"startLine": found.source_line}
    return place


def _location(file: str) -> Json:
    """Return the URI of a template: relative to the working directory, or absolute if the file is outside it."""
    if file == STANDARD_INPUT:
        return {"uri": quote(file), "uriBaseId": ROOT, "description": {"text": "standard input"}}
    relative = relative_path(file)
    if relative is None:
        return {"uri": absolute(file).as_uri()}
    return {"uri": quote(os.fsencode(relative)), "uriBaseId": ROOT}


def _fingerprint(found: Finding, seen: Counter[str]) -> str:
    """Return a text that identifies a finding also if lines are added or removed above it.

    Equal findings in one file are numbered in their order.
    """
    parts = [_location(found.file)["uri"], found.rule, found.path, found.message]
    digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
    seen[digest] += 1
    return f"{digest}:{seen[digest]}"
