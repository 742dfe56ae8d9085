"""The changes in nested stacks: in each format of a plan, in the guard, and where AWS cannot provide them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from deploying.results import check_result
from deploying.stubs import REQUEST, SET_ID, STACK_ID, Aws, RecordingListener, change, described, stack, stubbed
from smtemplates.aws.errors import DeploymentError, RefusedError
from smtemplates.deploy.change_sets import change_set as change_sets
from smtemplates.deploy.change_sets import guard, reader
from smtemplates.deploy.change_sets.change_plan import Plan
from smtemplates.deploy.change_sets.nested_changes import MOST_STACKS, may_contain_nested
from smtemplates.deploy.operations import stack as stacks
from smtemplates.deploy.printing import plan_table as show
from smtemplates.deploy.printing.plan_page import plan_page
from smtemplates.deploy.requests.template import Template
from smtemplates.errors import UsageError

NESTED = "AWS::CloudFormation::Stack"
CONTENT = {"Resources": {"Network": {"Type": NESTED, "Properties": {"TemplateURL": "https://b.s3.amazonaws.com/k"}}}}
NESTING = replace(REQUEST, template=Template(body=json.dumps(CONTENT), content=CONTENT))
ONLY_FROM_ROOT = {"StatusReason": "Only executable from the root change set.", "ExecutionStatus": "UNAVAILABLE"}
DATABASE = {"ResourceType": "AWS::RDS::DBInstance", "Action": "Remove", "PolicyAction": "Delete"}


@pytest.fixture
def aws() -> Iterator[Aws]:
    with stubbed() as aws:
        yield aws


def child_id(name: str) -> str:
    return f"arn:aws:cloudformation:us-east-1:111122223333:changeSet/smtemplates-{name}/0"


def nested(name: str, *, child: str | None = None, **more: Any) -> dict[str, Any]:
    """Return the change of a nested stack. `child` is the name of its change set."""
    found = {"ChangeSetId": child_id(child)} if child else {}
    return change(name, **{"ResourceType": NESTED, "Replacement": "False", **found, **more})


def answer(aws: Aws, name: str, *changes: dict[str, Any], **more: Any) -> None:
    """Add the description of the change set of a nested stack."""
    content = described(*changes, **{**ONLY_FROM_ROOT, "ChangeSetId": child_id(name), **more})
    aws.answers("describe_change_set", content, {"ChangeSetName": child_id(name), "IncludePropertyValues": True})


def change_set_of(aws: Aws, request: Any = NESTING) -> change_sets.ChangeSet:
    found = stacks.read(stack("UPDATE_COMPLETE"))
    return change_sets.ChangeSet(aws.cloud, request, found, purpose="plan")


def created(aws: Aws, request: Any = NESTING) -> tuple[change_sets.ChangeSet, RecordingListener]:
    """Create a change set, and return it with the listener."""
    aws.answers("create_change_set", {"Id": SET_ID, "StackId": STACK_ID})
    listener = RecordingListener()
    made = change_set_of(aws, request)
    made.create(listener)
    return made, listener


def plan_with(aws: Aws, *changes: dict[str, Any], children: tuple[tuple[Any, ...], ...] = (), **more: Any) -> Plan:
    """Return the plan of a change set. `children` are the answers for nested stacks: the name, then the changes."""
    aws.answers("create_change_set", {"Id": SET_ID, "StackId": STACK_ID})
    aws.answers("describe_change_set", described(*changes, IncludeNestedStacks=True, **more))
    aws.answers("describe_events", {"OperationEvents": []})
    for name, *items in children:
        answer(aws, name, *items)
    made = change_set_of(aws)
    made.create(RecordingListener())
    return made.read()


def shapes(plan: Plan) -> list[str]:
    """Return the plan in every format, with the spaces of folded lines joined."""
    texts = [show.table(plan), show.markdown(plan), show.as_json(plan), plan_page(plan, {})]
    return [" ".join(text.split()) for text in texts]


def test_changes_of_the_whole_tree_are_shown_and_guarded(aws: Aws) -> None:
    """A database that a nested stack of a nested stack deletes is in every format, and needs permission by its ID."""
    plan = plan_with(
        aws,
        nested("Network", child="network"),
        change("Bucket", ResourceType="AWS::S3::Bucket", Action="Add"),
        children=(
            ("network", nested("Data", child="data"), change("Vpc", ResourceType="AWS::EC2::VPC")),
            ("data", change("Db", **DATABASE)),
        ),
    )
    assert [one.id for one in plan.all_changes] == [
        "Bucket",
        "Network",
        "Network/Data",
        "Network/Data/Db",
        "Network/Vpc",
    ]
    for text in shapes(plan):
        assert "Network/Data/Db" in text
        assert "The databases of instance Network/Data/Db" in text
    assert "1 to create, 1 to delete, 3 to update" in show.headline(plan)
    assert "1 change replaces or deletes an existing resource: Network/Data/Db" in " ".join(show.table(plan).split())
    content = check_result("plan", show.as_json(plan))
    (network,) = [one for one in content["changes"] if one["logical_id"] == "Network"]
    database = network["nested"][0]["nested"][0]
    assert (database["id"], database["destructive"]) == ("Network/Data/Db", True)
    with pytest.raises(RefusedError, match="--allow-destructive-resource Network/Data/Db"):
        guard.check_plan(plan, allow_destructive=False)
    guard.check_plan(plan, allow_destructive=False, allowed_resources=["Network/Data/Db"])
    guard.check_plan(plan, allow_destructive=True)


def test_pages_of_a_child_are_joined_and_its_creation_is_awaited(aws: Aws) -> None:
    """The change set of a nested stack is read with all pages, after AWS has created it."""
    aws.answers("create_change_set", {"Id": SET_ID, "StackId": STACK_ID})
    aws.answers("describe_change_set", described(nested("Network", child="n"), IncludeNestedStacks=True))
    aws.answers("describe_events", {"OperationEvents": []})
    answer(aws, "n", Status="CREATE_IN_PROGRESS")
    answer(aws, "n", change("A"), NextToken="2")
    aws.answers("describe_change_set", described(change("B", **DATABASE)))
    made = change_set_of(aws)
    made.create(RecordingListener())
    (network,) = made.read().changes
    assert [one.id for one in network.nested] == ["Network/A", "Network/B"]
    assert len(aws.pauses) == 1


@pytest.mark.parametrize(
    ("resource", "reason"),
    [
        (nested("Network"), "AWS returned no change set for this nested stack."),
        (change("Network", Action="Dynamic"), "AWS determines the action only when it applies the change."),
        (change("Network", ResourceType="AWS::EC2::VPC", Action="Transmute"), "the action Transmute"),
        ({"Type": "Hologram"}, "a change of type Hologram"),
        (
            change("Network", ResourceType="AWS::ServiceCatalog::CloudFormationProvisionedProduct"),
            "AWS does not provide the changes in a provisioned product.",
        ),
    ],
)
def test_effect_that_aws_does_not_show_needs_permission(aws: Aws, resource: dict[str, Any], reason: str) -> None:
    """A change whose effect AWS does not show is named as such in each format, and needs permission."""
    plan = plan_with(aws, resource)
    (item,) = plan.unseen
    for text in shapes(plan):
        assert (
            f"The effect of this change cannot be seen. {reason}" in text
            or f"cannot be seen. AWS reports {reason}" in text
        )
    check_result("plan", show.as_json(plan))
    with pytest.raises(RefusedError, match="cannot be seen"):
        guard.check_plan(plan, allow_destructive=False)
    guard.check_plan(plan, allow_destructive=False, allowed_resources=[item.id])


def test_nested_stack_without_changes_needs_no_permission(aws: Aws) -> None:
    """AWS does not create the change set of a nested stack that does not change. This is not an error."""
    none = {"Status": "FAILED", "StatusReason": "The submitted information didn't contain changes."}
    aws.answers("create_change_set", {"Id": SET_ID, "StackId": STACK_ID})
    aws.answers(
        "describe_change_set", described(nested("Network", child="n"), change("Topic"), IncludeNestedStacks=True)
    )
    aws.answers("describe_events", {"OperationEvents": []})
    answer(aws, "n", **none)
    made = change_set_of(aws)
    made.create(RecordingListener())
    guard.check_plan(made.read(), allow_destructive=False)


def test_nested_stack_that_cannot_be_read_cannot_be_seen(aws: Aws) -> None:
    """Without the permission to describe the change set of a nested stack, the plan contains the reason."""
    aws.answers("create_change_set", {"Id": SET_ID, "StackId": STACK_ID})
    aws.answers("describe_change_set", described(nested("Network", child="n"), IncludeNestedStacks=True))
    aws.answers("describe_events", {"OperationEvents": []})
    aws.refuses("describe_change_set", "AccessDenied")
    made = change_set_of(aws)
    made.create(RecordingListener())
    (network,) = made.read().changes
    assert "could not be read. DescribeChangeSet is not allowed" in network.unseen


def test_circular_change_sets_end(aws: Aws) -> None:
    """A change set that contains itself is read once."""
    plan = plan_with(aws, nested("A", child="a"), children=(("a", nested("A", child="a")),))
    assert [(one.id, bool(one.unseen)) for one in plan.all_changes] == [("A", False), ("A/A", True)]
    assert MOST_STACKS > 1


def test_nested_stacks_are_included_only_if_there_can_be_some(aws: Aws) -> None:
    """A template without nested stacks and transforms is sent without the option. Drift is also reverted without it."""
    assert "IncludeNestedStacks" not in change_set_of(aws, REQUEST)._arguments(RecordingListener())  # noqa: SLF001 the arguments of the call
    assert change_set_of(aws)._arguments(RecordingListener())["IncludeNestedStacks"] is True  # noqa: SLF001
    reverting = replace(NESTING, revert_drift=True)
    assert "IncludeNestedStacks" not in change_set_of(aws, reverting)._arguments(RecordingListener())  # noqa: SLF001
    importing = replace(NESTING, import_existing=True)
    assert change_set_of(aws, importing)._arguments(RecordingListener())["IncludeNestedStacks"] is True  # noqa: SLF001


@pytest.mark.parametrize(
    ("template", "included"),
    [
        ({"Resources": {"A": {"Type": "AWS::S3::Bucket"}}}, False),
        ({"Resources": {"A": {"Type": NESTED}}}, True),
        ({"Resources": {"A": {"Type": "AWS::Serverless::Application"}}}, True),
        ({"Resources": {"A": {"Type": "Team::Network::Vpc::MODULE"}}}, True),
        ({"Transform": "Macro", "Resources": {"A": {"Type": "AWS::S3::Bucket"}}}, True),
        ({"Resources": {"Fn::ForEach::X": ["A", ["b"], {"A${A}": {"Type": NESTED}}]}}, True),
        ({"Resources": {"A": {"Type": "AWS::S3::Bucket", "Properties": {"Fn::Transform": {"Name": "M"}}}}}, True),
        ({"Resources": {"A": None}}, False),
        ({"Resources": None}, False),
    ],
)
def test_templates_that_can_contain_nested_stacks(template: dict[str, Any], *, included: bool) -> None:
    """Nested stacks can also result from a transform, a loop, a module or SAM."""
    assert may_contain_nested(template) is included


def test_reverted_drift_cannot_show_nested_stacks(aws: Aws) -> None:
    """A change set that reverts drift has no changes of nested stacks, and the plan contains the reason."""
    aws.answers("create_change_set", {"Id": SET_ID, "StackId": STACK_ID})
    aws.answers("describe_change_set", described(nested("Network")))
    aws.answers("describe_events", {"OperationEvents": []})
    made = change_set_of(aws, replace(NESTING, revert_drift=True))
    made.create(RecordingListener())
    assert reader.REVERTING in " ".join(show.table(made.read()).split())


def test_reviewed_change_set_without_nested_stacks_needs_permission(aws: Aws) -> None:
    """A change set that another tool created without nested stacks needs permission before it is executed."""
    aws.answers("describe_change_set", described(nested("Network")))
    aws.answers("describe_events", {"OperationEvents": []})
    plan = reader.read_reviewed(aws.cloud, stacks.read(stack("UPDATE_COMPLETE")), SET_ID)
    assert plan.unseen[0].unseen == reader.EXCLUDED
    with pytest.raises(RefusedError):
        guard.check_plan(plan, allow_destructive=False)


IMPORTED = "TemplateURL must be a supported URL."


def answer_plan_without_nested(aws: Aws) -> None:
    """Add the answers of the second attempt, in which the nested stack is only known to change."""
    aws.answers("create_change_set", {"Id": SET_ID, "StackId": STACK_ID})
    aws.answers("describe_change_set", described(nested("Network")))
    aws.answers("describe_events", {"OperationEvents": []})


def test_refused_creation_is_repeated_without_nested_stacks(aws: Aws) -> None:
    """If AWS rejects nested stacks in the call, the plan is created without them and contains the reason."""
    aws.refuses("create_change_set", "ValidationError", IMPORTED)
    answer_plan_without_nested(aws)
    made = change_set_of(aws)
    listener = RecordingListener()
    made.create(listener)
    plan = made.read()
    assert any(IMPORTED in text for text in listener.messages)
    assert all(IMPORTED in text for text in shapes(plan))
    with pytest.raises(RefusedError, match="cannot be seen"):
        guard.check_plan(plan, allow_destructive=False)


def test_failed_creation_is_repeated_without_nested_stacks(aws: Aws) -> None:
    """If AWS cannot create the change set of a nested stack, the plan is created without them, after the deletion."""
    made, listener = created(aws)
    general = f"Nested change set {child_id('n')} was not successfully created: Currently in FAILED."
    aws.answers("describe_change_set", described(nested("Network", child="n"), Status="FAILED", StatusReason=general))
    duplicate = "Template format error: duplicate Export names"
    answer(aws, "n", Status="CREATE_IN_PROGRESS")
    answer(aws, "n", Status="FAILED", StatusReason=duplicate)
    aws.answers("describe_events", {"OperationEvents": []}, {"ChangeSetName": child_id("n")})
    aws.answers("describe_events", {"OperationEvents": []}, {"ChangeSetName": SET_ID})
    aws.answers("delete_change_set", {})
    aws.answers("describe_change_set", described(Status="DELETE_IN_PROGRESS"), {"ChangeSetName": SET_ID})
    aws.refuses("describe_change_set", "ChangeSetNotFound")
    answer_plan_without_nested(aws)
    plan = made.read()
    assert any("Network: Template format error: duplicate Export names." in text for text in listener.messages)
    assert "duplicate Export names" in plan.unseen[0].unseen


def test_failed_validation_of_a_child_is_an_error(aws: Aws) -> None:
    """If a validation of a nested stack predicts a failure, the change set is not created again."""
    made, _ = created(aws)
    aws.answers("describe_change_set", described(nested("Network", child="n"), Status="FAILED", StatusReason="failed"))
    answer(aws, "n", Status="FAILED", StatusReason="validation failed")
    finding = {
        "EventType": "VALIDATION_ERROR",
        "LogicalResourceId": "Bucket",
        "ValidationStatusReason": "bucket team-data exists",
        "ValidationStatus": "FAILED",
        "ValidationFailureMode": "FAIL",
    }
    aws.answers("describe_events", {"OperationEvents": [finding]})
    aws.answers("describe_events", {"OperationEvents": []})
    with pytest.raises(DeploymentError, match="Network/Bucket: bucket team-data exists"):
        made.read()


def test_deletion_waits_for_the_whole_tree(aws: Aws) -> None:
    """The change sets of nested stacks are deleted with the root. The command waits until they do not exist."""
    made, listener = created(aws)
    aws.answers("delete_change_set", {})
    aws.answers("describe_change_set", described(Status="DELETE_IN_PROGRESS"))
    aws.refuses("describe_change_set", "ChangeSetNotFound")
    made.remove(listener)
    assert not listener.messages


def test_failed_deletion_of_the_tree_is_reported(aws: Aws) -> None:
    """A tree of change sets that AWS does not delete is reported, and the command ends."""
    made, listener = created(aws)
    aws.answers("delete_change_set", {})
    aws.answers("describe_change_set", described(Status="DELETE_FAILED"))
    made.remove(listener)
    assert "has not deleted the change set" in listener.messages[0]


def test_allowed_id_must_be_destroyed(aws: Aws) -> None:
    """An ID that the plan does not destroy is a usage error. It names the IDs that the plan destroys."""
    plan = plan_with(aws, change("Db", **DATABASE), change("Topic", Replacement="False"))
    with pytest.raises(UsageError, match=r"does not destroy Topic.*It destroys: Db") as error:
        guard.check_plan(plan, allow_destructive=False, allowed_resources=["Topic", "Db"])
    assert error.value.exit_code == 2


def test_allowed_ids_do_not_allow_others(aws: Aws) -> None:
    """Permission for one resource does not apply to another, and the message names only the other."""
    plan = plan_with(aws, change("Db", **DATABASE), change("Other", **DATABASE))
    with pytest.raises(RefusedError, match=r"--allow-destructive-resource Other$") as error:
        guard.check_plan(plan, allow_destructive=False, allowed_resources=["Db"])
    assert "Db (AWS::RDS" not in str(error.value)
