"""Copies of a policy without one of its elements. A test must detect each of them."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from access.simulator import ROLE, Policies, Request, verdicts

Case = tuple[Policies, Request, bool]  # the last part is the result without the change

# The data set of the simulator may lack the separate service prefix of the MLflow API.
MLFLOW_API = "sagemaker-mlflow:"


def mutations(policy: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Yield a title, the changed statement and the policy without one statement, one action or one condition."""
    for index, statement in enumerate(policy["Statement"]):
        sid = statement["Sid"]
        others = [*policy["Statement"][:index], *policy["Statement"][index + 1 :]]
        yield sid, statement, _with(policy, others)
        for action in _removable_actions(statement):
            kept = [other for other in statement["Action"] if other != action]
            only = {**statement, "Action": [action]}
            yield f"{sid} {action}", only, _with(policy, [*others, {**statement, "Action": kept}])
        for operator, keys in statement.get("Condition", {}).items():
            for key in keys:
                changed = copy.deepcopy(statement)
                del changed["Condition"][operator][key]
                if not changed["Condition"][operator]:
                    del changed["Condition"][operator]
                if not changed["Condition"]:
                    del changed["Condition"]
                yield f"{sid} {operator} {key}", statement, _with(policy, [*others, changed])


def _removable_actions(statement: dict[str, Any]) -> Sequence[str]:
    actions: list[str] = statement.get("Action", [])
    # A single action is the whole statement. A Deny may include actions that no statement allows.
    if len(actions) == 1 or statement["Effect"] == "Deny":
        return ()
    return [action for action in actions if not action.startswith(MLFLOW_API)]


def _with(policy: Mapping[str, Any], statements: list[dict[str, Any]]) -> dict[str, Any]:
    # IAM requires at least one statement. This one does not affect the requests of the table.
    return {**policy, "Statement": statements or [{"Effect": "Deny", "Action": "a4b:*", "Resource": "*"}]}


def unnoticed(changes: Mapping[str, Iterable[Case]], principal: str = ROLE) -> list[str]:
    """Return the changes with which no request has another result, sorted.

    One request of each change is simulated, then two, then four, and so on until one has another result.
    """
    missing: list[str] = []
    waiting = {title: iter(cases) for title, cases in changes.items()}
    size = 1
    while waiting:
        tried = [(title, *case) for title, cases in waiting.items() for case in itertools.islice(cases, size)]
        found = verdicts([(documents, request) for _, documents, request, _ in tried], principal)
        noticed = {case[0] for case, verdict in zip(tried, found, strict=True) if verdict is not case[3]}
        left = {case[0] for case in tried} - noticed
        missing += waiting.keys() - noticed - left  # all of their requests were simulated
        waiting = {title: cases for title, cases in waiting.items() if title in left}
        size *= 2
    return sorted(missing)
