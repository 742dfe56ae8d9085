"""Any template, with values of any type, leads to a request or to a message."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_round_trip import CORPUS, values

from deploying.stubs import stack
from smtemplates.deploy.operations import stack as stacks
from smtemplates.deploy.requests import template as templates
from smtemplates.deploy.requests.parameters import Settings
from smtemplates.deploy.requests.request import Request, check_against, check_request, secret_values
from smtemplates.deploy.requests.template import Template
from smtemplates.errors import UsageError
from smtemplates.publish import content

STACK = stacks.read(stack("CREATE_COMPLETE", Parameters=[{"ParameterKey": "P", "ParameterValue": "x"}]))

names = st.sampled_from(["P", "Q", "Fn::ForEach::Each", "Fn::Transform"])
keys = st.sampled_from(
    [
        *("Type", "Default", "AllowedValues", "AllowedPattern", "MinLength", "MaxLength", "MinValue", "MaxValue"),
        *("NoEcho", "Properties", "Condition", "Assertions", "Assert", "RuleCondition", "Value", "Export"),
    ]
)
types = st.sampled_from(
    [
        *("String", "Number", "CommaDelimitedList", "List<Number>", "AWS::EC2::VPC::Id", "List<AWS::EC2::Subnet::Id>"),
        *("AWS::IAM::Role", "AWS::Serverless::Function", "AWS::SSM::Parameter::Value<String>"),
    ]
)
entries: st.SearchStrategy[Any] = (
    st.dictionaries(keys, values | types, max_size=4) | st.builds(dict, Type=types, Default=values) | values
)
section = st.dictionaries(names, entries, max_size=3) | values
contents = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        [
            *("Parameters", "Rules", "Mappings", "Conditions", "Resources", "Outputs", "Transform", "Globals"),
            *("Metadata", "Description"),
        ],
        section,
    ),
)


def use(template: Template) -> None:
    """Use all that a plan needs of a template, with one parameter of the request and one of the stack."""
    request = Request(stack="team", template=template, settings=Settings(parameters={"P": "x"}), reset=frozenset({"Q"}))
    found = (request.fingerprint, request.all_capabilities, template.content_digest, template.inline)
    assert all(isinstance(name, str) for name in (*template.parameters, *template.resources, *template.secret_names))
    assert all(isinstance(body, dict) for body in (*template.parameters.values(), *template.resources.values()))
    assert found[0] == request.fingerprint
    secret_values(request)
    content.of_template(template)
    with contextlib.suppress(UsageError):
        check_request(request)
    for existing in (None, STACK):
        with contextlib.suppress(UsageError):
            check_against(request, existing, "eu-central-1")


@given(contents)
def test_any_content_is_a_request_or_a_message(value: dict[str, Any]) -> None:
    """Null, lists, numbers and texts in any place of a template do not lead to another error than UsageError."""
    use(Template(body=json.dumps(value), content=value))


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_corpus_is_a_request_or_a_message(path: Path) -> None:
    """Each template of the corpus can be planned."""
    use(templates.read(path))


def test_transform_can_provide_the_resources(tmp_path: Path) -> None:
    """A template with a transform can have no Resources section; without a transform it is not a template."""
    path = tmp_path / "t.yaml"
    for text in ("Transform: [Macro]", "Fn::Transform: {Name: 'AWS::Include', Parameters: {Location: s3://b/k}}"):
        path.write_text(text)
        use(templates.read(path))
    path.write_text("Outputs: {}")
    with pytest.raises(UsageError, match="no Resources section"):
        templates.read(path)
