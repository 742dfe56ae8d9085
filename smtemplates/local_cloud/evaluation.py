"""The evaluation of templates in the local cloud: their text, parameters that are lists, and conditions."""

# ruff: noqa: SLF001 - MiniStack has no public interface for this, so private members of the locked version are patched
from __future__ import annotations

import marshal
import sys
from functools import lru_cache
from importlib import import_module
from typing import Any

from smtemplates.local_cloud.sagemaker import Props


def patch() -> None:
    """Replace the functions of MiniStack that parse templates, resolve parameters and evaluate conditions."""
    parse_in_c()
    parse_once()
    check_allowed_values_of_lists()
    fix_conditions()


def _replace(name: str, new: Any) -> None:
    """Replace a function in all modules that have imported it."""
    old = vars(import_module("ministack.services.cloudformation.engine"))[name]
    for module_name, module in list(sys.modules.items()):
        if module_name.startswith("ministack.services.cloudformation") and vars(module).get(name) is old:
            vars(module)[name] = new


def parse_in_c() -> None:
    """Parse YAML with libyaml if PyYAML has it. MiniStack uses the parser in Python, which takes five times as long.

    The composer in Python stays: that of libyaml overflows the C stack on deep nesting.

    Source: https://pyyaml.org/wiki/PyYAMLDocumentation
    """
    engine, yaml = (import_module(name) for name in ("ministack.services.cloudformation.engine", "yaml"))
    if not yaml.__with_libyaml__:
        return
    composer, loader = yaml.composer.Composer, yaml.CSafeLoader

    def start(self: Any, text: str) -> None:
        loader.__init__(self, text)
        composer.__init__(self)

    parts = {"__init__": start, "yaml_constructors": engine.CfnLoader.yaml_constructors}
    _replace("CfnLoader", type("CfnLoader", (composer, loader), parts))


def parse_once() -> None:
    """Parse equal texts once. MiniStack parses the template of a stack in each call about it, and changes the result.

    So each call receives a copy, in a twentieth of the time.
    """
    parse = import_module("ministack.services.cloudformation.engine")._parse_template

    @lru_cache(maxsize=32)
    def parsed(text: str) -> bytes:
        return marshal.dumps(parse(text))

    _replace("_parse_template", lambda text: marshal.loads(parsed(text)))  # noqa: S302 written above


def check_allowed_values_of_lists() -> None:
    """Compare each item of a list with the allowed values. MiniStack compares the whole list.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
    """
    resolve = import_module("ministack.services.cloudformation.engine")._resolve_parameters

    def resolve_lists(template: Props, provided: Any, *previous: Any, **more: Any) -> Props:
        declared = template.get("Parameters", {})
        lists = {
            name: about["AllowedValues"]
            for name, about in declared.items()
            if about.get("Type") == "CommaDelimitedList" and "AllowedValues" in about
        }
        free = {name: {**declared[name], "AllowedValues": None} for name in lists}
        resolved: Props = resolve({**template, "Parameters": {**declared, **free}}, provided, *previous, **more)
        for name, allowed in lists.items():
            if others := {item.strip() for item in resolved[name]["Value"].split(",")} - set(map(str, allowed)):
                raise ValueError(f"Parameter {name} must be one of AllowedValues: {', '.join(sorted(others))}")
        return resolved

    _replace("_resolve_parameters", resolve_lists)


def fix_conditions() -> None:
    """Evaluate all functions that AWS allows in conditions. MiniStack supports only some."""
    engine = import_module("ministack.services.cloudformation.engine")

    def evaluate(template: Props, params: Props) -> dict[str, bool]:
        conditions = template.get("Conditions", {})
        known: dict[str, bool] = {}

        def truth(expression: Any) -> bool:
            ((function, arguments),) = expression.items()
            if function == "Condition":
                if arguments not in known:
                    known[arguments] = truth(conditions[arguments])
                return known[arguments]
            if function == "Fn::Equals":
                left, right = (
                    engine._resolve_refs(side, {}, params, known, template.get("Mappings", {}), "", "")
                    for side in arguments
                )
                return bool(left == right)
            parts = [truth(part) for part in arguments]
            return {"Fn::And": all(parts), "Fn::Or": any(parts), "Fn::Not": not parts[0]}[function]

        return {name: truth({"Condition": name}) for name in conditions}

    _replace("_evaluate_conditions", evaluate)
