"""The settings of a stack itself: its tags, notification topics, rollback alarms and monitoring time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from deploying.local_aws import Aws as LocalAws
from deploying.results import check_result
from deploying.stubs import (
    REQUEST,
    SET_ID,
    STACK_ID,
    Aws,
    RecordingListener,
    Session,
    change,
    described,
    event,
    stack,
    stubbed,
)
from smtemplates.cli.main import main
from smtemplates.deploy import api
from smtemplates.deploy.change_sets import change_set as change_sets
from smtemplates.deploy.change_sets.change_plan import Plan
from smtemplates.deploy.change_sets.reader import read_reviewed
from smtemplates.deploy.operations import stack as stacks
from smtemplates.deploy.operations.states import PRODUCT_TAG
from smtemplates.deploy.printing import plan_page, plan_table
from smtemplates.deploy.requests.parameters import Settings, merge
from smtemplates.deploy.requests.request import Options, Request
from smtemplates.deploy.reviewer import Silent

SERIALIZE: Any = import_module("botocore.serialize")  # it has no types
TOPIC = "arn:aws:sns:us-east-1:111122223333:events"
OTHER = "arn:aws:sns:us-east-1:111122223333:other"
ALARM = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:errors"
COMPOSITE = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:all"
TAGS = {"team": "blue", "cost": "42", PRODUCT_TAG: "deploy", "aws:cloudformation:stack-name": "team"}
BEFORE = stack(
    "UPDATE_COMPLETE",
    Tags=[{"Key": key, "Value": value} for key, value in TAGS.items()],
    NotificationARNs=[TOPIC],
    RollbackConfiguration={
        "RollbackTriggers": [{"Arn": COMPOSITE, "Type": "AWS::CloudWatch::CompositeAlarm"}],
        "MonitoringTimeInMinutes": 5,
    },
    Parameters=[{"ParameterKey": "Password", "ParameterValue": "****"}],
)
NO_CHANGE: dict[str, Any] = {"Status": "FAILED", "StatusReason": "The submitted information didn't contain changes."}


@pytest.fixture
def stub() -> Iterator[Aws]:
    with stubbed() as aws:
        yield aws


def request_of(**fields: Any) -> Request:
    return replace(REQUEST, **{"settings": Settings(), **fields})


def sent(aws: Aws, request: Request) -> dict[str, Any]:
    """Return the arguments of CreateChangeSet for the stack BEFORE."""
    found: list[dict[str, Any]] = []
    events = aws.cloud.client("cloudformation").meta.events
    events.register("provide-client-params.cloudformation.CreateChangeSet", lambda params, **_: found.append(params))
    aws.answers("create_change_set", {"Id": SET_ID, "StackId": STACK_ID})
    change_sets.ChangeSet(aws.cloud, request, stacks.read(BEFORE), purpose="plan").create(RecordingListener())
    return found[0]


def planned(aws: Aws, request: Request, *, before: dict[str, Any] = BEFORE, **answer: Any) -> Plan:
    """Return the plan for a stack."""
    aws.answers("describe_change_set", described(**answer))
    if "Status" not in answer:
        aws.answers("describe_events", {"OperationEvents": []})
    return change_sets.ChangeSet(aws.cloud, request, stacks.read(before), purpose="plan").read()


def tags_of(arguments: dict[str, Any]) -> dict[str, str]:
    return {item["Key"]: item["Value"] for item in arguments["Tags"]}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (Settings(), {"team": "blue", "cost": "42"}),
        (Settings(tags={"team": "red"}), {"team": "red", "cost": "42"}),
        (Settings(removed_tags=frozenset({"team", "absent"})), {"cost": "42"}),
        (Settings(tags={"stage": "1"}, all_tags=True), {"stage": "1"}),
        (Settings(all_tags=True), {}),
        (merge([Settings(tags={"a": "1"}, all_tags=True), Settings(tags={"b": "2"})]), {"a": "1", "b": "2"}),
        (merge([Settings(tags={"a": "1"}, all_tags=True), Settings(removed_tags=frozenset({"a"}))]), {}),
    ],
)
def test_tags_of_the_stack(stub: Aws, settings: Settings, expected: dict[str, str]) -> None:
    """Options are merged with the tags of the stack, and Tags in a file replace them, except the deployer's own tag."""
    assert tags_of(sent(stub, request_of(settings=settings))) == {**expected, PRODUCT_TAG: "deploy"}


