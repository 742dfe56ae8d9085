"""Read templates: their parameters, their size in a request, their digests and the capabilities that they need."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smtemplates.aws.errors import sentence
from smtemplates.deploy.requests import capabilities
from smtemplates.errors import UsageError
from smtemplates.evaluate import check_parameters
from smtemplates.evaluate.sections import nested
from smtemplates.synth import declarations, received
from smtemplates.synth.loader import load
from smtemplates.synth.yaml_writer import compact

# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
MAX_INLINE_BYTES = 51_200
MAX_STAGED_BYTES = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Template:
    """A template: `body` is the text that is sent, `content` is the content with long intrinsic functions.

    `shortened` is True if the body was written from the content, because the text of the user is too long.
    """

    body: str
    content: Mapping[str, Any]
    shortened: bool = False

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The declarations of the parameters by name."""
        return declarations.entries(self.content, "Parameters")

    @property
    def resources(self) -> Mapping[str, Any]:
        """The declarations of the resources by logical ID, without those that a transform adds."""
        return declarations.resources(self.content)

    @property
    def secret_names(self) -> frozenset[str]:
        """The NoEcho parameters, whose values must not be shown."""
        return frozenset(name for name, item in self.parameters.items() if str(item.get("NoEcho")).lower() == "true")

    @property
    def digest(self) -> str:
        """The SHA-256 of the text that is sent, in hexadecimal digits."""
        return hashlib.sha256(self.body.encode()).hexdigest()

    @property
    def content_digest(self) -> str:
        """The template digest: the SHA-256 of the content, the same for every notation of it, in hexadecimal digits."""
        return received.digest_of(self.content) if self.shortened else received.digest(self.body)

    @property
    def inline(self) -> bool:
        """Whether the request can contain the body, so that no bucket is needed."""
        return len(self.body.encode()) <= MAX_INLINE_BYTES

    @property
    def capabilities(self) -> tuple[str, ...]:
        """The capabilities that the template requires, as far as its text shows them."""
        return capabilities.required(self.content)


def read(path: Path) -> Template:
    """Read a rendered template from a file.

    Raises:
        UsageError: The file cannot be read, is not a template, or is larger than the maximum of CloudFormation.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"Cannot read the template {path}: {sentence(error.strerror)}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"Cannot read the template {path}: It is not UTF-8 text.") from error
    return parsed(text, str(path))


def parsed(text: str, name: str) -> Template:
    """Return the template with this text. A text that is too long for a request is written in a shorter form.

    Raises:
        UsageError: The text is not a template, or is larger than the maximum of CloudFormation. The message starts
            with `name`.
    """
    try:
        content = load(text)
    except UsageError as error:
        raise UsageError(f"{name} is not a template: {sentence(error)}") from error
    generated = "Transform" in content or "Fn::Transform" in content
    if not isinstance(content.get("Resources"), dict) and not generated:
        raise UsageError(f"{name} has no Resources section, so it is not a CloudFormation template.")
    shortened = len(text.encode()) > MAX_INLINE_BYTES
    body = compact(content) if shortened else text
    if len(body.encode()) > MAX_STAGED_BYTES:
        raise UsageError(
            f"{name} has {len(body.encode()):,} bytes in compact form. The maximum is {MAX_STAGED_BYTES:,}. "
            "Use a smaller template."
        )
    return Template(body=body, content=content, shortened=shortened)


def check(
    template: Template,
    given: Mapping[str, str],
    previous: Mapping[str, str] | None = None,
    *,
    region: str = "us-east-1",
    unknown: frozenset[str] = frozenset(),
) -> list[str]:
    """Check the parameters as CloudFormation does, and return one sentence for each error.

    `given` are the values of the request. `previous` are the values that an existing stack keeps. If `previous` is
    None, only the given values are checked, and not the Rules. Rules are evaluated for `region`. The values of the
    parameters in `unknown` are not known yet: neither they nor Rules that refer to them are checked.
    """
    content = dict(template.content)
    if isinstance(declared := content.get("Parameters"), Mapping):
        content["Parameters"] = dict(declared)  # the only part that is changed below
    if previous is None:
        content.pop("Rules", None)
        for name, item in template.parameters.items():
            if name not in given and "Default" not in item:
                content["Parameters"][name] = {"Type": "String", "Default": ""}
        return list(check_parameters(content, dict(given)))
    for name in template.secret_names - given.keys() & previous.keys():
        # AWS shows the value of a NoEcho parameter as asterisks, so the pattern cannot be checked
        content["Parameters"][name] = {"Type": "String"}
    if unknown:
        rules = declarations.entries(content, "Rules").items()
        texts = {name: {part for part in nested(rule) if isinstance(part, str)} for name, rule in rules}
        content["Rules"] = {name: rule for name, rule in rules if texts[name].isdisjoint(unknown)}
    for name in unknown & template.parameters.keys():
        content["Parameters"][name] = {"Type": "String", "Default": ""}
    kept = {name: value for name, value in previous.items() if name in template.parameters and name not in unknown}
    return list(check_parameters(content, {**kept, **given}, region=region))
