"""Run the examples of a page of the documentation."""

from __future__ import annotations

import doctest


def run_examples(text: str) -> tuple[int, int]:
    """Run the examples in a text, and return the numbers of examples that failed and that ran."""
    test = doctest.DocTestParser().get_doctest(text, {"__name__": "own"}, "page", None, None)
    results = doctest.DocTestRunner(optionflags=doctest.IGNORE_EXCEPTION_DETAIL).run(test)
    return results.failed, results.attempted
