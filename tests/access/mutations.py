"""Copies of a policy without one of its elements. A test must detect each of them."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

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
