"""The capabilities that a template requires are acknowledged, and an error names the option for the others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from deploying.local_aws import Aws
from deploying.stubs import REQUEST, RecordingListener, described, plan_of, stubbed
from smtemplates.aws.errors import CloudError, DeploymentError
from smtemplates.deploy import execution
from smtemplates.deploy.change_sets.change_set import ChangeSet
from smtemplates.deploy.operations.causes import advice
from smtemplates.deploy.requests.capabilities import required
from smtemplates.deploy.requests.request import Options, Request
from smtemplates.deploy.requests.template import Template

IAM = ("CAPABILITY_IAM",)
NAMED = ("CAPABILITY_NAMED_IAM",)
REJECTED = "Requires capabilities : [CAPABILITY_IAM]"
ROLE = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": []}}}


def function(**properties: Any) -> dict[str, Any]:
    return {"F": {"Type": "AWS::Serverless::Function", "Properties": {"Role": "arn", **properties}}}


def machine(**properties: Any) -> dict[str, Any]:
    return {"M": {"Type": "AWS::Serverless::StateMachine", "Properties": {"Role": "arn", **properties}}}


@pytest.mark.parametrize(
    ("resources", "capabilities"),
    [
        ({"B": {"Type": "AWS::S3::Bucket"}}, ()),
        ({"R": {"Type": "AWS::IAM::Role", "Properties": {"Path": "/"}}}, IAM),
        ({"R": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "x"}}}, NAMED),
        ({"R": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "x"}}, "S": ROLE}, NAMED),
        ({"R": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "x"}}}, IAM),
        ({"G": {"Type": "AWS::IAM::Group", "Properties": None}}, IAM),
        ({"G": {"Type": "AWS::IAM::Group", "Properties": ["GroupName"]}}, IAM),
        ({"Fn::ForEach::Roles": ["Name", ["a"], {"${Name}": ROLE}]}, IAM),
        ({"Fn::ForEach::A": ["A", ["a"], {"Fn::ForEach::B": ["B", ["b"], {"${A}${B}": ROLE}]}]}, IAM),
        ({"Fn::ForEach::Roles": []}, ()),
        ({"Fn::ForEach::Roles": "text"}, ()),
        ({"R": "AWS::IAM::Role"}, ()),
        ({"R": {"Type": ["AWS::IAM::Role"]}}, ()),
        (function(), ()),
        ({"F": {"Type": "AWS::Serverless::Function", "Properties": {"Handler": "i.h"}}}, IAM),
        ({"F": {"Type": "AWS::Serverless::Function"}}, IAM),
        (function(Role={"Fn::If": ["C", "arn", {"Ref": "AWS::NoValue"}]}), IAM),
        (function(Role={"Fn::If": ["C", "arn", {"Ref": "RoleArn"}]}), ()),
        (function(DeploymentPreference={"Type": "Canary10Percent5Minutes"}), IAM),
        (function(DeploymentPreference={"Type": "Canary10Percent5Minutes", "Role": "arn"}), ()),
        (function(Events={"E": {"Type": "ScheduleV2", "Properties": {}}}), IAM),
        (function(Events={"E": {"Type": "ScheduleV2", "Properties": {"RoleArn": "arn"}}}), ()),
        (function(Events={"E": {"Type": "Schedule", "Properties": {}}}), ()),
        (function(Events=None), ()),
        (machine(), ()),
        (machine(Events={"E": {"Type": "Schedule"}}), IAM),
        ({"M": {"Type": "AWS::Serverless::StateMachine", "Properties": {}}}, IAM),
        ({"C": {"Type": "AWS::Serverless::Connector"}}, IAM),
        ({"T": {"Type": "AWS::SNS::Topic", "Connectors": {"C": {}}}}, IAM),
        ({"A": {"Type": "AWS::Serverless::Api"}}, ()),
        ({"B": {"Type": "AWS::S3::Bucket", "Properties": {"Fn::Transform": {}}}}, ("CAPABILITY_AUTO_EXPAND",)),
        ({"Fn::Transform": {"Name": "AWS::Include"}}, ("CAPABILITY_AUTO_EXPAND",)),
        ([], ()),
        (None, ()),
    ],
)
def test_required_capabilities(resources: Any, capabilities: tuple[str, ...]) -> None:
    """Only the capabilities that the text of the template shows are acknowledged."""
    assert required({"Resources": resources}) == capabilities


@pytest.mark.parametrize("section", ["Mappings", "Conditions", "Outputs", "Fn::Transform"])
def test_included_file_is_a_macro_in_any_section(section: str) -> None:
    """AWS::Include can be in each section, and next to the sections."""
    include = {"Name": "AWS::Include", "Parameters": {"Location": "s3://b/k"}}
    content = {section: include if section == "Fn::Transform" else {"Fn::Transform": include}}
    assert required({**content, "Resources": {}}) == ("CAPABILITY_AUTO_EXPAND",)


def test_deployment_preference_of_all_functions() -> None:
    """AWS SAM also creates a role for deployment preferences in Globals."""
    globals_ = {"Function": {"DeploymentPreference": {"Type": "Canary10Percent5Minutes"}}}
    assert required({"Globals": globals_, "Resources": function()}) == IAM
    assert required({"Globals": "text", "Resources": function()}) == ()


def test_capabilities_of_the_request_are_sent_in_addition() -> None:
    """The request contains the capabilities of the template and of the options, each once."""
    content = {"Resources": {"R": ROLE}}
    template = Template(body=json.dumps(content), content=content)
    one = Request(stack="team", template=template, capabilities=(*NAMED, *IAM))
    assert one.all_capabilities == (*IAM, *NAMED)
    assert one.fingerprint != Request(stack="team", template=template).fingerprint


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (REJECTED, "--capability CAPABILITY_IAM"),
        ("Embedded stack x was not created: Requires capabilities : [CAPABILITY_NAMED_IAM]", "y CAPABILITY_NAMED_IAM"),
        ("Requires capabilities: [CAPABILITY_IAM, CAPABILITY_NAMED_IAM]", "--capability CAPABILITY_NAMED_IAM"),
        ("Requires capabilities : [CAPABILITY_AUTO_EXPAND]", "create-stack (or update-stack) --capabilities"),
    ],
)
def test_error_names_the_option(reason: str, expected: str) -> None:
    """The advice contains the option with its values. AWS does not accept CAPABILITY_AUTO_EXPAND for change sets."""
    assert expected in str(advice(reason))
    assert ("--capability " in str(advice(reason))) == ("AUTO_EXPAND" not in reason)


def test_rejected_change_set_names_the_option() -> None:
    """AWS rejects CreateChangeSet, creates a failed change set, or rejects ExecuteChangeSet."""
    content = {"Resources": {"S": {"Type": "AWS::CloudFormation::Stack"}}}
    request = Request(stack="team", template=Template(body=json.dumps(content), content=content))
    with stubbed() as aws:
        aws.refuses("create_change_set", "InsufficientCapabilitiesException", REJECTED)
        with pytest.raises(CloudError, match="--capability CAPABILITY_IAM"):
            ChangeSet(aws.cloud, request, None, purpose="plan").create(RecordingListener())
        with pytest.raises(DeploymentError, match="--capability CAPABILITY_IAM"):
            plan_of(aws, described(Status="FAILED", StatusReason=REJECTED))
        plan = plan_of(aws, described())
        aws.answers("get_template", {"TemplateBody": REQUEST.template.body})
        aws.refuses("execute_change_set", "InsufficientCapabilitiesException", REJECTED)
        aws.answers("describe_change_set", described())
        with pytest.raises(CloudError, match="--capability CAPABILITY_IAM"):
            execution.execute(aws.cloud, plan, RecordingListener(), Options(), fingerprint="0123")


def test_nested_stack_with_a_role(aws: Aws, name: str, tmp_path: Path) -> None:
    """A nested stack that creates a role fails without the option, and the message contains the command that works."""
    s3 = aws.client("s3")
    bucket = f"nested-{name.lower()}"
    s3.create_bucket(Bucket=bucket)
    statement = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": [statement]}}}
    s3.put_object(Bucket=bucket, Key="child.json", Body=json.dumps({"Resources": {"Role": role}}).encode())
    nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": f"{aws.url}/{bucket}/child.json"}}
    path = tmp_path / "parent.json"
    path.write_text(json.dumps({"Resources": {"Nested": nested}}))
    refused = aws.run("deploy", name, "--yes", template=path)
    assert refused.returncode == 1
    assert "--capability CAPABILITY_IAM" in refused.stderr
    done = aws.run("deploy", name, "--yes", "--recreate", "--capability", "CAPABILITY_IAM", template=path)
    assert (done.returncode, aws.status(name)) == (0, "CREATE_COMPLETE"), done.stderr
