"""The tables of the configuration file."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from smtemplates.config.values import Value, text_of, value_of


@dataclass(frozen=True, kw_only=True)
class TemplateTable:
    """A table [template.NAME]. `keep` is None if the table does not have the key.

    `source` is the value of the key from, or '' if that has a problem. `policies` are the files of the key policy,
    relative to the file.
    """

    name: str
    source: str
    without: tuple[str, ...] = ()
    places: Mapping[str, int] = field(default_factory=dict)
    keep: tuple[str, ...] | None = None
    fix: Mapping[str, str] = field(default_factory=dict)
    default: Mapping[str, str] = field(default_factory=dict)
    allow: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    constructs: tuple[str, ...] = ()
    description: str | None = None
    policies: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Staging:
    """The table staging: an existing bucket, or the bucket that the deployment creates."""

    bucket: str | None = None
    create: bool = False
    prefix: str | None = None
    kms_key: str | None = None
    encryption: str | None = None
    owner: str | None = None


@dataclass(frozen=True, kw_only=True)
class StackTable:
    """A table [stack.NAME] with the values that it inherits from [defaults]. None means that a key is not set.

    `inherited` are the paths of the values that come from [defaults], such as ("parameters", "VpcId"). Files and
    `template` are as written in the file, so relative to its folder.
    """

    name: str
    stack_name: str
    template: str = "workspace"
    regions: tuple[str, ...] | None = None
    account: str | None = None
    profile: str | None = None
    role: str | None = None
    parameters: Mapping[str, Value] = field(default_factory=dict)
    tags: Mapping[str, str] | None = None
    topics: tuple[str, ...] | None = None
    alarms: tuple[str, ...] | None = None
    monitoring_minutes: int | None = None
    staging: Staging | None = None
    termination_protection: bool | None = None
    on_failure: str | None = None
    stack_policy: str | None = None
    inherited: frozenset[tuple[str, ...]] = frozenset()

    def path(self, *keys: str) -> tuple[str, ...]:
        """Return the path of a value in the file, such as ("defaults", "parameters", "VpcId") if it is inherited."""
        return ("defaults", *keys) if keys in self.inherited else ("stack", self.name, *keys)

    def parameters_of(self, declared: Collection[str]) -> Mapping[str, Value]:
        """Return the values for a template that declares these parameters.

        An inherited parameter does not apply to a template that does not have it.
        """
        return {
            name: value
            for name, value in self.parameters.items()
            if name in declared or ("parameters", name) not in self.inherited
        }


MERGED = ("parameters", "tags")  # tables whose keys a stack inherits one by one


def template_table(name: str, content: Mapping[str, Any]) -> TemplateTable:
    """Return a table [template.NAME] whose keys conform to the schema."""
    return TemplateTable(
        name=name,
        source=content.get("from", ""),
        without=tuple(content.get("without", ())),
        places=content.get("places", {}),
        keep=tuple(content["keep"]) if "keep" in content else None,
        fix=_texts(content.get("fix", {})),
        default=_texts(content.get("default", {})),
        allow={key: tuple(map(text_of, values)) for key, values in content.get("allow", {}).items()},
        constructs=tuple(content.get("constructs", ())),
        description=content.get("description"),
        policies=tuple(content.get("policy", ())),
    )


def stack_table(name: str, content: Mapping[str, Any], defaults: Mapping[str, Any]) -> StackTable:
    """Return a table [stack.NAME] that conforms to the schema, with the values of [defaults] that it does not set."""
    merged = {**defaults, **content}
    inherited: set[tuple[str, ...]] = {(key,) for key in defaults if key not in content and key not in MERGED}
    for key in MERGED:
        if key in merged:
            own, general = content.get(key, {}), defaults.get(key, {})
            merged[key] = {**general, **own}
            inherited |= {(key, each) for each in general if each not in own}
    merged["parameters"] = {key: value_of(value) for key, value in merged.get("parameters", {}).items()}
    if "staging" in merged:
        merged["staging"] = Staging(**merged["staging"])
    for key in ("regions", "topics", "alarms"):
        if key in merged:
            merged[key] = tuple(merged[key])
    return StackTable(name=name, **{"stack_name": name, **merged}, inherited=frozenset(inherited))


def _texts(table: Mapping[str, Any]) -> dict[str, str]:
    return {key: text_of(value) for key, value in table.items()}
