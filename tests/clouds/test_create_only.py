"""Compare the replacements that the local cloud reports with the provider schemas."""

from __future__ import annotations

from typing import Any

from smtemplates.local_cloud.create_only import CREATE_ONLY
from smtemplates.reference.parameter_changes import create_only


def test_templates_are_replaced_as_the_provider_schemas_say(any_template: dict[str, Any]) -> None:
    """For each property in a template, the local cloud reports a replacement exactly if AWS can report one."""
    used = [
        (body["Type"], name)
        for body in any_template["Resources"].values()
        if body["Type"] in CREATE_ONLY
        for name in body.get("Properties", {})
    ]
    replacing = {type_: {path[0] for path in create_only(type_)} for type_, _ in used}
    assert [
        (type_, name) for type_, name in used if (name in CREATE_ONLY[type_]) is not (name in replacing[type_])
    ] == []


def test_each_listed_property_replaces_the_resource() -> None:
    """The provider schemas contain each property of the table."""
    schemas = {type_: {path[0] for path in create_only(type_)} for type_ in CREATE_ONLY}
    assert {type_: {*names} - schemas[type_] for type_, names in CREATE_ONLY.items() if {*names} - schemas[type_]} == {}


def test_each_event_and_message_resource_is_listed(template: dict[str, Any]) -> None:
    """MiniStack would report each change of these resources as a possible replacement."""
    types = {body["Type"] for body in template["Resources"].values()}
    services = ("AWS::Budgets::", "AWS::Events::", "AWS::SNS::", "AWS::ApplicationAutoScaling::")
    assert {type_ for type_ in types if type_.startswith(services)} <= CREATE_ONLY.keys()
    assert "AWS::SQS::QueuePolicy" in CREATE_ONLY
