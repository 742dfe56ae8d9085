"""The templates of experiments: the workspace with its settings fixed, and resources that observe it."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

from smtemplates.evaluate.references import edges
from smtemplates.prove.experiment import PREFIX
from smtemplates.specializing.specialization import specialize
from smtemplates.templates.workspace.features import FEATURES
from smtemplates.templates.workspace.template import build

# The settings of all experiments. The function of the initializer would leave the log groups of the account behind. The
# name of the project is the start of the names of the resources that need one, such as the endpoint.
SMALL = {"ManageLogGroups": "false", "CreateFolders": "false", "ProjectName": PREFIX.rstrip("-")}


@cache
def _built(without: frozenset[str]) -> dict[str, Any]:
    built: dict[str, Any] = build(without).to_dict()
    return built


def workspace(
    features: Collection[str] = (), *, fix: Mapping[str, str] | None = None, keep: Collection[str] = ()
) -> dict[str, Any]:
    """Return the workspace with only these optional features, and with all parameters fixed except those in `keep`.

    The stack deletes everything that the template otherwise retains, because the experiment created all of it.
    """
    built = _built(frozenset(FEATURES) - set(features))
    template = specialize(built, fix={**SMALL, **(fix or {})}, keep=keep)
    for resource in template["Resources"].values():
        resource["DeletionPolicy"] = resource["UpdateReplacePolicy"] = "Delete"
    return template


@cache
def core() -> dict[str, Any]:
    """Return the workspace without optional features and with all other parameters. Its data is deleted with it."""
    template: dict[str, Any] = copy.deepcopy(_built(frozenset(FEATURES)))
    for resource in template["Resources"].values():
        resource["DeletionPolicy"] = resource["UpdateReplacePolicy"] = "Delete"
    return template


def only(template: Mapping[str, Any], *logical_ids: str) -> dict[str, Any]:
    """Return a template with these resources, all resources to which they refer, and the outputs of all of them.

    A small stack is created and deleted faster, and fewer of its resources can fail.
    """
    targets: dict[tuple[str, str], set[str]] = {}
    for edge in edges(template):
        section, name = map(str, edge.path[:2])
        targets.setdefault((section, name), set()).add(edge.target)
    kept, waiting = set[str](), list(logical_ids)
    while waiting:
        name = waiting.pop()
        if name in template["Resources"] and name not in kept:
            kept.add(name)
            waiting += targets.get(("Resources", name), ())
    declared = template["Resources"].keys()
    outputs = {
        name: body
        for name, body in template.get("Outputs", {}).items()
        if targets.get(("Outputs", name), set()) & declared <= kept
    }
    resources = {name: body for name, body in template["Resources"].items() if name in kept}
    return {**template, "Resources": resources, "Outputs": outputs}


def with_resources(
    template: Mapping[str, Any], resources: Mapping[str, Any], outputs: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return a template with further resources and outputs."""
    added: dict[str, Any] = copy.deepcopy(dict(template))
    added["Resources"].update(resources)
    added.setdefault("Outputs", {}).update({name: {"Value": value} for name, value in (outputs or {}).items()})
    return added


def with_properties(template: Mapping[str, Any], logical_id: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return a template in which a resource has further or other properties."""
    changed: dict[str, Any] = copy.deepcopy(dict(template))
    changed["Resources"][logical_id].setdefault("Properties", {}).update(properties)
    return changed


def listening(topic: str) -> dict[str, Any]:
    """Return a queue that receives the messages of a topic, given by its logical ID.

    Source: https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
    """
    sending = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": {"Fn::GetAtt": ["Received", "Arn"]},
        "Condition": {"ArnEquals": {"aws:SourceArn": {"Ref": topic}}},
    }
    return {
        "Received": {"Type": "AWS::SQS::Queue", "Properties": {"SqsManagedSseEnabled": True}},
        "ReceivedPolicy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {
                "Queues": [{"Ref": "Received"}],
                "PolicyDocument": {"Version": "2012-10-17", "Statement": [sending]},
            },
        },
        "Subscription": {
            "Type": "AWS::SNS::Subscription",
            "DependsOn": "ReceivedPolicy",
            "Properties": {
                "TopicArn": {"Ref": topic},
                "Protocol": "sqs",
                "Endpoint": {"Fn::GetAtt": ["Received", "Arn"]},
                "RawMessageDelivery": True,
            },
        },
    }
