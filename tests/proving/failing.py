"""Deployments that fail in AWS, and that the local cloud would complete."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

from deploying.local_aws import Aws

from proving.clouds import Answer, Forward

UNCHANGED = ("CREATE_COMPLETE", "REVIEW_IN_PROGRESS")


def failing(resource: str, kind: str, reason: str) -> Callable[[Aws], Mapping[str, Answer]]:
    """Return answers in which the second executed change set fails at a resource, and AWS rolls it back."""

    def answers(_aws: Aws) -> Mapping[str, Answer]:
        stacks: list[str] = []
        executed: list[dict[str, Any]] = []

        def create(request: dict[str, Any], forward: Forward) -> Any:
            answer = forward(**request)
            stacks.append(answer["StackId"])
            return answer

        def execute(request: dict[str, Any], forward: Forward) -> Any:
            executed.append(request)
            return {} if len(executed) == 2 else forward(**request)

        def describe(request: dict[str, Any], forward: Forward) -> Any:
            answer = forward(**request)
            if len(executed) < 2:
                return answer
            return {**answer, "Stacks": [rolled_back(one) for one in answer["Stacks"]]}

        def rolled_back(stack: dict[str, Any]) -> dict[str, Any]:
            if stack["StackId"] != stacks[-1] or stack["StackStatus"] not in UNCHANGED:
                return stack
            update = "UPDATE_" if stack["StackStatus"] == "CREATE_COMPLETE" else ""
            return {**stack, "StackStatus": f"{update}ROLLBACK_COMPLETE"}

        def events(request: dict[str, Any], forward: Forward) -> Any:
            answer = forward(**request)
            if len(executed) < 2:
                return answer
            own = {"StackId": stacks[-1], "StackName": "stack", "Timestamp": datetime.now(timezone.utc)}
            failed = {
                **own,
                "EventId": "failed",
                "LogicalResourceId": resource,
                "ResourceType": kind,
                "ResourceStatus": "CREATE_FAILED",
                "ResourceStatusReason": reason,
                "ClientRequestToken": executed[1]["ClientRequestToken"],
            }
            return {**answer, "StackEvents": [failed, *answer["StackEvents"]]}

        return {
            "create_change_set": create,
            "execute_change_set": execute,
            "describe_stacks": describe,
            "describe_stack_events": events,
        }

    return answers


def completed(answer: Any) -> Any:
    """Return an answer with stacks whose deployment succeeded."""
    names = {"ROLLBACK_COMPLETE": "CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE": "UPDATE_COMPLETE"}
    stacks = [{**one, "StackStatus": names.get(one["StackStatus"], one["StackStatus"])} for one in answer["Stacks"]]
    return {**answer, "Stacks": stacks}
