"""The parts of a template that cannot be evaluated offline are named, and everything else is checked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import smtemplates
from smtemplates.cli.main import main
from smtemplates.policy import NOT_EVALUATED
from smtemplates.synth.loader import load

INPUTS = Path(__file__).parent / "inputs"

# a template, the parts of it that are not evaluated, and the rules that are violated in the rest
OPAQUE: dict[str, tuple[list[str], list[str]]] = {
    "a-loop-in-resources": (["Resources.Fn::ForEach::Topics"], []),
    "a-loop-in-outputs": (["Outputs.Fn::ForEach::Outs"], ["SNS_1"]),
    "a-loop-in-a-property": (["Resource Topic"], []),
    "an-include-in-resources": (["Resources.Fn::Transform"], ["SNS_1"]),
    "an-include-in-mappings": (["Mappings.Fn::Transform"], ["SNS_1"]),
    "an-include-in-one-mapping": (["Mapping Map", "Resource Topic"], []),
    "an-include-in-conditions": (["Conditions.Fn::Transform", "Condition Included"], ["SNS_1"]),
    "an-include-in-parameters": (["Parameters.Fn::Transform", "Condition C"], []),
    "an-include-in-a-property": (["Resource Topic"], []),
    "an-include-in-metadata": (["Metadata"], ["SNS_1"]),
    "a-macro": (["Template"], ["SNS_1"]),
    "an-include-in-the-template": (["Template"], ["SNS_1"]),
    "sam": (["Resource Table"], ["SNS_1"]),
    "a-module": (["Resource Mod"], ["SNS_1"]),
    "a-bucket-policy-that-a-module-can-create": (["Resource Mod", "Resource Bucket"], []),
    "a-bucket-policy-with-an-include": (["Resource Policy", "Resource Bucket"], []),
    "aws-novalue-in-a-condition": (["Condition C"], ["SNS_1"]),
    "a-mapping-without-the-default-region": (["Resource Topic"], ["SNS_1"]),
    "a-value-that-is-not-known-before-deployment": (["Condition C"], ["SNS_1"]),
    "contradictory-rules": (["Template"], []),
}

# templates that can be evaluated completely, with the rules that are violated
READABLE: dict[str, list[str]] = {
    "functions-of-aws-languageextensions": ["SNS_1"],
    "the-long-form-of-getatt": ["SNS_1", "SNS_1"],
    "the-output-of-another-stack": [],
    "a-nested-stack": [],
}


def _text(name: str) -> str:
    return (INPUTS / f"{name}.yaml").read_text(encoding="utf-8")


def _lint(folder: Path, text: str, *options: str) -> int:
    (folder / "t.yaml").write_text(text, encoding="utf-8")
    return main(["lint", "--no-cache", str(folder / "t.yaml"), *options])


@pytest.mark.parametrize("name", OPAQUE)
@pytest.mark.parametrize("form", ["yaml", "json"])
def test_the_parts_that_are_not_evaluated_are_named(name: str, form: str) -> None:
    """A part that cannot be evaluated is named with its line; rules apply to the rest, without false findings."""
    text, (subjects, rules) = _text(name), OPAQUE[name]
    findings = smtemplates.check_policy(text if form == "yaml" else json.dumps(load(text), indent=1), cache=False)
    parts = [found for found in findings if not found.evaluated]
    assert {part.subject for part in parts} == set(subjects)
    assert [found.rule for found in findings if found.evaluated] == rules
    lines = text.splitlines() if form == "yaml" else json.dumps(load(text), indent=1).splitlines()
    for part in parts:
        assert any(str(key) in lines[part.line - 1] for key in part.path) or part.line == 1


@pytest.mark.parametrize("name", READABLE)
def test_templates_without_macros_are_evaluated_completely(name: str) -> None:
    """A template that needs no transform to be understood is checked completely."""
    assert [found.rule for found in smtemplates.check_policy(_text(name), cache=False)] == READABLE[name]


def test_an_invalid_resource_does_not_prevent_the_check_of_others() -> None:
    """A resource with an invalid function is named; the others are checked."""
    broken = "{Type: AWS::SNS::Topic, Properties: {DisplayName: !Select [3, [a]]}}"
    text = f"Resources:\n  Broken: {broken}\n  Topic: {{Type: AWS::SNS::Topic}}\n"
    first, second = smtemplates.check_policy(text, cache=False)
    assert first.message == "Resource Broken: not evaluated: Fn::Select selects item 3 of 1."
    assert (second.rule, second.path[1]) == ("SNS_1", "Topic")


@pytest.mark.parametrize("strict", [False, True])
def test_no_findings_always_names_what_was_not_evaluated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *, strict: bool
) -> None:
    """A template of which nothing can be evaluated has no findings, with that sentence; --strict exits with 1."""
    text = _text("a-loop-in-resources")
    assert _lint(tmp_path, text, *(["--strict"] if strict else [])) == int(strict)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        f"{tmp_path}/t.yaml:3:3: {NOT_EVALUATED} Resources.Fn::ForEach::Topics: not evaluated: needs a transform.",
        f"{tmp_path}/t.yaml: no findings (not evaluated: Resources.Fn::ForEach::Topics)",
    ]


def test_strict_accepts_a_template_that_is_evaluated_completely(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--strict changes nothing for a template that can be evaluated."""
    assert _lint(tmp_path, _text("a-nested-stack"), "--strict") == 0
    assert capsys.readouterr().err == f"{tmp_path}/t.yaml: no findings\n"


