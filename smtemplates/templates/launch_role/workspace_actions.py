"""The actions that the policies of a workspace's roles allow, from which the permissions boundary is built."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from troposphere import encode_to_dict

from smtemplates.core.construct import Construct


def granted(constructs: Iterable[Construct], in_packs: Collection[str]) -> set[str]:
    """Return the actions that the policies of all roles allow, except in these statements of workflow packs."""
    return {
        action
        for construct in constructs
        for resource in construct.resources
        if resource.resource_type in {"AWS::IAM::ManagedPolicy", "AWS::IAM::Role"}
        for body in [encode_to_dict(resource)["Properties"]]
        for action in _allowed([body.get("PolicyDocument"), body.get("Policies")], in_packs)
    }


def _allowed(value: Any, in_packs: Collection[str]) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _allowed(item, in_packs)
    elif isinstance(value, dict):
        if value.get("Effect") == "Allow" and value["Sid"] not in in_packs:
            yield from value["Action"]
        elif "Effect" not in value:
            for item in value.values():
                yield from _allowed(item, in_packs)
