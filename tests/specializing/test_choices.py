"""Fix, keep and narrow parameters: errors, remaining parameters, and the report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from smtemplates.cli.main import main
from smtemplates.errors import Error, UsageError
from smtemplates.specializing.choices import Choices
from smtemplates.specializing.specialization import specialization, specialize
from smtemplates.synth.loader import load

REF = {"Ref": "Size"}


def template(**parameters: dict[str, Any]) -> dict[str, Any]:
    """Return a template whose resource refers to each parameter."""
    properties = {name: {"Ref": name} for name in parameters}
    return {"Parameters": parameters, "Resources": {"R": {"Type": "T", "Properties": properties}}}


def rule(condition: Any, test: Any, text: str = "Not together.") -> dict[str, Any]:
    return {"RuleCondition": condition, "Assertions": [{"Assert": test, "AssertDescription": text}]}


def equals(name: str, value: str) -> dict[str, Any]:
    return {"Fn::Equals": [{"Ref": name}, value]}


SIZE = {"Type": "String", "Default": "s", "AllowedValues": ["s", "m", "l"]}
SWITCH = {"Type": "String", "Default": "false", "AllowedValues": ["true", "false"]}
TEXT = {"Type": "String", "Default": "", "MaxLength": 5}


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"fix": {"Sise": "m"}}, "Parameter Sise is unknown: did you mean Size?"),
        ({"keep": ["Other"]}, "Parameter Other is unknown"),
        ({"fix": {"Size": "xl"}}, "Parameter Size must be one of s, m, l; it is 'xl'."),
        ({"fix": {"Text": "too long"}}, "Parameter Text must be at most 5 characters long"),
        ({"fix": {"Size": "m"}, "keep": ["Size"]}, "both fixed and kept"),
        ({"fix": {"Size": "m"}, "default": {"Size": "s"}}, "neither a default nor allowed values"),
        ({"keep": ["Text"], "default": {"Size": "m"}}, "but it is not kept"),
        ({"fix": {"Token": "x"}}, "NoEcho parameter. It cannot be fixed"),
        ({"keep": ["Text"]}, "Parameter Open has no default. Keep it or fix it."),
        ({"default": {"Size": "xl"}}, "Parameter Size must be one of s, m, l"),
        ({"allow": {"Size": ["m", "xl"]}}, "Parameter Size must be one of s, m, l; it is 'xl'."),
        ({"allow": {"Size": []}}, "must have at least one allowed value"),
        ({"allow": {"Size": ["m", "l"]}}, "The default of parameter Size (s) is not one of its allowed values."),
        ({"allow": {"Size": ["m", "l"]}, "default": {"Size": "s"}}, "Parameter Size must be one of m, l; it is 's'."),
    ],
)
def test_wrong_choices_are_rejected(choices: dict[str, Any], message: str) -> None:
    """A message names the parameter, the reason, and the nearest name or the values that it allows."""
    token = {"Type": "String", "Default": "", "NoEcho": "true"}
    with pytest.raises(UsageError) as caught:
        specialize(template(Size=SIZE, Text=TEXT, Token=token, Open={"Type": "String"}), **choices)
    assert message in str(caught.value)


def test_all_errors_are_reported_together() -> None:
    """A user corrects all values at once."""
    with pytest.raises(UsageError) as caught:
        specialize(template(Size=SIZE, Text=TEXT), fix={"Size": "xl", "Text": "too long"})
    assert len(str(caught.value).splitlines()) == 2


def test_secrets_and_looked_up_values_remain() -> None:
    """With keep, NoEcho parameters and values of the Parameter Store stay parameters."""
    stored = {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/a"}
    whole = template(Size=SIZE, Token={"Type": "String", "Default": "", "NoEcho": True}, Stored=stored)
    found = specialize(whole, keep=[])
    assert list(found["Parameters"]) == ["Token", "Stored"]
    assert found["Resources"]["R"]["Properties"]["Size"] == "s"
    fixed = specialize(whole, fix={"Stored": "/b"})
    assert fixed["Parameters"]["Stored"] == {**stored, "Default": "/b", "AllowedValues": ["/b"]}


def test_default_and_allowed_values_are_narrowed() -> None:
    """The remaining parameter has the new default and values, also for the items of a list."""
    listed = {"Type": "CommaDelimitedList", "Default": "a"}
    found = specialize(
        template(Size=SIZE, List=listed), default={"Size": "m"}, allow={"Size": ["m", "l"], "List": ["a", "b"]}
    )
    assert found["Parameters"]["Size"] == {**SIZE, "Default": "m", "AllowedValues": ["m", "l"]}
    assert found["Parameters"]["List"] == {**listed, "AllowedValues": ["a", "b"]}


def test_allowed_values_decide_conditions() -> None:
    """If a parameter cannot have a value any more, the parts that depend on this value are removed."""
    whole = {
        **template(Size=SIZE),
        "Conditions": {"Large": equals("Size", "l")},
        "Outputs": {"Large": {"Condition": "Large", "Value": "1"}},
    }
    found = specialization(whole, Choices(allow={"Size": ["s", "m"]}))
    assert "Outputs" not in found.template
    assert [(one.section, one.reason) for one in found.removed] == [("Outputs", "its condition Large is false")]


def test_contradictions_are_rejected_with_the_sentence_of_the_rule() -> None:
    """Fixed values that a Rule rejects are an error, and no template is written."""
    whole = {**template(A=SWITCH, B=SWITCH), "Rules": {"R": rule(equals("A", "true"), equals("B", "false"))}}
    with pytest.raises(UsageError, match=r"^Not together\.$"):
        specialize(whole, fix={"A": "true", "B": "true"})


@pytest.mark.parametrize("tested", [equals("B", "false"), {"Fn::Not": [equals("B", "true")]}])
def test_a_rule_that_leaves_one_value_fixes_it(tested: Any) -> None:
    """A parameter that can have only one value is fixed, and the result contains it."""
    whole = {**template(A=SWITCH, B=SWITCH), "Rules": {"R": rule(equals("A", "true"), tested)}}
    found = specialization(whole, Choices(fix={"A": "true"}, default={"B": "false"}))
    assert found.forced == {"B": "false"}
    assert "Parameters" not in found.template


def test_a_rule_can_require_a_text() -> None:
    """A parameter without listed values is fixed if a Rule requires one text."""
    whole = {
        **template(A=SWITCH, Text=TEXT),
        "Rules": {"R": rule({"Fn::Not": [equals("Text", "")]}, equals("A", "true"))},
    }
    found = specialization(whole, Choices(fix={"A": "false"}))
    assert found.forced == {"Text": ""}
    assert found.template["Resources"]["R"]["Properties"] == {"A": "false", "Text": ""}


def test_a_rule_that_no_value_meets_is_a_contradiction() -> None:
    """If a Rule rejects every value of a parameter, the sentence of the Rule is the message."""
    tests = {"Fn::And": [equals("B", "true"), {"Fn::Not": [equals("B", "true")]}]}
    whole = {**template(A=SWITCH, B=SWITCH), "Rules": {"R": rule(equals("A", "true"), tests)}}
    with pytest.raises(UsageError, match="Not together"):
        specialize(whole, fix={"A": "true"})


def test_a_required_text_that_the_parameter_rejects_is_a_contradiction() -> None:
    """A Rule can require a value that AllowedValues excludes."""
    whole = {**template(A=SWITCH, Text=TEXT), "Rules": {"R": rule(equals("A", "true"), equals("Text", "too long"))}}
    with pytest.raises(UsageError, match="Not together"):
        specialize(whole, fix={"A": "true"})


def test_functions_that_need_a_transform_are_an_error() -> None:
    """A template that cannot be evaluated offline is an error with the name of the function."""
    whole = template(Size=SIZE)
    whole["Resources"]["R"]["Properties"]["Length"] = {"Fn::Length": REF}
    with pytest.raises(Error, match="Fn::Length"):
        specialize(whole, fix={"Size": "m"})


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`render` writes the specialized template, reads values from files, and reports the removed parts."""
    source, output, value = tmp_path / "own.yaml", tmp_path / "out.yaml", tmp_path / "size.txt"
    source.write_text(
        "Parameters:\n  Size: {Type: String, Default: s}\n  Add: {Type: String, Default: 'false'}\n"
        "Conditions:\n  Extra: !Equals [!Ref Add, 'true']\n"
        "Resources:\n  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Size}}\n"
        "  Second: {Type: AWS::SNS::Topic, Condition: Extra}\n"
    )
    value.write_text("a=b,c\n")
    arguments = [
        "render",
        "--from",
        str(source),
        "--keep",
        "",
        "--fix",
        f"Size=@{value}",
        "-o",
        str(output),
        "--no-lint",
    ]
    assert main(arguments) == 0
    messages = capsys.readouterr().err
    assert "removed Resources.Second: its condition Extra is false" in messages
    assert load(output.read_text()) == {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "a=b,c"}}}
    }
    assert main([*arguments, "--check"]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["workspace", "launch-role", "--fix", "A=b", "-o", "x.yaml"], "needs one template"),
        (["--keep", "A", "-o", "x.yaml"], "needs one template"),
        (["workspace", "--keep", "ProjectName"], "with -o, for example -o company.yaml"),
        (["--from", "a.yaml"], "--from requires --keep"),
        (["workspace", "--fix", "ProjectName", "-o", "-"], "--fix requires NAME=VALUE"),
        (["workspace", "--fix", "ProjectName=a", "--fix", "ProjectName=b", "-o", "-"], "specifies ProjectName twice"),
        (["workspace", "--fix", "ProjectName=@/no/such/file", "-o", "-"], "Cannot read /no/such/file"),
    ],
)
def test_wrong_options_are_rejected(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The message names the option to change, and the exit code is 2."""
    assert main(["render", *arguments]) == 2
    assert message in capsys.readouterr().err
