"""Find the line of a template for a path in the resolved template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import yaml

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Node = Any  # of PyYAML, which has no types for nodes


class Places:
    """Lines and columns in the text of a template that has been loaded before."""

    def __init__(self, text: str) -> None:
        """Store the text, which is parsed when the first line is needed."""
        self._text = text

    def of(self, path: Sequence[str], conditions: Mapping[str, bool]) -> tuple[int, int]:
        """Return the line and column of a path, or of its longest part that the text contains.

        It is a path in the resolved template: every Fn::If is replaced by the branch that `conditions` choose.
        """
        mark, node, rest = None, self._root, list(path)
        while rest and node is not None:
            node = _chosen(node, conditions)
            found = _step(node, rest, conditions)
            if found is None:
                break
            mark, node, rest = found
        return (mark.line + 1, mark.column + 1) if mark else (1, 1)

    @cached_property
    def _root(self) -> Node:
        try:
            return yaml.compose(self._text, Loader=_LOADER)
        except yaml.YAMLError:
            return None  # JSON with escapes that YAML does not have


def _step(node: Node, rest: list[str], conditions: Mapping[str, bool]) -> tuple[Any, Node, list[str]] | None:
    """Follow one step of a path: return the mark, the node and the rest of the path."""
    if isinstance(node, yaml.MappingNode):
        for length in range(1, len(rest) + 1):  # keys can contain dots, which also separate the keys of a path
            name = ".".join(rest[:length])
            for key, value in node.value:
                if key.value == name:
                    return key.start_mark, value, rest[length:]
    elif isinstance(node, yaml.SequenceNode) and rest[0].isdecimal():
        items = [item for item in node.value if not _is_no_value(_chosen(item, conditions))]
        if int(rest[0]) < len(items):
            item = items[int(rest[0])]
            return item.start_mark, item, rest[1:]
    return None


def _chosen(node: Node, conditions: Mapping[str, bool]) -> Node:
    """Follow every Fn::If, in short or long form, to the branch that applies."""
    while True:
        match _arguments(node, "!If", "Fn::If"):
            case yaml.SequenceNode(value=[condition, then, otherwise]):
                node = then if conditions.get(str(condition.value)) else otherwise
            case _:
                return node


def _is_no_value(node: Node) -> bool:
    name = _arguments(node, "!Ref", "Ref")
    return name is not None and name.value == "AWS::NoValue"


def _arguments(node: Node, short: str, long: str) -> Node | None:
    if node.tag == short:
        return node
    if isinstance(node, yaml.MappingNode) and len(node.value) == 1 and node.value[0][0].value == long:
        return node.value[0][1]
    return None