@pytest.mark.parametrize(
    ("fields", "topics", "rollback"),
    [
        ({}, None, None),
        ({"notification_arns": ()}, [], None),
        ({"notification_arns": (OTHER,)}, [OTHER], None),
        ({"rollback_alarms": ()}, None, ([], 5)),
        ({"rollback_alarms": (ALARM, COMPOSITE)}, None, (["Alarm", "CompositeAlarm"], 5)),
        ({"monitoring_minutes": 0}, None, (["CompositeAlarm"], 0)),
        ({"monitoring_minutes": 180, "rollback_alarms": ()}, None, ([], 180)),
    ],
)
def test_topics_alarms_and_monitoring_time(stub: Aws, fields: dict[str, Any], topics: Any, rollback: Any) -> None:
    """An option replaces its setting, an empty set removes it, and the other settings keep their values."""
    arguments = sent(stub, request_of(**fields))
    assert arguments.get("NotificationARNs") == topics
    found = arguments.get("RollbackConfiguration")
    types = found and [item["Type"].removeprefix("AWS::CloudWatch::") for item in found["RollbackTriggers"]]
    assert (found and (types, found["MonitoringTimeInMinutes"])) == rollback


def test_empty_sets_reach_aws(stub: Aws) -> None:
    """The empty sets are part of the HTTP request, so that AWS does not take them for absent ones."""
    request = request_of(settings=Settings(all_tags=True), notification_arns=(), rollback_alarms=())
    arguments = {**sent(stub, request), "Tags": []}
    model = Session("cloudformation").stubbed.meta.service_model.operation_model("CreateChangeSet")
    body = SERIALIZE.create_serializer("query").serialize_to_request(arguments, model)["body"]
    assert (body["NotificationARNs"], body["RollbackConfiguration.RollbackTriggers"], body["Tags"]) == ("", "", "")


def test_plan_shows_the_changes_of_the_stack_itself(stub: Aws) -> None:
    """Every format of a plan contains the value before and after, and values are escaped."""
    settings = Settings(tags={"team": "<b>|red\x1b[31m"}, removed_tags=frozenset({"cost"}))
    request = request_of(settings=settings, notification_arns=(), rollback_alarms=(ALARM,), monitoring_minutes=0)
    plan = planned(stub, request, Changes=[change("Notebook", Replacement="False")])
    table = plan_table.table(plan)
    assert "tag team: blue -> <b>|red\\u001b[31m" in table
    assert "tag cost: 42 -> (none)" in table
    assert f"notification topics: {TOPIC} -> (none)" in table
    assert f"rollback alarms: {COMPOSITE} -> {ALARM}" in " ".join(table.split())
    assert "monitoring minutes: 5 -> 0" in table
    markdown, page = plan_table.markdown(plan), plan_page.plan_page(plan, {})
    assert "settings of the stack" in markdown
    assert "<b>" not in markdown
    row = next(line for line in markdown.splitlines() if "settings of the stack" in line)
    assert row.count("|") == 6
    assert '<td>tag team</td><td data-column="Before">blue</td>' in page
    assert '<td data-column="After">&lt;b&gt;|red\\u001b[31m</td>' in page
    found = check_result("plan", plan_table.as_json(plan))["settings"]
    assert {"name": "notification topics", "before": [TOPIC], "after": None} in found
    assert PRODUCT_TAG not in str(found)


def test_unchanged_settings_are_not_shown(stub: Aws) -> None:
    """Without options, and with the values that the stack has, the plan contains no change of the stack itself."""
    same = request_of(settings=Settings(tags={"team": "blue"}), notification_arns=(OTHER, TOPIC), monitoring_minutes=5)
    two = {**BEFORE, "NotificationARNs": [TOPIC, OTHER]}
    for request in (request_of(), same):
        plan = planned(stub, request, before=two, **NO_CHANGE)
        assert plan.settings == ()
        assert plan_table.table(plan) == "No change. Stack team is up to date."


