"""Shared answers about conditions are those of SymPy, and are used only for known modules of cfn-lint."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import And, Not, Or, false, true
from sympy.assumptions import cnf
from sympy.logic import inference

from smtemplates.linting import speedups
from smtemplates.linting.clauses import Clauses
from smtemplates.linting.linter import lint

EncodedCNF: Any = cnf.EncodedCNF
Equivalent: Any = sympy.Equivalent
Symbol: Any = sympy.Symbol
satisfiable: Any = inference.satisfiable

symbols = st.sampled_from([Symbol(name) for name in "abcdef"])
literals = symbols | symbols.map(Not)
propositions: st.SearchStrategy[Any] = st.one_of(
    literals,
    st.sampled_from([true, false]),
    st.lists(literals, min_size=2, max_size=3).map(lambda found: Or(*found)),
    st.lists(literals, min_size=2, max_size=3).map(lambda found: And(*found)),
    st.tuples(symbols, literals).map(lambda found: Equivalent(*found)),
)

# About as many clauses of three literals as leave it open whether an assignment makes all of them true.
hard = st.lists(
    st.lists(literals, min_size=3, max_size=3).map(lambda found: Or(*found)), min_size=20, max_size=32, unique=True
)


def solution(found: list[Any]) -> object:
    """Return the solution of SymPy."""
    encoded = EncodedCNF()
    for proposition in found:
        encoded.add_prop(proposition)
    return satisfiable(encoded)


def is_same(one: object, other: object) -> bool:
    """Return whether cfn-lint treats two solutions alike. The solution without clauses, {}, is a third kind."""
    return (bool(one), one is False) == (bool(other), other is False)


@settings(max_examples=50)
@given(
    common=st.lists(propositions, max_size=12) | hard, added=st.lists(st.lists(propositions, max_size=6), max_size=5)
)
def test_answers_are_those_of_sympy(common: list[Any], added: list[list[Any]]) -> None:
    """The answers for clauses, and for copies to which others are added, do not depend on earlier answers."""
    clauses = Clauses()
    for proposition in common:
        clauses.add_prop(proposition)
    expected = solution(common)
    for more in added:
        copy = clauses.copy()
        for count, proposition in enumerate(more, 1):
            copy.add_prop(proposition)
            assert is_same(copy.solution(), solution([*common, *more[:count]]))
        copy.copy().add_prop(false)
        assert is_same(copy.solution(), solution([*common, *more]))
    assert is_same(clauses.solution(), expected)
    clauses.add_prop(false)
    assert not clauses.solution()


CONDITIONS = """\
Parameters: {A: {Type: String}}
Conditions: {IsA: !Equals [!Ref A, a], IsB: !Equals [!Ref A, b], Both: !And [!Condition IsA, !Condition IsB]}
Resources:
  Bucket: {Type: AWS::S3::Bucket, Condition: IsA}
Outputs:
  Name: {Condition: IsB, Value: !Ref Bucket}
"""


def test_a_new_release_of_cfn_lint_uses_its_own_solver(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """If a module of cfn-lint is unknown, a message contains its name, and the findings are the same."""
    findings = lint(CONDITIONS, cache=False)
    assert findings
    used = []
    monkeypatch.setattr(speedups, "Clauses", lambda *_: used.append(1))
    monkeypatch.setitem(speedups.KNOWN, next(iter(speedups.KNOWN)), set())
    speedups.is_known.cache_clear()
    try:
        with caplog.at_level(logging.WARNING):
            assert lint(CONDITIONS, cache=False) == findings
            lint(CONDITIONS, cache=False)
    finally:
        speedups.is_known.cache_clear()
    assert not used
    (message,) = [one.getMessage() for one in caplog.records]
    assert "cfnlint.conditions._utils" in message
    assert "takes longer" in message
