"""The ways of a message to the encrypted topic: from an alarm, and from an event through the notification role."""

from __future__ import annotations

import json
import uuid
from typing import Any

from smtemplates.aws_data.usage_prices import ALARM_METRIC_HOUR, KEY_HOUR, REQUESTS
from smtemplates.prove.experiment import Charge, Experiment, LateError, RefutedError
from smtemplates.prove.trial import Trial
from smtemplates.prove.workspace import listening, only, with_resources, workspace

TOPIC, RULE, ALARM = "AlarmTopic", "JobFailures", "EndpointErrorsAlarm"
# Events of experiments. Only AWS can send events whose source starts with aws.
SOURCE = "smtemplates.prove"
TYPE = "Prove"
DELIVERY_MINUTES = 3
# The alarms need data of three periods of five minutes at most.
QUERY_MINUTES = 20
REASON = "AlgorithmError: \"No such file\" in 'numbers.csv'\n  line 1: C:\\data, exit code 1"


def received(trial: Trial, expected: str, queue: str, mark: str) -> str:
    """Wait for the message that contains a mark, and return it.

    Raises:
        RefutedError: It did not arrive in time.
    """

    def question() -> str | None:
        found = trial.call("sqs", "receive_message", QueueUrl=queue, MaxNumberOfMessages=10)
        return next((one["Body"] for one in found.get("Messages", []) if mark in one["Body"]), None)

    try:
        return trial.until(expected, question, minutes=DELIVERY_MINUTES)
    except LateError as error:
        raise RefutedError(
            f"No message reached the queue of the topic within {DELIVERY_MINUTES} minutes, although one was sent."
        ) from error


def encrypted() -> dict[str, Any]:
    """Return a workspace whose topic is encrypted with a key of the stack, and a queue that receives its messages."""
    template = workspace(["monitoring"], fix={"CreateKmsKey": "true"})
    return with_resources(template, listening(TOPIC), {"Queue": {"Ref": "Received"}})


def run_alarm(trial: Trial) -> str:
    """Set the state of an alarm by hand, and wait for its message."""
    outputs = trial.deploy(only(encrypted(), ALARM, "AlarmTopicPolicy", "Subscription"))
    mark = uuid.uuid4().hex
    trial.call(
        "cloudwatch",
        "set_alarm_state",
        AlarmName=trial.physical_id(ALARM),
        StateValue="ALARM",
        StateReason=f"{mark} {REASON}",
    )
    body = received(trial, "the message of the alarm arrives", outputs["Queue"], mark)
    reason = json.loads(body)["NewStateReason"]
    trial.check(reason, f"{mark} {REASON}", "The reason in the message")
    return "The message of the alarm reached the encrypted topic with its reason."


def run_event(trial: Trial) -> str:
    """Send an event to the rule for failed jobs, and wait for its message."""
    template = encrypted()
    template["Resources"][RULE]["Properties"]["EventPattern"] = {"source": [SOURCE]}
    outputs = trial.deploy(only(template, RULE, "AlarmTopicPolicy", "Subscription"))
    mark = uuid.uuid4().hex
    detail = {"TrainingJobName": mark, "FailureReason": REASON}
    entry = {"Source": SOURCE, "DetailType": TYPE, "Detail": json.dumps(detail), "Resources": [mark]}
    sent = trial.call("events", "put_events", Entries=[entry])
    if sent["FailedEntryCount"]:
        raise LateError(f"EventBridge did not accept the event: {sent['Entries']}")
    body = received(trial, "the message of the event arrives", outputs["Queue"], mark)
    try:
        message = json.loads(body)
    except ValueError as error:
        raise RefutedError(f"The message is not valid JSON: {body}") from error
    trial.check(message.get("detail"), detail, "The detail of the event in the message")
    return "The rule published a valid message to the encrypted topic with the notification role."


