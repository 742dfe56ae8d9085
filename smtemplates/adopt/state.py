"""Read a Terraform state file of version 4.

Values that the state marks as sensitive are removed while the file is read, so that no other module can write them.

Source: https://github.com/hashicorp/terraform/blob/main/internal/states/statefile/version4.go
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from smtemplates.adopt.hcl import quoted
from smtemplates.aws_data.credentials import kind_of_credential
from smtemplates.console.files import read
from smtemplates.errors import UsageError

VERSION = 4
AWS = "registry.terraform.io/hashicorp/aws"
_PROVIDER = re.compile(r'(?:[\w.\-\[\]"]+\.)?provider(?:\["(?P<source>[^"\\]+)"\]|\.(?P<legacy>[\w-]+))(?:\.[\w-]+)?')
_NAME = re.compile(r"[^\W\d][\w-]*")
_STEP = r'module\.[^\W\d][\w-]*(?:\[(?:\d+|"(?:[^"\\\x00-\x1f]|\\.)*")\])?'
_MODULE = re.compile(rf"{_STEP}(?:\.{_STEP})*")
_MODULE_KEY = re.compile(r'\[(?:\d+|"(?:[^"\\]|\\.)*")\]')
_NO_STATE = "It is not a Terraform state file. Write one with: terraform state pull > terraform.tfstate"


@dataclass(frozen=True, kw_only=True)
class Instance:
    """One instance of a resource in the state.

    `module` is the address of its module, or ''. `key` is its index with count, its key with for_each, or None.
    `dependencies` are addresses of resources. `deposed` is the key of an object that Terraform has replaced but not yet
    deleted, or ''.
    """

    mode: str
    type: str
    name: str
    module: str = ""
    key: int | str | None = None
    provider: str = AWS
    attributes: Mapping[str, Any] = field(default_factory=dict)
    dependencies: tuple[str, ...] = ()
    tainted: bool = False
    deposed: str = ""

    @property
    def resource(self) -> str:
        """The address of the resource, without the key of the instance."""
        data = "data." if self.mode == "data" else ""
        return ".".join(filter(None, [self.module, f"{data}{self.type}.{self.name}"]))

    @property
    def block(self) -> str:
        """The address of the resource in the configuration, without keys."""
        return _MODULE_KEY.sub("", self.resource)

    @property
    def address(self) -> str:
        """The address of the instance, as the Terraform CLI writes it."""
        key = "" if self.key is None else f"[{quoted(self.key) if isinstance(self.key, str) else self.key}]"
        return f"{self.resource}{key}"

    @property
    def label(self) -> str:
        """The address, and the key of a deposed object."""
        return f"{self.address} (deposed {self.deposed})" if self.deposed else self.address

    def value(self, *path: str | int) -> Any:
        """Return the value at a path of attributes and list positions; None if there is none."""
        found: Any = self.attributes
        for step in path:
            if isinstance(step, int):
                found = found[step] if isinstance(found, list) and -len(found) <= step < len(found) else None
            else:
                found = found.get(step) if isinstance(found, dict) else None
        return found

    def text(self, *path: str | int) -> str:
        """Return a text, number or Boolean as text; '' if there is none, or if it must not be written."""
        return text_of(self.value(*path))

    def texts(self, *path: str | int) -> tuple[str, ...]:
        """Return the texts of a list or set."""
        found = self.value(*path)
        return tuple(filter(None, map(text_of, found))) if isinstance(found, list) else ()


def text_of(value: Any) -> str:
    """Return a value as text; '' if it is not printable, is not a single value, or looks like a credential."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:.15g}"
    if not isinstance(value, str) or not value.isprintable() or kind_of_credential(value):
        return ""
    return value


def read_state(path: Path) -> list[Instance]:
    """Return the instances of a state file in its order.

    Raises:
        UsageError: The file cannot be read, is not a state of version 4, or contains no resources.
    """
    return parse_state(read(path).removeprefix("\ufeff"), str(path))


def parse_state(text: str, name: str) -> list[Instance]:
    """Return the instances of the text of a state file; `name` is the file in messages.

    Raises:
        UsageError: The text is not a state of version 4, or contains no resources.
    """
    try:
        content = json.loads(text)
        json.dumps(content, ensure_ascii=False).encode()  # half of a surrogate pair cannot be written
    except RecursionError as error:
        raise UsageError(f"{name} is nested too deeply. {_NO_STATE}") from error
    except ValueError as error:
        raise UsageError(f"{name} is not valid JSON{_position(error)}. {_NO_STATE}") from error
    _check_version(content, name)
    resources = _typed(content.get("resources", []), list, f"{name}: resources")
    found = [one for number, item in enumerate(resources) for one in _instances(item, f"{name}: resources[{number}]")]
    if not found:
        raise UsageError(f"{name} contains no resources, so there is nothing to adopt.")
    seen: set[str] = set()
    for one in found:
        if one.label in seen:
            raise UsageError(f"{name}: {one.label} occurs twice.")
        seen.add(one.label)
    return found


def _position(error: ValueError) -> str:
    return f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""


