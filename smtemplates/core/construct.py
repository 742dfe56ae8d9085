"""The vocabulary that areas are written in: a Part is everything one area adds to a template."""

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
    Not,
    Output,
    Parameter,
    Ref,
    Select,
    Split,
    Sub,
)

ON, OFF = "true", "false"
# Begins the pattern of a list, separated by commas, in which AWS takes nothing twice.
# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-regexes.html
EACH_ONCE = r"(?!(?:.*,)?([^,]+),(?:.*,)?\1(?:,|$))"


@dataclass(frozen=True, kw_only=True)
class Part:
    """Hold what one area adds to the template.

    Parameters are given by their console label; `title` is their console group, and parts of the same title share it.
    `source` is the area's module (`__name__`): findings name the file that built what they are about.
    """

    title: str
    source: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    conditions: Mapping[str, AWSHelperFn] = field(default_factory=dict)
    rules: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    mappings: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
    resources: Sequence[AWSObject] = ()
    outputs: Sequence[Output] = ()


# --- parameters


def text(name: str, description: str, *, pattern: str, hint: str, max_length: int, default: str = "") -> Parameter:
    """Take free text; `pattern` must admit the default, `hint` says in words what is allowed."""
    return Parameter(
        name,
        Type="String",
        Description=description,
        Default=default,
        AllowedPattern=pattern,
        MaxLength=max_length,
        ConstraintDescription=hint,
    )


def choice(name: str, description: str, options: Sequence[str], *, default: str) -> Parameter:
    """Take one of a few strings."""
    return Parameter(
        name,
        Type="String",
        Description=description,
        Default=default,
        AllowedValues=list(options),
        ConstraintDescription=f"must be {' or '.join(options)}",
    )


def switch(name: str, description: str, *, default: bool) -> Parameter:
    """Take 'true' or 'false'."""
    return choice(name, description, (ON, OFF), default=ON if default else OFF)


def number(name: str, description: str, *, default: int, least: int, most: int) -> Parameter:
    """Take a whole number from `least` to `most`."""
    return Parameter(
        name,
        Type="Number",
        Description=description,
        Default=default,
        MinValue=least,
        MaxValue=most,
        ConstraintDescription=f"must be a whole number from {least} to {most}",
    )


# --- conditions and what depends on them


def is_on(switched: Parameter) -> AWSHelperFn:
    """Tell whether a switch is on."""
    return Equals(Ref(switched), ON)


def is_set(given: Parameter) -> AWSHelperFn:
    """Tell whether a text parameter is not empty."""
    return Not(Equals(Ref(given), ""))


def is_(name: str) -> Condition:
    """Refer to a condition by name inside another one."""
    return Condition(name)


def is_not(name: str) -> AWSHelperFn:
    """Refer to the opposite of a condition inside another one."""
    return Not(Condition(name))


def all_of(*tests: AWSHelperFn | Condition) -> AWSHelperFn:
    """Tell whether every one of two to ten tests holds."""
    return And(*tests)


def when(condition: str, value: Any, otherwise: Any = None) -> If:
    """Choose `value` where the condition is true; without `otherwise` the property is left out where it is not."""
    return If(condition, value, Ref(AWS_NO_VALUE) if otherwise is None else otherwise)


def waived(**rules: str | Sequence[str]) -> dict[str, Any]:
    """Make Metadata that waives rules of policy for a resource, each unless its conditions, if any, all hold.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-conditions.html
    (Fn::If works in Metadata)
    """

    def waiver(rule: str, conditions: Sequence[str]) -> str | If:
        if not conditions:
            return rule
        first, *others = conditions
        return If(first, waiver(rule, others) if others else Ref(AWS_NO_VALUE), rule)

    unless = {rule: [held] if isinstance(held, str) else held for rule, held in rules.items()}
    return {"guard": {"SuppressedRules": [waiver(rule, conditions) for rule, conditions in unless.items()]}}


# --- rules


def require(message: str, *tests: Any, given: Any = None) -> dict[str, Any]:
    """Make a rule: where `given` holds, every test must, or CloudFormation refuses with `message` before it starts."""
    test = And(*tests) if len(tests) > 1 else tests[0]
    rule = {"Assertions": [{"Assert": test, "AssertDescription": message}]}
    return rule if given is None else {"RuleCondition": given, **rule}


# --- values


def listed(given: Parameter) -> Split:
    """Split a comma-separated parameter into a list."""
    return Split(",", Ref(given))


def entry(given: Parameter, place: int, most: int) -> Select:
    """Take the entry at `place`, from 1 on, of a comma-separated parameter of at most `most`; '' past its end."""
    return Select(place - 1, Split(",", Sub(f"${{{given.title}}}{',' * (most - 1)}")))


def output(
    name: str,
    description: str,
    value: Any,
    *,
    condition: str | None = None,
    export: bool = False,
) -> Output:
    """Describe an output; an exported one is `<stack name>-<output name>`."""
    more: dict[str, Any] = {}
    if condition:
        more["Condition"] = condition
    if export:
        more["Export"] = Export(Sub(f"${{AWS::StackName}}-{name}"))
    return Output(name, Description=description, Value=value, **more)
