"""A policy with one thing taken away, to see whether any test notices."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

# MLflow's own API: its service has a prefix of its own that the simulator's data set may lack.
ELSEWHERE = "sagemaker-mlflow:"


def weakened(policy: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Take each statement, each action and each condition away, one at a time; say what that is about."""
    for place, statement in enumerate(policy["Statement"]):
        sid = statement["Sid"]
        others = [*policy["Statement"][:place], *policy["Statement"][place + 1 :]]
        yield sid, statement, _with(policy, others)
        for action in _taken_one_by_one(statement):
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


def _taken_one_by_one(statement: dict[str, Any]) -> Sequence[str]:
    actions: list[str] = statement.get("Action", [])
    # alone it is the statement; a refusal may be wider than what anything allows
    if len(actions) == 1 or statement["Effect"] == "Deny":
        return ()
    return [action for action in actions if not action.startswith(ELSEWHERE)]


def _with(policy: Mapping[str, Any], statements: list[dict[str, Any]]) -> dict[str, Any]:
    # IAM wants at least one; this one grants nothing that the table asks for
    return {**policy, "Statement": statements or [{"Effect": "Deny", "Action": "a4b:*", "Resource": "*"}]}
