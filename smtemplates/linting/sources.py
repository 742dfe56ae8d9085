"""Find the line of the Python function that builds a construct."""

from __future__ import annotations

import ast
import sys
from functools import cache
from pathlib import Path


@cache
def function_line(source: str) -> int:
    """Return the line of the function that builds the construct of a module, such as "mine/topic.py"; 0 if unknown.

    It is the function with the name of the module, otherwise the only public function. The module has been imported.
    """
    module = sys.modules.get(source.removesuffix(".py").replace("/", "."))
    file = getattr(module, "__file__", None)
    if not file:
        return 0
    try:
        tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError):
        return 0
    lines = {one.name: one.lineno for one in tree.body if isinstance(one, ast.FunctionDef) and one.name[0] != "_"}
    name = Path(source).stem
    if name in lines:
        return lines[name]
    return next(iter(lines.values())) if len(lines) == 1 else 0
