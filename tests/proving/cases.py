"""A case for each experiment: the answers that the local cloud cannot give, and a fault that refutes the inference."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from deploying.local_aws import Aws

from proving import cases_permissions, cases_services
from proving.case import Case
from proving.clouds import Answer, Fault, Forward
from proving.jobs import jobs


def without_drift(answer: Any) -> Any:
    return {**answer, "StackResourceDrifts": []}


def with_another_reason(answer: Any) -> Any:
    messages = [{**one, "Body": one["Body"].replace("numbers.csv", "others.csv")} for one in answer.get("Messages", [])]
    return {**answer, "Messages": messages}


def with_broken_json(answer: Any) -> Any:
    return {**answer, "Messages": [{**one, "Body": one["Body"] + '"'} for one in answer.get("Messages", [])]}


def failed(kind: str, reason: str) -> Fault:
    return lambda answer: {**answer, f"{kind}JobStatus": "Failed", "FailureReason": reason}


GRANT = "ClientError: AccessDenied when calling the CreateGrant operation"
DENIED = "ClientError: AccessDenied when calling the PutObject operation"


RETENTION = 1209600
QUEUE = {
    "LogicalResourceId": "UndeliveredEvents",
    "ResourceType": "AWS::SQS::Queue",
    "Action": "Modify",
    "Replacement": "False",
}


def context(**properties: str) -> str:
    return json.dumps({"Properties": properties})


def reverting(aws: Aws) -> Mapping[str, Answer]:
    """Return answers with a change set that reverts the drift of the queue."""
    sets: set[str] = set()

    def create(request: dict[str, Any], forward: Forward) -> Any:
        if request.pop("DeploymentMode", "") != "REVERT_DRIFT":
            return forward(**request)
        # the local cloud needs a change, which the description below hides
        answer = forward(**{**request, "Tags": [*request["Tags"], {"Key": "drift", "Value": "reverted"}]})
        sets.add(answer["Id"])
        return answer

    def describe(request: dict[str, Any], forward: Forward) -> Any:
        answer = forward(**request)
        if answer["ChangeSetId"] not in sets:
            return answer
        template, actual = (context(MessageRetentionPeriod=value) for value in (str(RETENTION), "3600"))
        contexts = {"BeforeContext": actual, "AfterContext": template, "PreviousDeploymentContext": template}
        change = {**QUEUE, **contexts}
        return {**answer, "Changes": [{"Type": "Resource", "ResourceChange": change}]}

    def execute(request: dict[str, Any], forward: Forward) -> Any:
        if request["ChangeSetName"] in sets:
            sqs = aws.client("sqs")
            for queue in sqs.list_queues(QueueNamePrefix="smtemplates-prove-")["QueueUrls"]:
                sqs.set_queue_attributes(QueueUrl=queue, Attributes={"MessageRetentionPeriod": str(RETENTION)})
        return forward(**request)

    return {"create_change_set": create, "describe_change_set": describe, "execute_change_set": execute}


def with_values(_aws: Aws) -> Mapping[str, Answer]:
    """Return answers with the values of properties in the change set of an update."""

    def describe(request: dict[str, Any], forward: Forward) -> Any:
        answer = forward(**request)
        before = context(MessageRetentionPeriod=str(RETENTION))
        after = context(MessageRetentionPeriod="3600", DelaySeconds="5")
        updates = any(one["ResourceChange"]["Action"] == "Modify" for one in answer["Changes"])
        change = {**QUEUE, "BeforeContext": before, "AfterContext": after}
        return {**answer, "Changes": [{"Type": "Resource", "ResourceChange": change}]} if updates else answer

    return {"describe_change_set": describe}


def without_values(answer: Any) -> Any:
    changes = [{**one, "ResourceChange": {**one["ResourceChange"], "BeforeContext": "{}"}} for one in answer["Changes"]]
    return {**answer, "Changes": changes}


def with_topics(_aws: Aws) -> Mapping[str, Answer]:
    """Return answers with the topics of a stack, which the local cloud ignores."""
    topics: list[str] = []

    def create(request: dict[str, Any], forward: Forward) -> Any:
        topics[:] = request.get("NotificationARNs", topics)
        return forward(**request)

    def update(request: dict[str, Any], forward: Forward) -> Any:
        topics[:] = request.get("NotificationARNs", topics)
        return forward(**request)

    def describe(request: dict[str, Any], forward: Forward) -> Any:
        answer = forward(**request)
        return {**answer, "Stacks": [{**one, "NotificationARNs": [*topics]} for one in answer["Stacks"]]}

    return {"create_change_set": create, "update_stack": update, "describe_stacks": describe}


def without_topics(answer: Any) -> Any:
    return {**answer, "Stacks": [{**one, "NotificationARNs": []} for one in answer["Stacks"]]}


def with_action(answer: Any, action: str) -> Any:
    changes = [{**one, "ResourceChange": {**one["ResourceChange"], "Action": action}} for one in answer["Changes"]]
    return {**answer, "Changes": changes}


def replacing(answer: Any) -> Any:
    """Return an answer in which each update may replace its resource."""
    changes = [
        {**one, "ResourceChange": {**one["ResourceChange"], "Replacement": "Conditional", "Details": []}}
        for one in answer["Changes"]
        if one["ResourceChange"]["Action"] == "Modify"
    ]
    return {**answer, "Changes": changes or answer["Changes"]}


def with_another_name(answer: Any) -> Any:
    return {**answer, "Attributes": {**answer["Attributes"], "DisplayName": "{{resolve:secretsmanager:name}}"}}


def undelivered(aws: Aws) -> Mapping[str, Answer]:
    """Return answers that send each event to the queue for undelivered events."""

    def put(request: dict[str, Any], forward: Forward) -> Any:
        sqs = aws.client("sqs")
        for queue in sqs.list_queues(QueueNamePrefix="smtemplates-prove-")["QueueUrls"]:
            sqs.send_message(QueueUrl=queue, MessageBody=request["Entries"][0]["Detail"])
        return forward(**request)

    return {"put_events": put}


def evaluated(_aws: Aws) -> Mapping[str, Answer]:
    """Return answers with the state of evaluated alarms."""

    def describe(request: dict[str, Any], _forward: Forward) -> Any:
        return {"MetricAlarms": [{"AlarmName": name, "StateValue": "OK"} for name in request["AlarmNames"]]}

    return {"describe_alarms": describe}


def in_alarm(answer: Any) -> Any:
    return {"MetricAlarms": [{**one, "StateValue": "ALARM"} for one in answer["MetricAlarms"]]}


def without_messages(answer: Any) -> Any:
    return {key: value for key, value in answer.items() if key != "Messages"}


CASES: Mapping[str, Case] = {
    **cases_permissions.CASES,
    **cases_services.CASES,
    "alarm-notification": Case(faults={"receive_message": with_another_reason}),
    "drift-revert": Case(faults={"describe_stack_resource_drifts": without_drift}, answers=reverting),
    "customer-key": Case(faults={"describe_training_job": failed("Training", GRANT)}, answers=jobs),
    "dynamic-references": Case(faults={"get_topic_attributes": with_another_name}),
    "event-notification": Case(faults={"receive_message": with_broken_json}),
    "execution-role": Case(faults={"describe_processing_job": failed("Processing", DENIED)}, answers=jobs),
    "import-existing": Case(faults={"describe_change_set": lambda answer: with_action(answer, "Add")}),
    "kept-names": Case(faults={"describe_change_set": replacing}),
    "plan-values": Case(faults={"describe_change_set": without_values}, answers=with_values),
    "query-alarms": Case(faults={"describe_alarms": in_alarm}, answers=evaluated),
    "settings-update": Case(faults={"describe_stacks": without_topics}, answers=with_topics),
    "undelivered-events": Case(faults={"receive_message": without_messages}, answers=undelivered),
}
