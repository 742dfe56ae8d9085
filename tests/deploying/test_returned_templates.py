"""Stacks whose template AWS returns in another form, or in a form that cannot be read, are deployed and destroyed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from deploying.local_aws import Aws
from deploying.stubs import NOW, STACK_ID, described, plan_of, stack, stubbed
from deploying.stubs import Aws as Stubs
from smtemplates.aws.errors import DeploymentError
from smtemplates.deploy import destruction, execution
from smtemplates.deploy.printing.destruction_table import table
from smtemplates.deploy.requests import template as templates
from smtemplates.deploy.requests.template import MAX_INLINE_BYTES

CORPUS = Path(__file__).parents[1] / "corpus"
TOPIC = "Resources:\n  T:\n    Type: AWS::SNS::Topic\n    DeletionPolicy: Retain\n"
KEPT = ("T",)


def destroyed(aws: Stubs, template: str) -> destruction.Destruction:
    """Return the effects of destroying a stack with one topic, whose template AWS returns in this form."""
    item = {
        "LogicalResourceId": "T",
        "PhysicalResourceId": "arn",
        "ResourceType": "AWS::SNS::Topic",
        "ResourceStatus": "CREATE_COMPLETE",
        "LastUpdatedTimestamp": NOW,
    }
    aws.answers("describe_stacks", {"Stacks": [stack("CREATE_COMPLETE")]})
    aws.answers("list_stack_resources", {"StackResourceSummaries": [item]})
    aws.answers("get_template", {"TemplateBody": template}, {"StackName": STACK_ID})
    return destruction.plan_destruction(aws.cloud, "team", destruction.DestroyOptions())


@pytest.mark.parametrize(
    ("template", "retained"),
    [
        (TOPIC, KEPT),
        (f"{TOPIC}    Properties:\n      DisplayName: ? team\n", KEPT),
        (f"{TOPIC}    Properties:\n      - ? team\n      - ?\n", KEPT),
        (f"{TOPIC}Outputs:\nParameters:\nMappings: ~\n", KEPT),
        (f"{TOPIC}    DeletionPolicy: Delete\n", ()),
        (f"{TOPIC}Resources: {{T: {{Type: 'AWS::SNS::Topic'}}}}\n", ()),
        ("Resources: {T: {Type: 'AWS::SNS::Topic', DeletionPolicy: !If [A, Retain, Delete]}}", ()),
        ("Resources: {T: x}", ()),
        ("Resources: []", ()),
        ("Resources:", ()),
        ('{"Resources": {"T": {"Type": "AWS::SNS::Topic", "DeletionPolicy": "Retain"}, "T2": 1, "T2": 2}}', KEPT),
        ("Description: no resources", ()),
    ],
)
def test_stack_with_an_unusual_template_can_be_destroyed(template: str, retained: tuple[str, ...]) -> None:
    """Question marks, duplicate keys, empty sections and wrong types in a deployed template do not prevent deletion."""
    with stubbed() as aws:
        plan = destroyed(aws, template)
    assert tuple(item.logical_id for item in plan.retained) == retained
    assert not plan.blockers
    assert bool(plan.unknown) == ("!If" in template)  # a policy that is a function


def test_stack_with_an_unreadable_template_can_be_destroyed() -> None:
    """If the template cannot be read, the plan states that retained resources are not known."""
    with stubbed() as aws:
        plan = destroyed(aws, "Resources: 'x")
    assert "It is not known which resources AWS retains" in table(plan, delete_data=False)
    assert not plan.blockers


@pytest.mark.parametrize("path", sorted(CORPUS.iterdir()), ids=lambda path: path.name)
def test_returned_template_is_the_reviewed_one(path: Path) -> None:
    """The template that AWS returns, with question marks for letters, is the one that was sent."""
    sent = templates.read(path)
    with stubbed() as aws:
        plan = replace(plan_of(aws, described()), template_digest=sent.content_digest)
        aws.answers("get_template", {"TemplateBody": sent.body.encode("ascii", "replace").decode()})
        execution.check_template(aws.cloud, plan)
        aws.answers("get_template", {"TemplateBody": "Resources: {T: {Type: 'AWS::SQS::Queue'}}"})
        with pytest.raises(DeploymentError, match="not the one that was reviewed"):
            execution.check_template(aws.cloud, plan)


def test_long_template_with_the_long_form_of_a_function(aws: Aws, name: str, tmp_path: Path) -> None:
    """A template that is sent in a shorter form is the reviewed one, with any notation of its functions."""
    text = """
Resources:
  Topic: {Type: AWS::SNS::Topic}
Outputs:
  Text: {Value: {"Fn::GetAtt": "Topic.TopicName"}}
  List: {Value: {"Fn::GetAtt": [Topic, TopicName]}}
  Short: {Value: !GetAtt Topic.TopicName}
  Version: {Value: 1.10}
  Octal: {Value: 0o17}
"""
    path = tmp_path / "t.yaml"
    path.write_text(text + "# comment\n" * 6000)
    assert len(path.read_bytes()) > MAX_INLINE_BYTES
    done = aws.run("deploy", name, "--yes", template=path)
    assert done.returncode == 0, done.stderr
    outputs = aws.outputs(name)
    assert outputs["Text"] == outputs["List"] == outputs["Short"]
    done = aws.run("destroy", name, "--confirm", name)
    assert (done.returncode, aws.status(name)) == (0, None), done.stderr


@pytest.mark.parametrize(
    "file", ["non_ascii.yaml", "get_att_text.yaml", "numbers.json", "explicit_keys.yaml", "question_marks.yaml"]
)
def test_unusual_template_is_planned(aws: Aws, name: str, file: str) -> None:
    """Plan reads the template and shows the topic that it creates."""
    done = aws.run("plan", name, template=CORPUS / file)
    assert (done.returncode, done.stdout.count("AWS::SNS::Topic")) == (0, 1), done.stderr
