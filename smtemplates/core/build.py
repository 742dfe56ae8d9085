"""Build constructs with functions whose arguments name the constructs that they receive."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any, get_type_hints

from smtemplates.core.construct import Construct
from smtemplates.errors import TemplateError

Function = Callable[..., Any]


def resolve(function: str | Function) -> Function:
    """Return a function, or the function that a "module:function" text names.

    Raises:
        TemplateError: there is no such module or function.
    """
    if not isinstance(function, str):
        return function
    module, _, name = function.partition(":")
    try:
        found: Function = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise TemplateError(f"{function}: {error}. It must name a module and one of its functions.") from error
    return found


def build_all(functions: Mapping[str, str | Function], wanted: Iterable[str]) -> dict[str, Construct]:
    """Build the wanted constructs and all that they receive, each once.

    `functions` maps the names of constructs to functions or "module:function" texts. A function receives by each
    argument the construct of that name. An argument with a default keeps the default if the construct is not in
    `functions`.

    Raises:
        TemplateError: a construct is missing, has another type than the argument, or receives itself, or the result of
            a function is not a construct.
    """
    built: dict[str, Construct] = {}
    under_way: list[str] = []

    def build(name: str) -> Construct:
        if name in built:
            return built[name]
        if name in under_way:
            raise TemplateError(f"These constructs receive each other: {', '.join(under_way)}.")
        under_way.append(name)
        function = resolve(functions[name])
        arguments = {
            argument.name: build(argument.name)
            for argument in inspect.signature(function).parameters.values()
            if _is_available(argument, functions, _text(function))
        }
        _check_types(_text(function), get_type_hints(function), arguments)
        construct = function(**arguments)
        if not isinstance(construct, Construct):
            raise TemplateError(f"{_text(function)} returns a {type(construct).__name__}, not a Construct.")
        built[name] = construct
        under_way.pop()
        return construct

    for name in wanted:
        build(name)
    return built


def _text(function: Function) -> str:
    return f"{function.__module__}:{function.__name__}"


def _is_available(argument: inspect.Parameter, functions: Iterable[str], function: str) -> bool:
    if argument.name in functions:
        return True
    if argument.default is not inspect.Parameter.empty:
        return False
    raise TemplateError(
        f"{function} receives {argument.name!r}, which is not a construct of this template. "
        f"The constructs are: {', '.join(functions)}."
    )


def _check_types(function: str, hints: Mapping[str, Any], arguments: Mapping[str, Construct]) -> None:
    for name, construct in arguments.items():
        expected = hints.get(name, Construct)
        if not isinstance(construct, expected):
            raise TemplateError(f"{function}: argument {name!r} is a {type(construct).__name__}, not {expected}.")
