"""Vocabulary for constructs: a Construct holds everything that one module adds to a template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from troposphere import (
    AWS_NO_VALUE,
    And,
    AWSHelperFn,
    AWSObject,
    Condition,
    Equals,
    Export,
    If,
    Join,
    Not,
    Or,
    Output,
    Parameter,
    Ref,
    Select,
    Split,
    Sub,
)

from smtemplates.errors import TemplateError

__all__ = [
    "EACH_ONCE",
    "OFF",
    "ON",
    "Construct",
    "NamedCondition",
    "Test",
    "all_of",
    "any_of",
    "boolean_parameter",
    "choice_parameter",
    "contains",
    "equals",
    "fill_placeholders",
    "guard_waivers",
    "is_empty",
    "is_not_empty",
    "is_true",
    "list_item",
    "list_parameter",
    "not_",
    "number_parameter",
    "output",
    "placeholder",
    "rule",
    "split_list",
    "string_parameter",
    "when",
]

ON, OFF = "true", "false"
# The start of the pattern for a list, separated by commas, in which no item may occur twice.
# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-regexes.html
EACH_ONCE = r"(?!(?:.*,)?([^,]+),(?:.*,)?\1(?:,|$))"


@dataclass(frozen=True, kw_only=True)
class Construct:
    """Contain everything that one module adds to a template.

    `parameters` maps the label in the CloudFormation console to the parameter. `title` is the parameter group in the
    console, which constructs with the same title share. `switches` maps labels to the parameters that decide whether a
    part is created. The console shows the switches of all constructs in one group, directly after the group of the
    construct that `precedes_switches`. `source` is the module (`__name__`): findings name its file. A construct that
    other constructs use is a subclass. Its further fields are typed handles.
    """

    title: str
    source: str
    precedes_switches: bool = False
    switches: Mapping[str, Parameter] = field(default_factory=dict)
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    conditions: Sequence[NamedCondition] = ()
    rules: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    mappings: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
    resources: Sequence[AWSObject] = ()
    outputs: Sequence[Output] = ()

    @property
    def all_parameters(self) -> dict[str, Parameter]:
        """The switches and the other parameters by label."""
        return {**self.switches, **self.parameters}


@dataclass(frozen=True)
class NamedCondition:
    """Represent a condition of the template: its name in the Conditions section, and the test that decides it."""

    name: str
    test: AWSHelperFn


Test = AWSHelperFn | NamedCondition
"""A part of a condition: an intrinsic function, or a condition of any construct."""


# --- parameters


def string_parameter(
    name: str, description: str, *, pattern: str, hint: str, max_length: int, default: str = ""
) -> Parameter:
    """Build a String parameter; `pattern` must match the default, `hint` describes the allowed values in words."""
    return Parameter(
        name,
        Type="String",
        Description=description,
        Default=default,
        AllowedPattern=pattern,
        MaxLength=max_length,
        ConstraintDescription=hint,
    )


def choice_parameter(name: str, description: str, options: Sequence[str], *, default: str) -> Parameter:
    """Build a String parameter with a list of allowed values."""
    return Parameter(
        name,
        Type="String",
        Description=description,
        Default=default,
        AllowedValues=list(options),
        ConstraintDescription=f"must be {' or '.join(options)}",
    )


def boolean_parameter(name: str, description: str, *, default: bool) -> Parameter:
    """Build a parameter that is 'true' or 'false'."""
    return choice_parameter(name, description, (ON, OFF), default=ON if default else OFF)


def list_parameter(
    name: str, description: str, options: Sequence[str], *, hint: str, default: Sequence[str] = ()
) -> Parameter:
    """Build a parameter for a list of these options, separated by commas. AllowedValues applies to each item."""
    return Parameter(
        name,
        Type="CommaDelimitedList",
        Description=description,
        Default=",".join(default),
        AllowedValues=list(options),
        ConstraintDescription=hint,
    )


def number_parameter(name: str, description: str, *, default: int, least: int, most: int) -> Parameter:
    """Build a parameter for a whole number from `least` to `most`."""
    return Parameter(
        name,
        Type="Number",
        Description=description,
        Default=default,
        MinValue=least,
        MaxValue=most,
        ConstraintDescription=f"must be a whole number from {least} to {most}",
    )


# --- conditions, and the values that depend on them


def is_true(parameter: Parameter) -> AWSHelperFn:
    """Build a test: a Boolean parameter is 'true'."""
    return equals(parameter, ON)


def is_empty(parameter: Parameter) -> AWSHelperFn:
    """Build a test: a String parameter is empty."""
    return equals(parameter, "")


def is_not_empty(parameter: Parameter) -> AWSHelperFn:
    """Build a test: a String parameter is not empty."""
    return Not(is_empty(parameter))


def equals(parameter: Parameter, value: str) -> AWSHelperFn:
    """Build a test: a parameter has this value."""
    return Equals(Ref(parameter), value)


def contains(parameter: Parameter, item: str) -> AWSHelperFn:
    """Build a test: a list of `list_parameter` contains an item. No other option may contain its text.

    Conditions have no function for this. If a text changes when it is split at a name, it contains the name.
    """
    listed = Join(",", Ref(parameter))
    return Not(Equals(Join("", Split(item, listed)), listed))


def all_of(*tests: Test) -> AWSHelperFn:
    """Build a test: each of two to ten tests is true."""
    return And(*map(_operand, tests))


def any_of(*tests: Test) -> AWSHelperFn:
    """Build a test: at least one of two to ten tests is true."""
    return Or(*map(_operand, tests))


def not_(test: Test) -> AWSHelperFn:
    """Build a test: another test is false."""
    return Not(_operand(test))


def _operand(test: Test) -> AWSHelperFn:
    return Condition(test.name) if isinstance(test, NamedCondition) else test


def when(condition: NamedCondition, value: Any, otherwise: Any = None) -> If:
    """Return `value` if the condition is true, else `otherwise`; without `otherwise` the property is omitted."""
    return If(condition.name, value, Ref(AWS_NO_VALUE) if otherwise is None else otherwise)


def guard_waivers(**rules: NamedCondition | Sequence[NamedCondition]) -> dict[str, Any]:
    """Build Metadata that waives CloudFormation Guard rules for a resource.

    A rule is waived unless all its conditions are true. With an empty list it is always waived.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-conditions.html
    (Fn::If is supported in Metadata)
    """

    def waiver(rule: str, conditions: Sequence[NamedCondition]) -> str | If:
        if not conditions:
            return rule
        first, *others = conditions
        return If(first.name, waiver(rule, others) if others else Ref(AWS_NO_VALUE), rule)

    unless = {rule: [held] if isinstance(held, NamedCondition) else held for rule, held in rules.items()}
    return {"guard": {"SuppressedRules": [waiver(rule, conditions) for rule, conditions in unless.items()]}}


# --- rules


def rule(message: str, *tests: Any, given: Any = None) -> dict[str, Any]:
    """Build a rule: if `given` is true, each test must be true, or CloudFormation rejects the input with `message`."""
    test = And(*tests) if len(tests) > 1 else tests[0]
    assertions = {"Assertions": [{"Assert": test, "AssertDescription": message}]}
    return assertions if given is None else {"RuleCondition": given, **assertions}


# --- values


def placeholder(parameter: Parameter) -> str:
    """Return a parameter's placeholder in the text of Fn::Sub, such as ${ProjectName}."""
    return f"${{{parameter.title}}}"


