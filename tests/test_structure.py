"""The layout of the package holds: few things on the top level, small files, and constructs wired by objects."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from smtemplates.core.assemble import names_by_section
from smtemplates.templates.registry import TEMPLATES, definition

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "smtemplates"
REFERRING = {"Ref", "Condition", "Fn::If"}
MOST_ON_TOP = 23
MOST_LINES = {"smtemplates": 300, "scripts": 300, "tests": 500}


def test_few_packages_and_modules_stand_directly_under_the_package() -> None:
    """A newcomer can read the names on the top level at one glance."""
    found = [path for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()]
    assert len(found) <= MOST_ON_TOP
    assert {path.name for path in found if path.suffix == ".py"} == {"__init__.py", "__main__.py", "errors.py"}


@pytest.mark.parametrize("folder", MOST_LINES)
def test_no_file_is_too_long_to_read(folder: str) -> None:
    """A file beyond the limit must be split."""
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in (ROOT / folder).rglob("*.py")}
    assert {str(path): lines for path, lines in lengths.items() if lines > MOST_LINES[folder]} == {}


def _declared() -> dict[str, set[str]]:
    """Return the modules that declare each name of a parameter or condition, over all templates."""
    found: dict[str, set[str]] = {}
    for name in TEMPLATES:
        for construct in definition(name).constructs:
            sections = names_by_section(construct)
            for declared in (*sections["Parameters"], *sections["Conditions"]):
                found.setdefault(declared, set()).add(construct.source)
    return found


def _references(module: str) -> Iterator[tuple[int, str]]:
    """Yield the names of parameters and conditions to which a module refers by a string.

    These are the arguments of Ref, If and the like, the values of {"Ref": ...} and {"Condition": ...}, and the
    placeholders in a text of Fn::Sub that the call does not define itself.
    """
    file = import_module(module).__file__
    assert file
    for node in ast.walk(ast.parse(Path(file).read_text("utf-8"))):
        if isinstance(node, ast.Call):
            yield from ((node.lineno, name) for name in _in_call(node))
        elif isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            yield from (
                (node.lineno, name) for key, value in pairs if _text(key) in REFERRING for name in [_text(value)]
            )


def _in_call(call: ast.Call) -> list[str]:
    function = ast.unparse(call.func).rpartition(".")[2]
    conditions = [_text(keyword.value) for keyword in call.keywords if keyword.arg in {"Condition", "condition"}]
    if function in {"Ref", "If", "Condition", "when", "Equals", "not_", "all_of", "any_of"}:
        return [*conditions, *map(_text, call.args)]
    if function == "Sub":
        own = {keyword.arg for keyword in call.keywords}
        return [name for name in re.findall(r"\$\{(\w+)\}", ast.unparse(call)) if name not in own]
    return conditions


def _text(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def test_no_construct_names_a_parameter_or_condition_of_another_module() -> None:
    """Constructs receive parameters and conditions of other constructs as objects, so a type checker finds a rename."""
    declared = _declared()
    modules = {
        f"smtemplates.{path.relative_to(PACKAGE).with_suffix('').as_posix().replace('/', '.')}"
        for path in (PACKAGE / "templates").rglob("*.py")
        if path.stem != "__init__" and path.parent.name != "assets"
    }
    bare = [
        f"{module}:{line}: {name} of {', '.join(sorted(declared[name]))}"
        for module in sorted(modules)
        for line, name in _references(module)
        if name in declared and module not in declared[name]
    ]
    assert not bare, "\n".join(bare)