def test_new_stack_shows_its_topics_and_alarms(stub: Aws) -> None:
    """The plan of a new stack contains its topics and alarms. Its tags are in the list of all tags."""
    request = request_of(settings=Settings(tags={"a": "1"}), notification_arns=(TOPIC,), rollback_alarms=(ALARM,))
    stub.answers("describe_change_set", described())
    stub.answers("describe_events", {"OperationEvents": []})
    plan = change_sets.ChangeSet(stub.cloud, request, None, purpose="plan").read()
    assert [item.name for item in plan.settings] == ["notification topics", "rollback alarms"]


def test_reviewed_change_set_shows_the_settings(stub: Aws) -> None:
    """The settings in a change set that another run created are compared with those of the stack."""
    answer = described(
        Tags=[{"Key": "team", "Value": "red"}, {"Key": "cost", "Value": "42"}, {"Key": PRODUCT_TAG, "Value": "deploy"}],
        NotificationARNs=[OTHER],
        RollbackConfiguration={"RollbackTriggers": []},
    )
    stub.answers("describe_change_set", answer)
    stub.answers("describe_events", {"OperationEvents": []})
    plan = read_reviewed(stub.cloud, stacks.read(BEFORE), SET_ID)
    shown = plan_table.table(plan)
    assert "tag team: blue -> red" in shown
    assert f"notification topics: {TOPIC} -> {OTHER}" in " ".join(shown.split())
    assert f"rollback alarms: {COMPOSITE} -> (none)" in " ".join(shown.split())
    assert "cost" not in shown
    stub.answers("describe_change_set", described(Tags=[], NotificationARNs=[], RollbackConfiguration={}))
    stub.answers("describe_events", {"OperationEvents": []})
    assert read_reviewed(stub.cloud, stacks.read(BEFORE), SET_ID).settings == ()


def deploy(aws: Aws, messages: list[str], *, no_wait: bool = False) -> api.Deployment:
    """Deploy a change of only the topics, for which AWS does not create a change set."""

    class Reviewer(Silent):
        def say(self, message: str) -> None:
            messages.append(message)

    options = Options(no_wait=no_wait)
    return api.deploy(aws.cloud, request_of(notification_arns=()), options=options, reviewer=Reviewer())


def test_settings_change_although_the_change_set_is_empty(stub: Aws) -> None:
    """If AWS finds no change for a change set, a stack whose settings change is still updated."""
    sent: list[dict[str, Any]] = []

    def updating(params: dict[str, Any], **_context: Any) -> None:
        sent.append(params)
        token = params["ClientRequestToken"]
        done = [event(2, "team", "UPDATE_COMPLETE", "", token), event(1, "team", "UPDATE_IN_PROGRESS", "", token)]
        stub.answers("describe_stack_events", {"StackEvents": done})
        stub.answers("describe_stacks", {"Stacks": [{**BEFORE, "NotificationARNs": []}]})
        stub.answers("delete_change_set", {})

    stub.cloud.client("cloudformation").meta.events.register(
        "provide-client-params.cloudformation.UpdateStack", updating
    )
    stub.answers("describe_stacks", {"Stacks": [BEFORE]})
    stub.answers("create_change_set", {"Id": SET_ID, "StackId": STACK_ID})
    stub.answers("describe_change_set", described(**NO_CHANGE))
    stub.answers("update_stack", {"StackId": STACK_ID})
    done = deploy(stub, [])
    assert done.changed
    assert done.stack.notification_arns == ()
    (arguments,) = sent
    assert arguments["NotificationARNs"] == []
    assert arguments["UsePreviousTemplate"]
    assert arguments["Parameters"] == [{"ParameterKey": "Password", "UsePreviousValue": True}]


def test_settings_change_without_waiting(stub: Aws) -> None:
    """With --no-wait, the update of the settings is only started, and the command that watches it is shown."""
    stub.answers("describe_stacks", {"Stacks": [BEFORE]})
    stub.answers("create_change_set", {"Id": SET_ID, "StackId": STACK_ID})
    stub.answers("describe_change_set", described(**NO_CHANGE))
    stub.answers("update_stack", {"StackId": STACK_ID})
    stub.answers("describe_stacks", {"Stacks": [{**BEFORE, "StackStatus": "UPDATE_IN_PROGRESS"}]})
    stub.answers("delete_change_set", {})
    messages: list[str] = []
    assert deploy(stub, messages, no_wait=True).stack.status == "UPDATE_IN_PROGRESS"
    assert any("To watch it, run:" in message for message in messages)


