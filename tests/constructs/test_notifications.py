"""Check which events send a notification, that every message can be read, and where undelivered events go."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import samples
from expectations import Choice, Expectation
from moto.events.models import EventPattern

from constructs.model_registry import has_group


def notifies(choice: Choice) -> bool:
    """Return whether events send notifications."""
    return choice.is_true("NotifyOfEvents")


EXPECTATION = Expectation(
    resources={
        **dict.fromkeys(("JobFailures", "EndpointFailures", "NotificationRole"), notifies),
        **dict.fromkeys(("UndeliveredEvents", "UndeliveredEventsPolicy", "UndeliveredEventsAlarm"), notifies),
        "ModelApprovals": lambda choice: notifies(choice) and has_group(choice),
    }
)

ROLE = samples.physical("ExecutionRole", "Arn")
OTHER_ROLE = f"arn:aws:iam::{samples.ACCOUNT}:role/other"
GROUP = "sagemaker-dev-0a1b2c3d"
HERE = f"arn:aws:sagemaker:us-east-1:{samples.ACCOUNT}"
# A failure reason with all kinds of characters and the greatest length.
# Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeTrainingJob.html (FailureReason)
NASTY = 'ExecuteUserScriptError: "C:\\data\\new"\n\tKeyError: \'été\' \u2028 <reason> </b> \U0001f600 {"a": [1]} \x1b'
REASON = NASTY.ljust(1024, '"')


def job(kind: str, **detail: Any) -> dict[str, Any]:
    """Return an event as documented by AWS, reduced to the fields that patterns use.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
    """
    return {
        "source": "aws.sagemaker",
        "account": samples.ACCOUNT,
        "detail-type": f"SageMaker {kind} State Change",
        "resources": [f"{HERE}:{kind.lower().replace(' ', '-')}/churn-1"],
        "detail": detail,
    }


def endpoint(status: str, kind: str = "Endpoint", name: str = "churn") -> dict[str, Any]:
    """Return an event of an endpoint."""
    return job(kind, EndpointName=name, EndpointArn=f"{HERE}:endpoint/{name}", EndpointStatus=status)


def flat(value: Any) -> Any:
    """Return an event with one object instead of each list of objects, as EventBridge matches them; moto does not.

    Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns-arrays.html
    """
    if isinstance(value, dict):
        return {name: flat(one) for name, one in value.items()}
    if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        return {name: [one[name] for one in value if name in one] for name in value[0]}
    return value


def matching_rules(
    template: dict[str, Any], event: dict[str, Any], parameters: dict[str, str] | None = None
) -> set[str]:
    """Return the names of the rules that match an event."""
    registry = {} if parameters and "ExistingModelPackageGroupName" in parameters else samples.FEATURES["registry"]
    stack = samples.deployed(template, registry, parameters or {})
    rules = {name: body["Properties"] for name, body in stack.resources.items() if body["Type"] == "AWS::Events::Rule"}
    patterns: dict[str, Any] = {
        name: EventPattern.load(json.dumps(rule["EventPattern"])) for name, rule in rules.items()
    }
    return {name for name, pattern in patterns.items() if pattern.matches_event(flat(event))}


NOTIFIED = [
    (job("Training Job", TrainingJobStatus="Failed", RoleArn=ROLE, FailureReason=REASON), "JobFailures"),
    (job("Training Job", TrainingJobStatus="Failed", RoleArn=ROLE, TuningJobArn=None), "JobFailures"),
    (
        job(
            "HyperParameter Tuning Job",
            HyperParameterTuningJobStatus="Failed",
            TrainingJobDefinitions=[{"RoleArn": OTHER_ROLE}, {"RoleArn": ROLE}],
        ),
        "JobFailures",
    ),
    *((endpoint(status), "EndpointFailures") for status in ("FAILED", "Failed", "OUT_OF_SERVICE")),
    *((endpoint(status, "Endpoint Deployment"), "EndpointFailures") for status in ("ROLLING_BACK", "RollingBack")),
    (job("Processing Job", ProcessingJobStatus="Failed", RoleArn=ROLE), "JobFailures"),
    (job("Transform Job", TransformJobStatus="Failed"), "JobFailures"),
    (
        job(
            "HyperParameter Tuning Job",
            HyperParameterTuningJobStatus="Failed",
            TrainingJobDefinition={"RoleArn": ROLE},
        ),
        "JobFailures",
    ),
    *(
        (job("Model Package", ModelPackageGroupName=GROUP, ModelApprovalStatus=status), "ModelApprovals")
        for status in ("Approved", "Rejected", "PendingManualApproval")
    ),
]
OTHER_EVENTS = [
    job(
        "Training Job",
        TrainingJobStatus="Failed",
        RoleArn=ROLE,
        TuningJobArn=f"{HERE}:hyper-parameter-tuning-job/churn",
    ),
    *(endpoint(status) for status in ("IN_SERVICE", "UPDATING", "CREATING", "DELETING")),
    endpoint("UPDATING", "Endpoint Deployment"),
    job("Training Job", TrainingJobStatus="Completed", RoleArn=ROLE),
    job("Training Job", TrainingJobStatus="Failed", RoleArn=OTHER_ROLE),
    job("Processing Job", ProcessingJobStatus="Failed", RoleArn=OTHER_ROLE),
    job("Transform Job", TransformJobStatus="InProgress"),
    job(
        "HyperParameter Tuning Job",
        HyperParameterTuningJobStatus="Failed",
        TrainingJobDefinition={"RoleArn": OTHER_ROLE},
    ),
    job("Model Package", ModelPackageGroupName="other", ModelApprovalStatus="Approved"),
    *({**event, "account": "444455556666"} for event, _ in NOTIFIED),
    *({**event, "source": "team.sagemaker"} for event, _ in NOTIFIED),
    *({**event, "detail-type": "SageMaker Image State Change"} for event, _ in NOTIFIED),
]


@pytest.mark.parametrize(("event", "rule"), NOTIFIED)
def test_events_that_require_an_action_match_one_rule(
    template: dict[str, Any], event: dict[str, Any], rule: str
) -> None:
    """Failed jobs and decisions about model versions of this workspace match exactly one rule."""
    assert matching_rules(template, event) == {rule}


@pytest.mark.parametrize("event", OTHER_EVENTS)
def test_other_events_match_no_rule(template: dict[str, Any], event: dict[str, Any]) -> None:
    """Events with another state, role, group, account or source match no rule."""
    assert matching_rules(template, event) == set()


def test_only_the_monitored_endpoint_is_notified(template: dict[str, Any]) -> None:
    """With EndpointName, failures of other endpoints match no rule."""
    monitored = {"EndpointName": "churn"}
    assert matching_rules(template, endpoint("FAILED"), monitored) == {"EndpointFailures"}
    assert matching_rules(template, endpoint("FAILED", name="fraud"), monitored) == set()


def rendered(transformer: dict[str, Any], event: dict[str, Any], *, escaped: bool) -> str:
    """Return the message that EventBridge sends, if it escapes the values of texts or not: that is not documented.

    Objects and lists that are not in quotes are inserted as JSON.

    Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
    """
    in_quotes = transformer["InputTemplate"].startswith('"')

    def value(found: re.Match[str]) -> str:
        inserted: Any = event
        for name in transformer["InputPathsMap"][found[1]].split(".")[1:]:
            inserted = inserted[name]
        if not isinstance(inserted, str):
            assert not in_quotes, "EventBridge would remove the quotes inside of this value"
            return json.dumps(inserted)
        text = json.dumps(inserted)[1:-1] if escaped else inserted
        return text if in_quotes else f'"{text}"'

    return re.sub("<([A-Za-z]+)>", value, transformer["InputTemplate"])


@pytest.mark.parametrize("escaped", [True, False])
@pytest.mark.parametrize(("event", "rule"), NOTIFIED)
def test_every_message_is_valid_and_names_the_resource(
    template: dict[str, Any], event: dict[str, Any], rule: str, *, escaped: bool
) -> None:
    """A message is valid whether values are escaped or not, begins with what happened, and contains the reason."""
    stack = samples.deployed(template, samples.FEATURES["registry"], AWS_StackName="team-churn")
    (target,) = stack.resources[rule]["Properties"]["Targets"]
    arn = event["detail"].get("EndpointArn", f"{HERE}:model-package/{GROUP}/7")
    event = {**event, "detail": {"ModelPackageArn": arn, "FailureReason": REASON, **event["detail"]}}
    message = json.loads(rendered(target["InputTransformer"], event, escaped=escaped))
    if rule == "JobFailures":
        assert next(iter(message.values())) == "A SageMaker job of workspace team-churn failed. See FailureReason."
        assert message["resources"] == event["resources"]
        assert message["detail"]["FailureReason"] == REASON
    else:
        status = event["detail"].get("EndpointStatus") or event["detail"]["ModelApprovalStatus"]
        assert message == f"{event['detail-type']}: {arn} is {status}"


# --- undelivered events


@pytest.mark.parametrize("parameters", [{}, samples.FEATURES["registry"]])
def test_every_rule_has_the_queue_and_is_watched(template: dict[str, Any], parameters: dict[str, str]) -> None:
    """Each rule sends undelivered events to the queue, and an alarm adds up the metrics with their names only."""
    stack = samples.deployed(template, parameters)
    rules = {name: body["Properties"] for name, body in stack.resources.items() if body["Type"] == "AWS::Events::Rule"}
    arn = samples.physical("UndeliveredEvents", "Arn")
    assert rules
    for rule in rules.values():
        assert [target["DeadLetterConfig"]["Arn"] for target in rule["Targets"]] == [arn]
    total, *queries = stack.resources["UndeliveredEventsAlarm"]["Properties"]["Metrics"]
    assert total == {"Id": "failed", "Expression": "SUM(METRICS())"}
    metrics = [query["MetricStat"]["Metric"] for query in queries]
    assert {(metric["Namespace"], metric["MetricName"]) for metric in metrics} == {("AWS/Events", "FailedInvocations")}
    names = [[{"Name": "RuleName", "Value": samples.physical(name, None)}] for name in rules]
    assert sorted(map(str, (metric["Dimensions"] for metric in metrics))) == sorted(map(str, names))


@pytest.mark.parametrize("parameters", [{}, samples.FEATURES["registry"]])
def test_only_the_rules_of_the_stack_send_to_the_queue(template: dict[str, Any], parameters: dict[str, str]) -> None:
    """The policy of the queue names all rules that exist, and no others."""
    stack = samples.deployed(template, parameters)
    policy = stack.resources["UndeliveredEventsPolicy"]["Properties"]["PolicyDocument"]
    (allowed,) = (statement for statement in policy["Statement"] if statement["Effect"] == "Allow")
    rules = [name for name, body in stack.resources.items() if body["Type"] == "AWS::Events::Rule"]
    assert allowed["Principal"] == {"Service": "events.amazonaws.com"}
    assert allowed["Condition"] == {"ArnEquals": {"aws:SourceArn": [samples.physical(name, "Arn") for name in rules]}}


@pytest.mark.parametrize("key", [{}, samples.KEY, samples.MADE_KEY])
def test_queue_is_always_encrypted(template: dict[str, Any], key: dict[str, str]) -> None:
    """A key of SQS encrypts the queue. The key of the workspace would have to allow EventBridge of all accounts."""
    queue = samples.deployed(template, key).resources["UndeliveredEvents"]["Properties"]
    assert queue["SqsManagedSseEnabled"] is True
    assert "KmsMasterKeyId" not in queue


def test_decisions_in_an_existing_group_match(template: dict[str, Any]) -> None:
    """Versions in an existing group send notifications, and those in the group that the stack could create do not."""
    existing = {"ExistingModelPackageGroupName": "other"}
    approved = job("Model Package", ModelPackageGroupName="other", ModelApprovalStatus="Approved")
    assert matching_rules(template, approved, existing) == {"ModelApprovals"}
    created = job("Model Package", ModelPackageGroupName=GROUP, ModelApprovalStatus="Approved")
    assert matching_rules(template, created, existing) == set()
