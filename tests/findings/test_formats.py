"""Findings with any text and any file name are written as valid JSON, SARIF and workflow commands."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from findings import documents
from smtemplates.linting.formats import FORMATS
from smtemplates.linting.formats.run import Checked, Run, is_name
from smtemplates.linting.linter import NOT_EVALUATED, Finding, grouped
from smtemplates.linting.sources import function_line

# Characters that have a meaning in one of the formats or in a URI, and the bytes of a file name that is not UTF-8.
TEXT = st.text(
    st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from('%:,\r\n"\\{}[]()<>#?& é\u2028\udc80'))
)
NAMES = TEXT.map(lambda text: text.replace("\0", "")).filter(lambda text: text.strip("./") != "")
FINDINGS = st.builds(
    Finding,
    file=st.just("t.yaml"),
    line=st.integers(1, 9),
    column=st.integers(1, 9),
    rule=st.sampled_from(["E3002", "W2001", "I3042", "SNS_1", "ünïcode rule"]),
    severity=st.sampled_from(["error", "warning", "informational"]),
    message=TEXT,
    path=st.lists(st.one_of(TEXT, st.integers(0, 9)), max_size=3).map(tuple),
    regions=st.lists(st.sampled_from(["eu-west-1", "us-east-1"]), max_size=2).map(tuple),
    given=st.lists(st.tuples(TEXT, TEXT), max_size=2).map(tuple),
    source=st.one_of(st.just(""), NAMES),
    source_line=st.integers(0, 9),
    end_line=st.integers(0, 9),
    end_column=st.integers(0, 9),
    title=TEXT,
    description=TEXT,
    url=st.one_of(st.just(""), TEXT.map(lambda text: f"https://example.com/{text}")),
)
NASTY = '50%25%0A:: a, b\r\n{c} [d](e) "f" é \udc80'
FOUND = Finding(
    file="t.yaml", line=3, column=5, rule="E3002", severity="error", message="Wrong.", path=("Resources", "Bucket")
)
PART = replace(FOUND, rule=NOT_EVALUATED, severity="informational", message="Condition C: not evaluated: a reason.")

NASTY_FOUND = replace(FOUND, message=NASTY, path=(NASTY, NASTY), given=((NASTY, NASTY),), source=NASTY, title=NASTY)


def absolute(file: str) -> Path:
    """Return the absolute path of a file, without following symbolic links."""
    return Path(os.path.abspath(file))  # noqa: PTH100  resolve() follows them


def run_of(*findings: Finding, file: str = "t.yaml") -> Run:
    """Return a run that checked one file."""
    checked = Checked(file, tuple(replace(found, file=file) for found in findings))
    return Run(checked=[checked], regions=["us-east-1"], notes=["A note."], version="1.0")


@settings(max_examples=80)
@given(st.lists(FINDINGS, max_size=4), NAMES)
@example([NASTY_FOUND, NASTY_FOUND], NASTY)
@example([replace(FOUND, source="x" * 300)], f"/{'x' * 300}")
def test_any_finding_in_any_file_is_a_valid_document(found: list[Finding], file: str) -> None:
    """JSON and SARIF match their schemas, and a reader gets back the text and the file of each finding."""
    run = run_of(*found, file=file)
    (one,) = documents.report(documents.written("json", run))["files"]
    assert one["file"] == file
    assert [each["message"] for each in one["findings"]] == [each.message for each in found]
    results = documents.sarif(documents.written("sarif", run))["results"]
    assert [each["message"]["text"] for each in results] == [each.sentence for each in found]
    for each in results:
        location = each["locations"][0]["physicalLocation"]["artifactLocation"]
        path = Path(os.fsdecode(unquote_to_bytes(location["uri"].removeprefix("file://"))))
        assert location["uri"].isascii()
        assert path == (absolute(file).relative_to(Path.cwd()) if "uriBaseId" in location else absolute(file))


@settings(max_examples=80)
@given(st.lists(FINDINGS, max_size=4), NAMES.filter(lambda file: not is_name(file)))
@example([NASTY_FOUND, NASTY_FOUND], NASTY)
@example([replace(FOUND, source="x" * 300)], f"/{'x' * 300}")
def test_any_finding_is_one_workflow_command(found: list[Finding], file: str) -> None:
    """GitHub reads the file, the rule and the message of each finding as they are, whatever characters they contain."""
    text = documents.written("github", run_of(*found, file=file))
    lines = text.split("\n")
    assert len(lines) == len(found) + 1
    for line, one in zip(lines, found, strict=False):
        assert "\r" not in line
        level, properties, message = documents.command(line)
        assert level == {"error": "error", "warning": "warning", "informational": "notice"}[one.severity]
        assert documents.stored(str(absolute(properties["file"]))) == documents.stored(str(absolute(file)))
        assert (properties["title"], message) == (one.rule, documents.stored(one.sentence))


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_contains_the_parts_that_were_not_evaluated(format_: str) -> None:
    """A part that was not evaluated is in the document with its reason, and is marked as such."""
    text = documents.written(format_, run_of(FOUND, PART))
    assert "Condition C: not evaluated: a reason." in text
    if format_ == "json":
        content = documents.report(text)
        first, second = content["files"][0]["findings"]
        assert (content["findings"], content["not_evaluated"]) == (1, 1)
        assert (first["evaluated"], first["subject"], first["reason"]) == (True, None, None)
        assert (second["evaluated"], second["subject"], second["reason"]) == (False, "Condition C", "a reason.")
    elif format_ == "sarif":
        marks = [(one["level"], one["properties"]["evaluated"]) for one in documents.sarif(text)["results"]]
        assert marks == [("error", True), ("note", False)]
    elif format_ == "github":
        assert [level for level, _, _ in map(documents.command, text.splitlines())] == ["error", "notice"]


def test_a_finding_has_its_rule_place_and_python_source() -> None:
    """SARIF contains the documentation of the rule, the place in the template, and the place in the Python file."""
    found = replace(
        FOUND, end_line=3, end_column=9, title="A title", description="A text.", url="https://example.com/x"
    )
    found = replace(found, source="smtemplates/errors.py", source_line=8, advice="--without x leaves it out")
    run = documents.sarif(documents.written("sarif", run_of(found)))
    (rule,) = run["tool"]["driver"]["rules"]
    assert (rule["shortDescription"]["text"], rule["helpUri"]) == ("A title", "https://example.com/x")
    (result,) = run["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "t.yaml", "uriBaseId": "%SRCROOT%"}
    assert place["region"] == {"startLine": 3, "startColumn": 5, "endLine": 3, "endColumn": 9}
    assert result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "Resources.Bucket"
    related = result["relatedLocations"][0]["physicalLocation"]
    assert (related["artifactLocation"]["uri"], related["region"]) == ("smtemplates/errors.py", {"startLine": 8})
    assert "--without x leaves it out" in result["message"]["text"]


def test_the_python_file_is_relative_to_the_project_or_to_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Python file of the project is found below the working directory; a file of an installed package is not."""
    (tmp_path / "mine.py").touch()
    monkeypatch.chdir(tmp_path)
    found = [replace(FOUND, source="mine.py"), replace(FOUND, source="smtemplates/errors.py")]
    results = documents.sarif(documents.written("sarif", run_of(*found)))["results"]
    bases = [one["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uriBaseId"] for one in results]
    assert bases == ["%SRCROOT%", "PYTHONPATH"]


