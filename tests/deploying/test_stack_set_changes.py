"""The resources that a change of a stack set deletes in its stacks: in the plan and in the guard."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploying.results import check_result
from deploying.stubs import REQUEST, SET_ID, Aws, change, described, stubbed
from smtemplates.aws.errors import RefusedError
from smtemplates.deploy.change_sets import change_set as change_sets
from smtemplates.deploy.change_sets import guard
from smtemplates.deploy.change_sets.change_plan import Plan
from smtemplates.deploy.printing import plan_table as show

STACK_SET = "AWS::CloudFormation::StackSet"
WORKSPACE = Path(__file__).resolve().parents[2] / "templates" / "workspace.yaml"
DOMAIN: dict[str, Any] = {
    "Parameters": {"CreateDomain": {"Type": "String", "Default": "false"}, "Name": {"Type": "String", "Default": "a"}},
    "Conditions": {"HasDomain": {"Fn::Equals": [{"Ref": "CreateDomain"}, "true"]}},
    "Resources": {
        "Domain": {
            "Type": "AWS::SageMaker::Domain",
            "Condition": "HasDomain",
            "Properties": {"DomainName": {"Ref": "Name"}, "Tags": [{"Key": "name", "Value": {"Ref": "Name"}}]},
        },
        "Bucket": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "Condition": "HasDomain"},
        "Topic": {"Type": "AWS::SNS::Topic"},
    },
}


@pytest.fixture
def aws() -> Iterator[Aws]:
    with stubbed() as aws:
        yield aws


def given(**values: str) -> list[dict[str, str]]:
    """Return the property Parameters of a stack set."""
    return [{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()]


def context(**properties: Any) -> str:
    return json.dumps({"Properties": properties})


def answer(aws: Aws, template: Any = DOMAIN, *regions: str, **parameters: str) -> None:
    """Add the description of the stack set."""
    text = template if isinstance(template, str) else json.dumps(template)
    content = {"TemplateBody": text, "Parameters": given(**parameters), "Regions": list(regions)}
    aws.answers("describe_stack_set", {"StackSet": content}, {"StackSetName": "fleet:1", "CallAs": "SELF"})


def answer_schema(aws: Aws, kind: str, *create_only: str, conditional: tuple[str, ...] = ()) -> None:
    """Add the schema of a resource type."""
    schema = {"createOnlyProperties": list(create_only), "conditionalCreateOnlyProperties": list(conditional)}
    aws.answers("describe_type", {"Schema": json.dumps(schema)}, {"Type": "RESOURCE", "TypeName": kind})


def answer_change(aws: Aws, before: str, after: str) -> None:
    """Add the answers for a change set that changes the stack set."""
    contexts = {"BeforeContext": before, "AfterContext": after}
    item = change("Fleet", ResourceType=STACK_SET, PhysicalResourceId="fleet:1", Replacement="False", **contexts)
    aws.answers("describe_change_set", described(item))
    aws.answers("describe_events", {"OperationEvents": []})


def planned(aws: Aws) -> Plan:
    """Return the plan for the answers of the test."""
    change_set = change_sets.ChangeSet(aws.cloud, REQUEST, None, purpose="plan")
    change_set.id = SET_ID
    return change_set.read()


def refused(plan: Plan, text: str) -> None:
    """Check that the plan shows a text and needs permission."""
    assert text in " ".join(show.table(plan).split())
    check_result("plan", show.as_json(plan))
    with pytest.raises(RefusedError) as error:
        guard.check_plan(plan, allow_destructive=False)
    assert text in " ".join(str(error.value).split())
    guard.check_plan(plan, allow_destructive=False, allowed_resources=["Fleet"])


ON = context(Parameters=given(CreateDomain="true"))
OFF = context(Parameters=given(CreateDomain="false"))


def test_parameter_that_deletes_a_domain_needs_permission(aws: Aws) -> None:
    """CreateDomain from true to false deletes the domain in every account. A retained bucket is not deleted."""
    answer_change(aws, ON, OFF)
    answer(aws, CreateDomain="true")
    plan = planned(aws)
    assert [one.logical_id for one in plan.changes[0].stack_set_losses] == ["Domain"]
    refused(plan, "In the stacks of stack set Fleet, this change deletes Domain (AWS::SageMaker::Domain).")
    assert "The spaces of domain Domain" in " ".join(show.table(plan).split())


def test_parameter_of_the_workspace_template(aws: Aws) -> None:
    """The template of this project is evaluated: CreateNotebook from true to false deletes the notebook instance."""
    before, after = (context(Parameters=given(CreateNotebook=value)) for value in ("true", "false"))
    answer_change(aws, before, after)
    answer(aws, WORKSPACE.read_text(encoding="utf-8"), "eu-west-1", "us-east-1", CreateNotebook="true")
    plan = planned(aws)
    assert "Notebook" in [one.logical_id for one in plan.changes[0].stack_set_losses]
    refused(plan, "The files of notebook instance Notebook are deleted.")


def test_parameter_that_creates_resources_needs_no_permission(aws: Aws) -> None:
    """CreateDomain from false to true creates a domain and destroys nothing."""
    answer_change(aws, OFF, ON)
    answer(aws, CreateDomain="false")
    guard.check_plan(planned(aws), allow_destructive=False)


@pytest.mark.parametrize(
    ("create_only", "conditional", "text"),
    [
        (("/properties/DomainName",), (), "this change replaces Domain (AWS::SageMaker::Domain)"),
        (("/properties/Tags/*/Key",), (), "this change replaces Domain"),
        ((), ("/properties/DomainName",), "AWS may delete or replace these resources in the stacks: Domain."),
        (("/properties/VpcId",), (), ""),
    ],
)
def test_replacement_follows_from_the_schema(
    aws: Aws, create_only: tuple[str, ...], conditional: tuple[str, ...], text: str
) -> None:
    """A changed property replaces a resource if its schema lists the property as create-only."""
    before, after = (context(Parameters=given(CreateDomain="true", Name=name)) for name in "ab")
    answer_change(aws, before, after)
    answer(aws, CreateDomain="true")
    answer_schema(aws, "AWS::SageMaker::Domain", *create_only, conditional=conditional)
    plan = planned(aws)
    if text:
        refused(plan, text)
    else:
        guard.check_plan(plan, allow_destructive=False)


def test_new_template_in_the_property(aws: Aws) -> None:
    """A new TemplateBody without a resource deletes it."""
    smaller = {**DOMAIN, "Resources": {"Topic": DOMAIN["Resources"]["Topic"]}}
    answer_change(aws, context(TemplateBody=json.dumps(DOMAIN)), context(TemplateBody=json.dumps(smaller)))
    answer(aws, CreateDomain="true")
    refused(planned(aws), "this change deletes Domain")


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{", "could not be evaluated"),
        ({"Transform": "Macro", "Resources": {"A": {"Type": "AWS::SNS::Topic"}}}, "only known after a transform"),
        ({"Parameters": {"Must": {"Type": "String"}}, "Resources": {}}, "could not be evaluated"),
        (
            {
                "Parameters": {"CreateDomain": {"Type": "String"}},
                "Resources": {"A": {"Type": "AWS::SNS::Topic", "Condition": "Missing"}},
            },
            "AWS may delete or replace these resources in the stacks: A.",
        ),
        (
            {
                "Parameters": {"CreateDomain": {"Type": "String"}},
                "Resources": {"Fn::ForEach::Each": ["X", ["a"], {"A${X}": {"Type": "AWS::SNS::Topic"}}]},
            },
            "only known after a transform",
        ),
    ],
)
def test_template_that_cannot_be_evaluated(aws: Aws, template: Any, text: str) -> None:
    """A template that cannot be evaluated is a reason for "cannot be seen", and not an error."""
    answer_change(aws, ON, OFF)
    answer(aws, template)
    refused(planned(aws), text)


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (context(TemplateURL="https://a"), context(TemplateURL="https://b"), "the new one is not read from its URL"),
        (
            context(Parameters=given(CreateDomain="true")),
            context(Parameters=given(CreateDomain="{{changeSet:KNOWN_AFTER_APPLY}}")),
            "AWS determines new values of the stack set only when it applies the change.",
        ),
        (
            context(StackInstancesGroup=[{"Regions": ["a"], "ParameterOverrides": given(CreateDomain="true")}]),
            context(StackInstancesGroup=[{"Regions": ["a"]}]),
            "The parameters that override those of the stack set change.",
        ),
    ],
)
def test_change_that_cannot_be_evaluated(aws: Aws, before: str, after: str, text: str) -> None:
    """If the values after the change are not known, the effect cannot be seen."""
    answer_change(aws, before, after)
    refused(planned(aws), text)


def test_stack_set_that_cannot_be_read(aws: Aws) -> None:
    """Without the permission to describe the stack set, the effect cannot be seen."""
    answer_change(aws, ON, OFF)
    aws.refuses("describe_stack_set", "AccessDenied")
    refused(planned(aws), "The stack set could not be read. DescribeStackSet is not allowed")


def test_other_properties_need_no_permission(aws: Aws) -> None:
    """A change of the description or of the preferences of operations does not change the stacks."""
    answer_change(aws, context(Description="a"), context(Description="b"))
    guard.check_plan(planned(aws), allow_destructive=False)