def fill_placeholders(text: str, **parameters: Parameter) -> str:
    """Return a text for Fn::Sub in which ${name} stands for a parameter with any name.

    Raises:
        TemplateError: the text has no such placeholder.
    """
    for name, parameter in parameters.items():
        if f"${{{name}}}" not in text:
            raise TemplateError(f"The text has no placeholder ${{{name}}}: {text[:40]!r}...")
        text = text.replace(f"${{{name}}}", placeholder(parameter))
    return text


def split_list(parameter: Parameter) -> Split:
    """Build the list of the values of a parameter that are separated by commas."""
    return Split(",", Ref(parameter))


def list_item(parameter: Parameter, place: int, most: int) -> Select:
    """Build item number `place` (from 1) of a list of at most `most` items; '' after the last item."""
    return Select(place - 1, Split(",", Sub(f"{placeholder(parameter)}{',' * (most - 1)}")))


def output(
    name: str,
    description: str,
    value: Any,
    *,
    condition: NamedCondition | None = None,
    export: bool = False,
) -> Output:
    """Build an output; the export name of an exported output is `<stack name>-<output name>`."""
    more: dict[str, Any] = {}
    if condition:
        more["Condition"] = condition.name
    if export:
        more["Export"] = Export(Sub(f"${{AWS::StackName}}-{name}"))
    return Output(name, Description=description, Value=value, **more)