def run_undelivered(trial: Trial) -> str:
    """Send an event to a rule whose topic does not exist, and look for it in the queue for undelivered events."""
    template = workspace(["monitoring"])
    template["Resources"][RULE]["Properties"]["EventPattern"] = {"source": [SOURCE]}
    missing = "arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:${AWS::StackName}-missing"
    template["Resources"][RULE]["Properties"]["Targets"][0]["Arn"] = {"Fn::Sub": missing}
    trial.deploy(only(template, RULE, "UndeliveredEventsPolicy"))
    trial.only_in_aws("it does not send undelivered events to a queue.")
    mark = uuid.uuid4().hex
    entry = {"Source": SOURCE, "DetailType": TYPE, "Detail": json.dumps({"TrainingJobName": mark})}
    trial.call("events", "put_events", Entries=[entry])
    received(trial, "the event arrives in the queue", trial.physical_id("UndeliveredEvents"), mark)
    return "EventBridge sent the undelivered event to the queue."


def run_query(trial: Trial) -> str:
    """Wait until CloudWatch evaluates both alarms on queries."""
    trial.deploy(only(workspace(["monitoring"]), ALARM, "EndpointLatencyAlarm"), refuting=True)
    names = [trial.physical_id(name) for name in (ALARM, "EndpointLatencyAlarm")]
    trial.only_in_aws("it does not evaluate metric math.")

    def question() -> list[str] | None:
        alarms = trial.call("cloudwatch", "describe_alarms", AlarmNames=names)["MetricAlarms"]
        states = [one["StateValue"] for one in alarms]
        for one in alarms:
            trial.note(f"{one['StateValue']}: {one.get('StateReason', '')}")
        return None if "INSUFFICIENT_DATA" in states else states

    try:
        states = trial.until("CloudWatch evaluates both alarms", question, minutes=QUERY_MINUTES)
    except LateError as error:
        raise RefutedError(f"CloudWatch has not evaluated the alarms within {QUERY_MINUTES} minutes.") from error
    trial.check(states, ["OK", "OK"], "States of the alarms without endpoints that fail")
    return "CloudWatch created both alarms on queries and evaluated them."


CREATES = (
    "a stack with a KMS key, and the topic for notifications, which is encrypted with it",
    "in the same stack, a queue that receives the messages of the topic",
)
ALARM_EXPERIMENT = Experiment(
    name="alarm-notification",
    creates=(*CREATES, "the alarm on endpoint errors"),
    asks=(
        "Set the state of the alarm to ALARM, with a reason that has quotes and a line break.",
        "Read the message from the queue.",
    ),
    refuted_by="No message arrives within 3 minutes, or the reason in it differs.",
    charges=(Charge(1, KEY_HOUR), Charge(1, ALARM_METRIC_HOUR), Charge(1, REQUESTS)),
    minutes=20,
    run=run_alarm,
)
EVENT_EXPERIMENT = Experiment(
    name="event-notification",
    creates=(*CREATES, "the rule for failed jobs, which matches events of the source smtemplates.prove instead"),
    asks=(
        "Send an event whose failure reason has quotes, a line break and a backslash.",
        "Read the message from the queue.",
    ),
    refuted_by="No message arrives within 3 minutes, it is not valid JSON, or the reason in it differs.",
    charges=(Charge(1, KEY_HOUR), Charge(1, REQUESTS)),
    minutes=20,
    run=run_event,
)
UNDELIVERED_EXPERIMENT = Experiment(
    name="undelivered-events",
    creates=(
        "a stack with the rule for failed jobs, whose topic does not exist, and the queue for undelivered events",
    ),
    asks=("Send an event that matches the rule.", "Read the event from the queue."),
    refuted_by="The event does not arrive in the queue within 3 minutes.",
    charges=(Charge(1, REQUESTS),),
    minutes=15,
    run=run_undelivered,
)
QUERY_EXPERIMENT = Experiment(
    name="query-alarms",
    creates=("a stack with the two alarms on the errors and the latency of all endpoints",),
    asks=("Read the states of the alarms until CloudWatch has evaluated both.",),
    refuted_by="CloudWatch rejects an alarm, does not evaluate it within 20 minutes, or its state is not OK.",
    charges=(Charge(20, ALARM_METRIC_HOUR), Charge(1, REQUESTS)),
    minutes=30,
    run=run_query,
)
