"""Read the files that are stored next to the code that uses them, in a folder named assets."""

from __future__ import annotations

import ast
import io
import pkgutil
import tokenize
from collections.abc import Iterator

# The modules from which code imports only names for annotations.
_TYPES = {"__future__", "collections.abc", "typing"}


def read_asset(package: str, name: str) -> str:
    """Return the text of a file in the assets folder of a package, such as `__package__`."""
    # importlib.resources would take 1 MiB more memory
    return (pkgutil.get_data(package, f"assets/{name}") or b"").decode().replace("\r\n", "\n")


def read_code(package: str, name: str) -> str:
    """Return the Python code of an asset without comments, annotations, and docstrings of functions.

    Code in a template counts towards the size that CloudFormation accepts. Comments and types are for developers.
    """
    code = read_asset(package, name)
    tree = ast.parse(code)
    lines = code.splitlines()
    for row, start, end in sorted({*_comments(code), *_annotations(tree)}, reverse=True):
        lines[row - 1] = (lines[row - 1][:start] + lines[row - 1][end:]).rstrip()
    unused = {row for node in ast.walk(tree) for row in _unused_rows(node)}
    before, after = code.splitlines(), enumerate(lines, start=1)
    kept = [line for row, line in after if row not in unused and (line or not before[row - 1])]
    return "\n".join(kept) + "\n"


def _comments(code: str) -> Iterator[tuple[int, int, int]]:
    """Yield the row, the start and the end of each comment."""
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type == tokenize.COMMENT:
            yield *token.start, token.end[1]


def _annotations(tree: ast.AST) -> Iterator[tuple[int, int, int]]:
    """Yield the row, the start and the end of each annotation. All are on one line, and all columns are of ASCII."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.returns:
            yield node.returns.lineno, node.returns.col_offset - len(" -> "), node.returns.end_col_offset or 0
        elif isinstance(node, ast.arg) and node.annotation:
            yield node.lineno, node.col_offset + len(node.arg), node.end_col_offset or 0
        elif isinstance(node, ast.AnnAssign):
            yield node.lineno, node.target.end_col_offset or 0, node.annotation.end_col_offset or 0


def _unused_rows(node: ast.AST) -> range:
    """Return the rows of the docstring of a function, or of an import for annotations."""
    if isinstance(node, ast.FunctionDef) and ast.get_docstring(node):
        return range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1)
    if isinstance(node, ast.ImportFrom) and node.module in _TYPES:
        return range(node.lineno, (node.end_lineno or 0) + 1)
    return range(0)
