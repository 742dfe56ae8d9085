"""Read the sections of a template that can contain anything, and find the parts that need a transform.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros-overview.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

TRANSFORM = "Fn::Transform"
LOOP = "Fn::ForEach"
# These transforms of AWS only add to a template, or only replace the keys that `needs_transform` finds. Other names are
# macros, which can change everything, or AWS::Include, which can add to every section.
# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-reference.html
_LIMITED = (
    "AWS::CodeDeployBlueGreen",
    "AWS::LanguageExtensions",
    "AWS::SecretsManager-",
    "AWS::Serverless-",
    "AWS::ServiceCatalog",
)
_SERVERLESS = "AWS::Serverless::"
# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/modules.html
_MODULE = "::MODULE"
_SINGULAR = {
    "Parameters": "Parameter",
    "Rules": "Rule",
    "Mappings": "Mapping",
    "Conditions": "Condition",
    "Resources": "Resource",
    "Outputs": "Output",
}

Path = tuple[str, ...]


def entries(template: Mapping[str, Any], section: str) -> Mapping[str, Any]:
    """Return a section by name, and an empty one if it is missing or not a mapping."""
    found = template.get(section)
    return found if isinstance(found, dict) else {}


def definitions(template: Mapping[str, Any], section: str) -> Mapping[str, dict[str, Any]]:
    """Return the entries of a section that are mappings; those of Parameters have a Type, which is text.

    A linter reports the others, and a transform replaces the keys Fn::Transform and Fn::ForEach.
    """
    found = {name: body for name, body in entries(template, section).items() if isinstance(body, dict)}
    typed = section == "Parameters"
    return {name: body for name, body in found.items() if not replaces(name) and not (typed and type_of(body) is None)}


def type_of(body: Mapping[str, Any]) -> str | None:
    """Return the Type of a parameter or resource, or None if it is not text."""
    found = body.get("Type")
    return found if isinstance(found, str) else None


def assertions(rule: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the assertions of a rule that have an expression."""
    found = rule.get("Assertions")
    return [one for one in found if isinstance(one, dict) and "Assert" in one] if isinstance(found, list) else []


def replaces(key: Any) -> bool:
    """Return whether a transform replaces the value of this key in any mapping."""
    return isinstance(key, str) and (key == TRANSFORM or key.startswith(LOOP))


def can_grow(template: Mapping[str, Any], section: str) -> bool:
    """Return whether a transform can add entries to a section of the template."""
    return bool(_macros(template)) or any(map(replaces, entries(template, section)))


def mappings_of(template: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the Mappings, with the key of a transform if one can add more of them."""
    mappings = entries(template, "Mappings")
    return {**mappings, TRANSFORM: {}} if can_grow(template, "Mappings") else mappings


def hidden(template: Mapping[str, Any]) -> dict[str, Path]:
    """Return the parts that need a transform, with their paths.

    A part is "Template", an entry of a section with definitions, or a whole other section.
    """
    found: dict[str, Path] = {}
    if macros := _macros(template):
        found["Template"] = (macros,)
    for section, content in template.items():
        if section in {"Transform", TRANSFORM}:
            continue
        if section not in _SINGULAR or not isinstance(content, dict):
            found |= {section: (section,)} if needs_transform(content) else {}
            continue
        for name, body in content.items():
            if replaces(name):
                found[f"{section}.{name}"] = (section, name)
            elif needs_transform(body) or (section == "Resources" and _is_replaced(body)):
                found[f"{_SINGULAR[section]} {name}"] = (section, name)
    return found


def creates_resources(template: Mapping[str, Any]) -> bool:
    """Return whether a transform or a module can create resources of any type that the template does not declare."""
    types = map(type_of, definitions(template, "Resources").values())
    return can_grow(template, "Resources") or any(one is not None and one.endswith(_MODULE) for one in types)


def needs_transform(value: Any) -> bool:
    """Return whether a value contains a function that a transform replaces."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            if any(map(replaces, part)):
                return True
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    return False


def nested(value: Any) -> Iterator[Any]:
    """Yield a value, and all values in it at any depth."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        yield part
        if isinstance(part, dict):
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part


def _is_replaced(body: Any) -> bool:
    """Return whether AWS replaces a resource by others: those of AWS SAM and of modules."""
    kind = type_of(body) if isinstance(body, dict) else None
    return kind is not None and (kind.startswith(_SERVERLESS) or kind.endswith(_MODULE))


def _macros(template: Mapping[str, Any]) -> str:
    """Return the key of the template that names macros which can change all of it, or ''."""
    if TRANSFORM in template:
        return TRANSFORM
    named = template.get("Transform")
    listed = named if isinstance(named, list) else [named]
    names = [one.get("Name") if isinstance(one, dict) else one for one in listed]
    return "Transform" if any(name is not None and not str(name).startswith(_LIMITED) for name in names) else ""
