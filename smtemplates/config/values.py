"""The values of parameters in the configuration file: texts, and references to values outside the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# The keys of a reference, each with the keys that it can have in addition.
REFERENCES: Mapping[str, tuple[str, ...]] = {
    "output": ("region", "account"),
    "env": (),
    "ssm": ("version",),
    "secret": ("key", "stage", "version"),
}


class Decimal(float):
    """A number with a fraction or an exponent, with the text of the file: 1.50 must not become 1.5."""

    def __init__(self, text: str) -> None:
        """Store the text, from which float has already read the number."""
        self.text = text.replace("_", "").removeprefix("+")


@dataclass(frozen=True)
class Literal:
    """A value that is in the file."""

    text: str


@dataclass(frozen=True)
class OutputOf:
    """An output of another stack of the file. None means the Region or account of the stack that has the parameter."""

    stack: str
    output: str
    region: str | None = None
    account: str | None = None


@dataclass(frozen=True)
class Environment:
    """An environment variable."""

    name: str


@dataclass(frozen=True)
class Dynamic:
    """A dynamic reference, whose value CloudFormation reads from Systems Manager or Secrets Manager.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
    """

    reference: str

    @property
    def is_secret(self) -> bool:
        """Whether the value is a secret of Secrets Manager."""
        return self.reference.startswith("{{resolve:secretsmanager:")


Value = Literal | OutputOf | Environment | Dynamic
"""A value of a parameter of a stack."""


def text_of(value: Any) -> str:
    """Return a text, number, boolean or array in the form of CloudFormation; commas separate the items of an array."""
    if isinstance(value, list):
        return ",".join(map(text_of, value))
    if isinstance(value, bool):
        return str(value).lower()
    return value.text if isinstance(value, Decimal) else str(value)


def value_of(value: Any) -> Value:
    """Return a value of a parameter that conforms to the schema and has no problem (`value_problem`)."""
    if not isinstance(value, dict):
        return Literal(text_of(value))
    if "output" in value:
        stack, _, output = value["output"].rpartition(".")
        return OutputOf(stack, output, value.get("region"), value.get("account"))
    if "env" in value:
        return Environment(value["env"])
    if "ssm" in value:
        return Dynamic(_reference("ssm", value["ssm"], value.get("version")))
    details = (value.get(name) for name in REFERENCES["secret"])
    return Dynamic(_reference("secretsmanager", value["secret"], "SecretString", *details))


def value_problem(value: Any) -> str:
    """Return a sentence about a value of a parameter that the schema cannot reject, or ''."""
    if isinstance(value, list) and any("," in text_of(item) for item in value):
        return "an item contains a comma, which separates items in CloudFormation. Remove the comma."
    return _reference_problem(value) if isinstance(value, dict) else ""


def _reference_problem(value: Mapping[str, Any]) -> str:
    kinds = [name for name in REFERENCES if name in value]
    if len(kinds) != 1:
        found = f"it has {' and '.join(kinds)}" if kinds else "it does not have any of them"
        return f"a reference must have exactly one of the keys {', '.join(REFERENCES)}; {found}."
    kind, also = kinds[0], REFERENCES[kinds[0]]
    if others := sorted(value.keys() - {kind, *also}):
        return f"{others[0]} cannot be used together with {kind}."
    if kind == "ssm" and not isinstance(value.get("version", 1), int):
        return "the version of a parameter of Systems Manager is a whole number."
    if kind == "secret" and not isinstance(value.get("version", ""), str):
        return "the version of a secret is a text in quotation marks."
    return "use only one of stage and version." if "stage" in value and "version" in value else ""


def _reference(*parts: Any) -> str:
    """Return a dynamic reference; empty parts at its end are left out."""
    return f"{{{{resolve:{':'.join(str(part or '') for part in parts).rstrip(':')}}}}}"