def test_a_line_without_findings_stays_short(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of many parts that were not evaluated, the last line names five."""
    names = [f"Table{number}" for number in range(7)]
    resources = {name: {"Type": "AWS::Serverless::SimpleTable"} for name in names}
    template = {"Transform": "AWS::Serverless-2016-10-31", "Resources": resources}
    assert _lint(tmp_path, json.dumps(template)) == 0
    last = capsys.readouterr().err.splitlines()[-1]
    shown = ", ".join(f"Resource {name}" for name in names[:5])
    assert last == f"{tmp_path}/t.yaml: no findings (not evaluated: {shown} and 2 more)"


@pytest.mark.parametrize("metadata", ["text", "[a]", "{cfn-lint: a}", "{cfn-lint: {config: [a]}}"])
def test_metadata_that_is_not_a_mapping_is_linted(tmp_path: Path, metadata: str) -> None:
    """cfn-lint reads its options in Metadata; other values there cause no traceback."""
    assert _lint(tmp_path, f"Metadata: {metadata}\n{_text('a-nested-stack')}") in {0, 1}


@pytest.mark.parametrize(
    "text", ["Resources: {A: {Properties: {}}}", "Resources: {A: 1}", "Resources: []", "Parameters: {A: {Type: 1}}"]
)
def test_a_template_with_invalid_sections_has_findings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    """A definition that is not valid is a finding of cfn-lint, and the policy check is reported as not possible."""
    assert _lint(tmp_path, text) == 1
    out, err = capsys.readouterr()
    assert out.startswith(f"{tmp_path}/t.yaml:1:")
    assert err.startswith(f"{tmp_path}/t.yaml: policy check not possible: ")


def test_a_policy_of_a_user_applies_to_what_can_be_evaluated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A named policy file is applied to a template with a transform, and the rest is reported; --strict fails."""
    own = tmp_path / "own.guard"
    own.write_text("rule TAGGED { Resources.* { Properties.Tags exists <<Tag it.>> } }\n", encoding="utf-8")
    options = ["--no-policy", "--policy", str(own)]
    text = _text("sam")
    assert _lint(tmp_path, text, *options) == 1
    out, err = capsys.readouterr()
    assert (out.count("TAGGED"), "Resource Table: not evaluated: needs a transform." in err) == (1, True)
    tagged = text.replace("{Type: AWS::SNS::Topic}", "{Type: AWS::SNS::Topic, Properties: {Tags: []}}")
    assert [_lint(tmp_path, tagged, *options, *more) for more in ([], ["--strict"])] == [0, 1]


@pytest.mark.parametrize("name", OPAQUE)
def test_every_accepted_template_is_linted(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """The command reports findings or the absence of findings, and never rejects such a template as bad input."""
    code = _lint(tmp_path, _text(name))
    out, err = capsys.readouterr()
    assert code == int(bool(out))
    assert "not evaluated" in err
    assert (f"{tmp_path}/t.yaml: no findings (not evaluated: " in err) == (not out)


def test_a_reference_to_something_that_a_transform_creates_is_no_proof_of_an_error() -> None:
    """`dangling` does not report references in a template whose resources it cannot know."""
    template = load(_text("sam"))
    template["Outputs"] = {"O": {"Value": {"Ref": "TableRole"}}}
    with pytest.raises(smtemplates.Error, match="Resource Table: not evaluated: needs a transform"):
        smtemplates.evaluate.dangling(template)
