"""Fix, keep and narrow parameters: errors, remaining parameters, and the report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from smtemplates.cli.main import main
from smtemplates.errors import UsageError
from smtemplates.specializing.choices import Choices
from smtemplates.specializing.specialization import specialization, specialize
from smtemplates.synth.loader import load


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
        ({"default": {"Token": "x"}}, "NoEcho parameter. It can be neither fixed nor narrowed"),
        ({"allow": {"Token": ["x"]}}, "NoEcho parameter. It can be neither fixed nor narrowed"),
        ({"fix": {"Count": 7}}, "The value of parameter Count must be a text, as in a request to AWS; it is 7."),
        ({"default": {"Size": ["m"]}}, "The value of parameter Size must be a text"),
        ({"allow": {"Count": [7]}}, "The value of parameter Count must be a text"),
        ({"fix": {"Count": "seven"}}, "Parameter Count must be a number; it is 'seven'."),
        ({"fix": {"List": "a,z"}}, "Parameter List must be one of a, b; it is 'a,z'."),
        ({"fix": {"Stored": "b"}}, "Parameter Stored must match /.*; it is 'b'."),
        ({"allow": {"List": ["a,b"]}}, "each allowed value is one item; 'a,b' contains a comma"),
        ({"keep": ["Open", "Odd"]}, "Parameter Key must be at least 1 characters long; it is ''. This is its default:"),
        ({"keep": ["Open", "Key"]}, "The default of parameter Odd is neither a text nor a number. Keep it or fix it."),
        ({"fix": {"Token": "x"}}, "NoEcho parameter. It can be neither fixed nor narrowed"),
        ({"keep": ["Text"]}, "Parameter Open has no default. Keep it or fix it."),
        ({"default": {"Size": "xl"}}, "Parameter Size must be one of s, m, l"),
        ({"allow": {"Size": ["m", "xl"]}}, "Parameter Size must be one of s, m, l; it is 'xl'."),
        ({"allow": {"Size": []}}, "must have at least one allowed value"),
        ({"allow": {"Size": ["m", "l"]}}, "The default of parameter Size ('s') is not one of its allowed values."),
        ({"allow": {"Size": ["m", "l"]}, "default": {"Size": "s"}}, "Parameter Size must be one of m, l; it is 's'."),
    ],
)
def test_wrong_choices_are_rejected(choices: dict[str, Any], message: str) -> None:
    """A message names the parameter, the reason, and the nearest name or the values that it allows."""
    whole = template(
        Size=SIZE,
        Text=TEXT,
        Token={"Type": "String", "Default": "", "NoEcho": "true"},
        Open={"Type": "String"},
        Count={"Type": "Number", "Default": 1},
        List={"Type": "CommaDelimitedList", "Default": "a", "AllowedValues": ["a", "b"]},
        Stored={"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/a", "AllowedPattern": "/.*"},
        Key={"Type": "String", "Default": "", "MinLength": 1},
        Odd={"Type": "String", "Default": {}},
    )
    with pytest.raises(UsageError) as caught:
        specialize(whole, **choices)
    assert message in str(caught.value)


def test_a_secret_value_is_not_in_a_message() -> None:
    """The message about a wrong value of a NoEcho parameter does not contain the value."""
    token = {"Type": "String", "Default": "", "NoEcho": "true", "MaxLength": 3}
    with pytest.raises(UsageError) as caught:
        specialize(template(Size=SIZE, Token=token), fix={"Token": "hunter2"})
    assert "hunter2" not in str(caught.value)


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
    assert specialization(whole, Choices(keep=frozenset({"Token"}))).stayed == {
        "Stored": "AWS looks up its value in the Parameter Store"
    }
    assert specialization(whole, Choices(fix={"Stored": "/b"}, keep=frozenset({"Size"}))).stayed == {
        "Token": "it is a NoEcho parameter, and a template is not secret",
        "Stored": "AWS looks up its value in the Parameter Store",
    }


def test_secrets_without_effect_do_not_remain() -> None:
    """A NoEcho parameter that nothing uses is removed as every other one, and not reported as kept."""
    whole = template(Size=SIZE)
    whole["Parameters"]["Token"] = {"Type": "String", "Default": "", "NoEcho": True}
    found = specialization(whole, Choices(keep=frozenset()))
    assert "Parameters" not in found.template
    assert found.stayed == {}
    assert [(one.name, one.reason) for one in found.removed] == [("Token", "without effect")]


def test_default_and_allowed_values_are_narrowed() -> None:
    """The remaining parameter has the new default and values, also for the items of a list."""
    listed = {"Type": "CommaDelimitedList", "Default": "a"}
    found = specialize(
        template(Size=SIZE, List=listed), default={"Size": "m"}, allow={"Size": ["m", "l", "m"], "List": ["a", " b"]}
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
    assert [(one.section, one.name, one.reason) for one in found.removed] == [
        ("Outputs", "Large", "condition Large is false"),
        ("Conditions", "Large", "always false"),
    ]


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


def test_rules_that_together_reject_all_values_are_a_contradiction() -> None:
    """No value of B is possible, although each Rule rejects only one of them."""
    values = {value: rule(equals("B", value), equals("A", "false"), f"No {value}.") for value in ("true", "false")}
    whole = {**template(A=SWITCH, B=SWITCH), "Rules": values}
    with pytest.raises(UsageError, match=r"^No true\.$"):
        specialize(whole, fix={"A": "true"})
    assert specialize(whole, fix={"A": "false"})["Parameters"] == {"B": SWITCH}


def test_listed_values_that_rules_reject_leave_one() -> None:
    """A parameter with three values is fixed if the Rules reject two of them, and the others are unchanged."""
    rejecting = {value: rule(equals("Size", value), equals("A", "false")) for value in ("s", "m")}
    whole = {**template(A=SWITCH, Size=SIZE, Text=TEXT), "Rules": rejecting}
    found = specialization(whole, Choices(fix={"A": "true"}))
    assert found.forced == {"Size": "l"}
    assert found.fixed == {"A": "true", "Size": "l"}
    assert found.template["Parameters"] == {"Text": TEXT}
    assert specialization(whole, Choices(fix={"Text": "a"})).forced == {}


def test_a_forced_value_can_force_another_one() -> None:
    """The value that a Rule leaves to B leaves one value to C."""
    first, second = rule(equals("A", "true"), equals("B", "true")), rule(equals("B", "true"), equals("C", "true"))
    whole = {**template(A=SWITCH, B=SWITCH, C=SWITCH), "Rules": {"First": first, "Second": second}}
    assert specialization(whole, Choices(fix={"A": "true"})).forced == {"B": "true", "C": "true"}


@pytest.mark.parametrize(
    "about",
    [
        {"Type": "CommaDelimitedList", "Default": "a"},
        {"Type": "String", "Default": "a", "NoEcho": True},
        {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "a"},
        {"Type": "String", "Default": "true", "AllowedValues": ["true"]},
    ],
)
def test_other_parameters_are_not_fixed_by_a_rule(about: dict[str, Any]) -> None:
    """A Rule does not fix lists, secrets and stored values, nor a parameter that never had a choice."""
    tests = {"Fn::Or": [equals("B", "true"), equals("C", "x")]} if "AllowedValues" in about else equals("B", "true")
    whole = {**template(A=SWITCH, B=about, C=TEXT), "Rules": {"R": rule(equals("A", "true"), tests)}}
    found = specialization(whole, Choices(fix={"A": "true"}))
    assert found.forced == {}
    assert found.template["Parameters"]["B"] == about


def test_a_required_text_that_the_parameter_rejects_is_a_contradiction() -> None:
    """A Rule can require a value that AllowedValues excludes."""
    whole = {**template(A=SWITCH, Text=TEXT), "Rules": {"R": rule(equals("A", "true"), equals("Text", "too long"))}}
    with pytest.raises(UsageError, match="Not together"):
        specialize(whole, fix={"A": "true"})


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`render` writes the specialized template, reads values from files, and reports everything that it did."""
    source, output, value = tmp_path / "own.yaml", tmp_path / "out.yaml", tmp_path / "size.txt"
    source.write_text(
        """
Parameters:
  Size: {Type: String, Default: s}
  Add: {Type: String, Default: 'false'}
  More: {Type: String, Default: 'true', AllowedValues: ['true', 'false']}
  Token: {Type: String, Default: '', NoEcho: true}
  Unused: {Type: String, Default: ''}
Rules:
  Both:
    RuleCondition: !Equals [!Ref Add, 'false']
    Assertions: [{Assert: !Equals [!Ref More, 'false'], AssertDescription: No.}]
Mappings: {M: {a: {b: c}}}
Conditions:
  Extra: !Equals [!Ref Add, 'true']
  Also: !Equals [!Ref More, 'true']
  Open: !Equals [!Ref Token, '']
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Sub '${Size}${Token}'}}
  Second: {Type: AWS::SNS::Topic, Condition: Extra}
  Third: {Type: AWS::SNS::Topic, Condition: Extra}
"""
    )
    value.write_text("a=b,c\n")
    options = ["--keep", "Unused,More", "--fix", f"Size=@{value}", "--no-lint"]
    arguments = ["render", "--from", str(source), *options, "-o", str(output)]
    assert main(arguments) == 0
    messages = capsys.readouterr().err
    assert messages.splitlines()[:-1] == [
        "fixed 2 parameters: Size='a=b,c', Add='false'",
        "fixed More at 'false': a Rule of the template allows no other value",
        "kept Token: it is a NoEcho parameter, and a template is not secret",
        "removed 2 resources, condition Extra is false: Second, Third",
        "removed 2 conditions, always false: Extra, Also",
        "removed 1 rule, no remaining value can break it: Both",
        "removed 1 condition, nothing depends on it any more: Open",
        "removed 1 mapping, nothing looks up a value in it any more: M",
        "removed 1 parameter, without effect: Unused",
    ]
    assert load(output.read_text()) == {
        "Parameters": {"Token": {"Type": "String", "Default": "", "NoEcho": True}},
        "Resources": {
            "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Fn::Sub": "a=b,c${Token}"}}}
        },
    }
    assert main([*arguments, "--check"]) == 0


def test_a_value_can_contain_an_equals_sign(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The name ends at the first equals sign."""
    source = tmp_path / "own.yaml"
    source.write_text("Parameters: {A: {Type: String}}\nResources: {R: {Type: T, Properties: {P: !Ref A}}}\n")
    assert main(["render", "--from", str(source), "--fix", "A=x=y", "--no-lint", "-o", "-"]) == 0
    assert load(capsys.readouterr().out) == {"Resources": {"R": {"Type": "T", "Properties": {"P": "x=y"}}}}


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