def test_aws_finds_no_change_in_the_settings(stub: Aws) -> None:
    """If AWS finds no change in an update either, the deployment reports this and is not an error."""
    stub.answers("describe_stacks", {"Stacks": [BEFORE]})
    stub.answers("create_change_set", {"Id": SET_ID, "StackId": STACK_ID})
    stub.answers("describe_change_set", described(**NO_CHANGE))
    stub.refuses("update_stack", "ValidationError", "No updates are to be performed.")
    stub.answers("delete_change_set", {})
    messages: list[str] = []
    assert not deploy(stub, messages).changed
    assert messages == ["AWS found no change in the settings of the stack."]


def test_change_of_only_the_settings_is_a_change(stub: Aws) -> None:
    """The plan of a change set that AWS finds empty contains the change of the settings."""
    plan = planned(stub, request_of(notification_arns=()), **NO_CHANGE)
    assert not plan.up_to_date
    assert "only settings of the stack" in plan_table.table(plan)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--notification-arn", ""], "To remove all values from the stack, use --notification-arn none."),
        (["--rollback-alarm", "none", "--rollback-alarm", ALARM], "Use it alone"),
        (["--tag", "a=1", "--remove-tag", "a"], "Tag a is both set and removed"),
        (["--monitoring-minutes", "181"], "The monitoring time is 0 to 180 minutes, not 181."),
        (
            [part for number in range(6) for part in ("--rollback-alarm", f"{ALARM}{number}")],
            "at most 5 rollback alarms",
        ),
        (["--remove-tag", "aws:cloudformation:stack-name"], "belong to AWS"),
    ],
)
def test_invalid_settings_are_rejected_before_any_call(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    """Each invalid value is bad input with a clear message, without credentials or a network."""
    template = tmp_path / "template.yaml"
    template.write_text("Resources: {T: {Type: 'AWS::SNS::Topic'}}")
    options = ["plan", "team", "--region", "us-east-1", "--template", str(template), *arguments]
    assert main(options) == 2
    assert message in capsys.readouterr().err


def test_tags_change_from_deployment_to_deployment(aws: LocalAws, name: str, tmp_path: Path) -> None:
    """Tags are merged, removed and replaced by those of a file on an otherwise unchanged stack. The plan shows this."""
    template = tmp_path / "template.yaml"
    template.write_text("Resources: {T: {Type: 'AWS::SNS::Topic'}}")

    def run(*arguments: str) -> str:
        done = aws.run(*arguments, template=template)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    def tags() -> dict[str, str]:
        found = aws.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]["Tags"]
        return {item["Key"]: item["Value"] for item in found if item["Key"] != PRODUCT_TAG}

    run("deploy", name, "--yes", "--tag", "team=blue", "--tag", "cost=42")
    run("deploy", name, "--yes", "--tag", "team=red")
    assert tags() == {"team": "red", "cost": "42"}
    assert "tag cost: 42 -> (none)" in run("deploy", name, "--yes", "--remove-tag", "cost")
    assert tags() == {"team": "red"}
    parameters = tmp_path / "parameters.json"
    parameters.write_text(json.dumps({"Tags": {"stage": "prd"}}))
    assert "tag team: red -> (none)" in run("plan", name, "--parameters", str(parameters), "--tag", "cost=1")
    run("deploy", name, "--yes", "--parameters", str(parameters), "--tag", "cost=1")
    assert tags() == {"stage": "prd", "cost": "1"}
    found = aws.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]["Tags"]
    assert {"Key": PRODUCT_TAG, "Value": "deploy"} in found
    parameters.write_text(json.dumps({"Tags": {}}))
    run("deploy", name, "--yes", "--parameters", str(parameters))
    assert tags() == {}
    assert "up to date" in run("deploy", name, "--yes")
