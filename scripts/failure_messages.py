"""Find the messages of failures in the code, for the page about troubleshooting.

A message is the text of an error. A placeholder such as STACK stands for a value. If a function writes the text, the
messages are all sentences in the function.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("deploy", "aws", "publish")
# The errors of the deployer, with their exit codes.
CODES = {
    "Error": 1,
    "UsageError": 2,
    "DeploymentError": 1,
    "CloudError": 1,
    "NotStartedError": 1,
    "RefusedError": 4,
    "TimedOutError": 5,
    "StoppedError": 130,
}
FEWEST_WORDS = 4  # of a sentence. Shorter texts are parts of a sentence, such as the name of a command.
# Functions that add to a text, but do not write sentences that a user can look up.
FORMATTING = {
    "sentence",
    "join",
    "command",
    "masked",
    "str",
    "replace",
    "format",
    "nearest",
    "title",
    "with_hook_results",
}
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, order=True)
class Message:
    """The text of a message, the module that contains it, and the exit code of the command."""

    module: str
    code: int
    text: str


def messages() -> list[Message]:
    """Return all messages, in the order of the modules."""
    trees = {
        path.relative_to(ROOT / "smtemplates").as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for package in PACKAGES
        for path in sorted((ROOT / "smtemplates" / package).rglob("*.py"))
    }
    public = {name: node for tree in trees.values() for name, node in _functions(tree) if not name.startswith("_")}
    return list(dict.fromkeys(each for module, tree in trees.items() for each in _of_module(module, tree, public)))


def _functions(tree: ast.AST) -> Iterator[tuple[str, Function]]:
    return ((node.name, node) for node in ast.walk(tree) if isinstance(node, Function))


def _of_module(module: str, tree: ast.AST, public: dict[str, Function]) -> Iterator[Message]:
    """Yield the messages of a module: the arguments of its errors, and those of the functions that write them."""
    functions = {**public, **dict(_functions(tree))}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args or _name(node.func) not in CODES:
            continue
        code = CODES[_name(node.func)]
        for text in _texts(node.args[0]):
            yield Message(module, code, text)
        for inner in ast.walk(node.args[0]):
            if isinstance(inner, ast.Call) and _name(inner.func) in functions.keys() - FORMATTING:
                function = functions[_name(inner.func)]
                for statement in function.body[1 if ast.get_docstring(function) else 0 :]:
                    for text in _texts(statement):
                        yield Message(module, code, text)


def _texts(node: ast.AST) -> Iterator[str]:
    """Yield the sentences below a node."""
    if isinstance(node, (ast.Constant, ast.JoinedStr)):
        text = " ".join(re.sub(r"(?<=[A-Z])\n", ". ", _text(node)).split())
        if len(re.findall(r"[a-z]{2,}", text)) >= FEWEST_WORDS and re.match(r"[A-Z-].*(?<! is)$", text):
            yield text
        return
    for child in ast.iter_child_nodes(node):
        yield from _texts(child)


def _text(node: ast.AST) -> str:
    """Return a text with a placeholder for each expression."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(value) for value in node.values)
    return _placeholder(node.value) if isinstance(node, ast.FormattedValue) else ""


def _placeholder(node: ast.expr) -> str:
    """Return a word in capital letters for an expression, or the command for a call that builds one."""
    if isinstance(node, ast.Call) and _name(node.func) == "command":
        words = [value.value if isinstance(value, ast.Constant) else _placeholder(value) for value in node.args]
        return " ".join(["smtemplates", *map(str, words)])
    if isinstance(node, ast.Attribute):
        return node.attr.upper() if node.attr not in {"name", "id"} else _placeholder(node.value)
    if isinstance(node, ast.Name):
        return node.id.upper().lstrip("_")
    if isinstance(node, ast.Call) and node.args:
        return _placeholder(node.args[-1])
    if isinstance(node, ast.Subscript):
        return _placeholder(node.value)
    return "..."


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