def _check_version(content: Any, name: str) -> None:
    if not isinstance(content, dict):
        raise UsageError(f"{name} does not contain an object. {_NO_STATE}")
    if "format_version" in content:
        raise UsageError(f"{name} is the output of terraform show -json. {_NO_STATE}")
    if "encrypted_data" in content:
        raise UsageError(f"{name} is encrypted. Decrypt it with the program that wrote it.")
    version = content.get("version")
    if "version" not in content or isinstance(version, bool) or not isinstance(version, int):
        raise UsageError(f"{name} has no version. {_NO_STATE}")
    if version != VERSION:
        raise UsageError(
            f"{name} has version {str(version)[:20]}. Only version {VERSION} is supported, which Terraform 0.12 and "
            "newer write. Run terraform apply -refresh-only with a current Terraform, and repeat this command."
        )


def _typed(value: Any, kind: type, where: str) -> Any:
    words: dict[type, str] = {list: "an array", dict: "an object", str: "a text"}
    if not isinstance(value, kind):
        raise UsageError(f"{where} is not {words[kind]}. {_NO_STATE}")
    return value


def _instances(item: Any, where: str) -> Iterator[Instance]:
    resource = _typed(item, dict, where)
    names = {key: _named(resource.get(key), _NAME, f"{where}.{key}") for key in ("mode", "type", "name")}
    if names["mode"] not in ("managed", "data"):
        raise UsageError(f"{where}.mode is neither managed nor data. {_NO_STATE}")
    module = resource.get("module", "")
    common = {
        **names,
        "module": _named(module, _MODULE, f"{where}.module") if module else "",
        "provider": _provider(resource.get("provider", "")),
    }
    instances = _typed(resource.get("instances", []), list, f"{where}.instances")
    for number, one in enumerate(instances):
        yield _instance(one, common, f"{where}.instances[{number}]")


def _named(value: Any, pattern: re.Pattern[str], where: str) -> str:
    text: str = _typed(value, str, where)
    if not pattern.fullmatch(text):
        raise UsageError(f"{where} is not a valid name. {_NO_STATE}")
    return text


def _provider(value: Any) -> str:
    """Return the source address of the provider; the text itself if it does not contain one."""
    if not isinstance(value, str):
        return "unknown"
    found = _PROVIDER.fullmatch(value)
    if not found:
        return text_of(value) or "unknown"
    # before Terraform 0.13, the address was only the name of the provider
    return found["source"] or f"registry.terraform.io/hashicorp/{found['legacy']}"


def _instance(item: Any, common: Mapping[str, str], where: str) -> Instance:
    one = _typed(item, dict, where)
    key = one.get("index_key")
    if isinstance(key, float) and key.is_integer():
        key = int(key)
    if isinstance(key, bool) or not isinstance(key, int | str | None):
        raise UsageError(f"{where}.index_key is neither a number nor a text. {_NO_STATE}")
    attributes = one.get("attributes")
    if attributes is None:
        attributes = one.get("attributes_flat") or {}
    attributes = _typed(attributes, dict, f"{where}.attributes")
    _remove(attributes, _typed(one.get("sensitive_attributes") or [], list, f"{where}.sensitive_attributes"))
    deposed = one.get("deposed") or ""
    return Instance(
        **common,
        key=key,
        attributes=attributes,
        dependencies=tuple(name for name in one.get("dependencies") or () if isinstance(name, str))
        if isinstance(one.get("dependencies") or [], list)
        else (),
        tainted=one.get("status") == "tainted",
        deposed=_named(deposed, re.compile(r"\w+"), f"{where}.deposed") if deposed else "",
    )


def _remove(attributes: dict[str, Any], paths: list[Any]) -> None:
    """Remove the values at paths of the form [{"type": "get_attr", "value": "password"}, ...].

    If a path cannot be followed to its end, the whole attribute is removed.
    """
    for path in paths:
        # a single step in older states, instead of a list of steps
        steps = [_step(step) for step in (path if isinstance(path, list) else [path])]
        if not steps or not isinstance(steps[0], str):
            attributes.clear()
            continue
        holder: Any = attributes
        for step in steps[:-1]:
            holder = _inside(holder, step)
        if isinstance(holder, dict) and isinstance(steps[-1], str):
            holder.pop(steps[-1], None)
        elif isinstance(holder, list) and isinstance(steps[-1], int) and 0 <= steps[-1] < len(holder):
            holder[steps[-1]] = None
        else:
            attributes.pop(steps[0], None)


def _step(step: Any) -> str | int | None:
    """Return the name of an attribute, or the index in a list or map. Terraform writes an index with its type."""
    value = step.get("value") if isinstance(step, dict) else step
    if isinstance(value, dict):
        value = value.get("value")
    return value if isinstance(value, str | int) and not isinstance(value, bool) else None


def _inside(holder: Any, step: str | int | None) -> Any:
    if isinstance(holder, dict) and isinstance(step, str):
        return holder.get(step)
    if isinstance(holder, list) and isinstance(step, int) and 0 <= step < len(holder):
        return holder[step]
    return None
