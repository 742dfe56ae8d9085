"""The deliberate faults of `scripts/faults` can be made in the current code."""

from __future__ import annotations

import ast
from pathlib import Path

from faults import Fault, tables

ROOT = Path(__file__).parent.parent


def _problem(fault: Fault) -> str:
    """Return why a fault cannot be made, or an empty text."""
    text = (ROOT / fault.file).read_text(encoding="utf-8")
    count = text.count(fault.old)
    if count != 1:
        return f"{fault.old!r} occurs {count} times in {fault.file}"
    try:
        ast.parse(text.replace(fault.old, fault.new) if fault.file.endswith(".py") else "")
    except SyntaxError as error:
        return f"{fault.new!r} is not Python: {error}"
    missing = [name for name in fault.tests if not _exists(name)]
    return f"there is no {missing[0]}" if missing else "" if fault.tests else f"no test should notice {fault.new!r}"


def _exists(test: str) -> bool:
    """Return whether a file or a test exists. A parameter of the test, such as [a-b], is not checked."""
    file, _, name = test.partition("::")
    path = ROOT / file
    return path.exists() and (not name or f"def {name.partition('[')[0]}(" in path.read_text(encoding="utf-8"))


def test_each_fault_can_be_made() -> None:
    """The replaced text occurs exactly once, and the tests exist."""
    found = [fault for faults in tables().values() for fault in faults]
    assert [problem for fault in found if (problem := _problem(fault))] == []
    assert len(set(found)) == len(found)