def test_standard_input_has_no_file_on_github() -> None:
    """A finding in standard input is an annotation without a file, because GitHub would look for the file."""
    _, properties, _ = documents.command(documents.written("github", run_of(FOUND, file="<stdin>")).strip())
    assert properties == {"title": "E3002"}
    (result,) = documents.sarif(documents.written("sarif", run_of(FOUND, file="<stdin>")))["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "%3Cstdin%3E"


@pytest.mark.parametrize("name", ["t.yaml", "./t.yaml", "sub/../t.yaml"])
def test_files_are_named_relative_to_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Each spelling of a file below the working directory is the same path; a file outside it is absolute."""
    monkeypatch.chdir(tmp_path)
    for file in (name, str(tmp_path / name)):
        _, properties, _ = documents.command(documents.written("github", run_of(FOUND, file=file)).strip())
        (result,) = documents.sarif(documents.written("sarif", run_of(FOUND, file=file)))["results"]
        location = result["locations"][0]["physicalLocation"]["artifactLocation"]
        assert (properties["file"], location) == ("t.yaml", {"uri": "t.yaml", "uriBaseId": "%SRCROOT%"})
    (result,) = documents.sarif(documents.written("sarif", run_of(FOUND, file="../a b.yaml")))["results"]
    location = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location == {"uri": (tmp_path.parent / "a b.yaml").as_uri()}


@settings(max_examples=60)
@given(st.lists(FINDINGS, min_size=1, max_size=4), st.integers(1, 50))
def test_fingerprints_stay_when_lines_are_added(found: list[Finding], added: int) -> None:
    """A finding on a later line keeps its fingerprint; a finding of another rule or resource has another one."""
    moved = [replace(one, line=one.line + added, end_line=0) for one in found]
    before, after = (_fingerprints(*findings) for findings in (found, moved))
    assert before == after
    other = replace(found[0], path=(*found[0].path, "Another"))
    assert _fingerprints(other)[0] not in before


def _fingerprints(*findings: Finding) -> list[str]:
    results = documents.sarif(documents.written("sarif", run_of(*findings)))["results"]
    return [one["partialFingerprints"]["smtemplatesFinding/v1"] for one in results]


def test_a_missing_type_is_annotated_on_each_line() -> None:
    """Findings in several Regions are one finding for each line, so that each line has one annotation."""
    found = [
        replace(
            FOUND, rule="E3006", line=line, message=f"It does not exist in '{region}'", regions=(region,), source="x.py"
        )
        for line in (3, 9)
        for region in ("eu-west-1", "ca-west-1")
    ]
    assert [(one.line, one.regions) for one in grouped(found, each_line=True)] == [
        (3, ("eu-west-1", "ca-west-1")),
        (9, ("eu-west-1", "ca-west-1")),
    ]
    assert len(grouped(grouped(found, each_line=True))) == 1


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("import os\n\ndef topic():\n    pass\n\ndef other():\n    pass\n", 3),
        ("\ndef build():\n    pass\n\ndef _private():\n    pass\n", 2),
        ("def one():\n    pass\n\ndef two():\n    pass\n", 0),
        ("", 0),
    ],
)
def test_the_line_of_the_construct_is_that_of_its_function(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, line: int
) -> None:
    """The line is known if a function has the name of the module, or if there is only one public function."""
    (tmp_path / "topic.py").write_text(code, encoding="utf-8")
    module = ModuleType("mine.topic")
    module.__file__ = str(tmp_path / "topic.py")
    monkeypatch.setitem(sys.modules, "mine.topic", module)
    function_line.cache_clear()
    assert function_line("mine/topic.py") == line
    assert function_line("mine/unknown.py") == 0
