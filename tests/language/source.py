"""Read the texts of source code: strings, docstrings and comments of Python and of shell scripts."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator

from language.text import Text, has_words

PLACEHOLDER = "X"
DIRECTIVE = re.compile(
    r"\b(?:noqa(?::\s*[A-Z0-9, ]+)?|type:\s*ignore(?:\[[\w, -]+\])?|ruff:|pragma:.*|shellcheck \S+)\s*"
)
SHELL_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"|\'([^\']*)\'')
SHELL_VARIABLE = re.compile(r"\$\{[^}]*\}|\$\([^)]*\)|\$\w+")


def python_texts(place: str, source: str, *, strings: bool = True) -> Iterator[Text]:
    """Yield the prose of a Python file: docstrings, comments and, with `strings`, strings of two words or more."""
    tree = ast.parse(source)
    docstrings = set()
    for node in _statements(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            docstring = ast.get_docstring(node)
            if docstring is not None:
                first = node.body[0]
                docstrings.add(id(first.value))  # type: ignore[attr-defined] # it is an expression
                yield Text(f"{place}:{first.lineno}", _docstring_kind(node), docstring)
    for line, text in _strings(tree, docstrings) if strings else ():
        if has_words(text):
            yield Text(f"{place}:{line}", "message", text)
    if "#" in source:
        yield from comments(place, source)


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and the statements below it. No docstring is in an expression."""
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.stmt, ast.excepthandler, ast.match_case)):
            yield from _statements(child)


def _docstring_kind(node: ast.AST) -> str:
    """Return "function" for a function, and "docstring" for a test, a property, a class or a module."""
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or node.name.startswith("test_"):
        return "docstring"
    decorators = " ".join(ast.unparse(each) for each in node.decorator_list)
    return "docstring" if "property" in decorators else "function"


def _strings(node: ast.AST, skipped: set[int]) -> Iterator[tuple[int, str]]:
    """Yield every string expression with its line; placeholders become X."""
    text = None if id(node) in skipped else _spoken(node)
    if text is not None:
        yield node.lineno, text  # type: ignore[attr-defined] # it is an expression
        return
    for child in ast.iter_child_nodes(node):
        yield from _strings(child, skipped) if id(child) not in skipped else ()


def _spoken(node: ast.AST) -> str | None:
    """Return the text of a string expression, or None for other expressions."""
    match node:
        case ast.Constant(value=str(value)):
            return value
        case ast.JoinedStr(values=values):
            return "".join(_spoken(value) or PLACEHOLDER for value in values)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            parts = [_spoken(left), _spoken(right)]
            return None if parts == [None, None] else "".join(part or PLACEHOLDER for part in parts)
    return None


def comments(place: str, source: str) -> Iterator[Text]:
    """Yield the comments of a Python file; lines that follow one another are one comment."""
    found = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            alone = not token.line[: token.start[1]].strip()
            found.append((token.start[0], alone, token.string))
    yield from _joined(place, found)


def hash_comments(place: str, source: str) -> Iterator[Text]:
    """Yield the comments of a file whose comments begin with #."""
    found = []
    for number, line in enumerate(source.splitlines(), 1):
        match = re.search(r"(?:^|\s)(#(?!!).*)", line)
        if match:
            found.append((number, not line[: match.start(1)].strip(), match[1]))
    yield from _joined(place, found)


def _joined(place: str, found: Iterable[tuple[int, bool, str]]) -> Iterator[Text]:
    """Yield comments; the lines of a comment block are joined."""
    begin, end, lines = 0, 0, list[str]()
    for number, alone, line in found:
        text = DIRECTIVE.sub("", line.lstrip("#").strip()).strip(" -#")
        if not (alone and lines and number == end + 1):
            if lines:
                yield Text(f"{place}:{begin}", "comment", "\n".join(lines))
            begin, lines = number, []
        lines.append(text)
        end = number if alone else -1
    if lines:
        yield Text(f"{place}:{begin}", "comment", "\n".join(lines))


def shell_texts(place: str, source: str) -> Iterator[Text]:
    """Yield the comments of a shell script and its quoted strings of two words or more."""
    yield from hash_comments(place, source)
    for number, line in enumerate(source.splitlines(), 1):
        if line.lstrip().startswith("#"):
            continue
        for match in SHELL_STRING.finditer(line):
            text = SHELL_VARIABLE.sub(PLACEHOLDER, match[1] or match[2] or "")
            if has_words(text):
                yield Text(f"{place}:{number}", "message", text)
