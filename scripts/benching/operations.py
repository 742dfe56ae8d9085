"""Run one operation on synthetic templates, and print its CPU time for each size."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from cfnlint.api import lint_all

from benching.synthetic import FEW, SIZES, synthetic
from smtemplates import check_policy, lint, render, specialize
from smtemplates.evaluate import Stack
from smtemplates.pages.explorer import explore

LONG = 5.0  # seconds of a run that is not repeated
SHORT = 0.2  # seconds that the runs together take at least
RUNS = 3  # of which the fastest counts


def _evaluate(template: Mapping[str, Any], _: str) -> None:
    stack = Stack(template)
    list(stack.resources)
    list(stack.outputs)


def _specialize(template: Mapping[str, Any], _: str) -> None:
    specialize(template, keep=list(template["Parameters"])[::2])


OPERATIONS: Mapping[str, Callable[[Mapping[str, Any], str], object]] = {
    "render": lambda template, _: render(template),
    "lint": lambda _, text: lint(text, cache=False),
    "cfn-lint": lambda _, text: lint_all(text),
    "policy": lambda _, text: check_policy(text, cache=False),
    "evaluate": _evaluate,
    "specialize": _specialize,
    "explore": lambda template, _: explore(template, "synthetic"),
}


def main(operation: str) -> None:
    """Print the CPU seconds of an operation for each size as JSON. A small template first loads all modules."""
    seconds = {}
    for size in (FEW, *SIZES.items()):
        template = synthetic(*size)
        text = render(template)
        times: list[float] = []
        while (len(times) < RUNS and sum(times) < LONG) or sum(times) < SHORT:
            begin = time.process_time()
            OPERATIONS[operation](template, text)
            times.append(time.process_time() - begin)
        seconds[size[0]] = min(times)
    print(json.dumps(seconds))


if __name__ == "__main__":
    main(sys.argv[1])
