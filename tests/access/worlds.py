"""Every combination of parameters that changes what the execution role may do, and the policies it then has."""

from __future__ import annotations

import functools
import itertools
import json
from dataclasses import dataclass
from typing import Any

import samples

from smtemplates.evaluate import Stack

Policies = dict[str, dict[str, Any]]
SWITCHES: dict[str, dict[str, dict[str, str]]] = {
    "vpc": {"": {}, "own group": samples.VPC, "given groups": {**samples.VPC, **samples.GROUPS}},
    "key": {"": {}, "given": samples.KEY, "made": samples.MADE_KEY},
    "buckets": {"": {}, "given": samples.NO_BUCKETS},
    "types": {"": {}, "limited": {"AllowedInstanceTypes": "ml.m5.*,ml.g5.xlarge"}},
    "runtime": {"": {}, "capped": {"MaxJobRuntimeSeconds": "86400"}},
    "registry": {
        "": {},
        "yes": {"CreateModelPackageGroup": "true"},
        "may approve": {"CreateModelPackageGroup": "true", "AllowModelApproval": "true"},
    },
    "notebook": {"": {}, "yes": {"CreateNotebook": "true"}},
    "studio": {"": {}, "yes": {"CreateDomain": "true"}},
    "mlflow": {"": {}, "yes": {"CreateMlflow": "true"}},
}


@dataclass(frozen=True)
class World:
    """Hold one choice of all switches, with the policies attached to the execution role and the names it uses."""

    choice: dict[str, str]
    policies: Policies
    names: dict[str, str]

    def __getitem__(self, switch: str) -> str:
        """Give the position of a switch; empty is off."""
        return self.choice[switch]


def policies_of(stack: Stack) -> Policies:
    """Collect what is attached to the execution role, by logical ID."""
    role = samples.physical("ExecutionRole", None)
    return {
        logical: body["Properties"]["PolicyDocument"]
        for logical, body in stack.resources.items()
        if body["Type"] in {"AWS::IAM::ManagedPolicy", "AWS::IAM::Policy"}
        and role in body["Properties"].get("Roles", [])
    }


def worlds(template: dict[str, Any]) -> list[World]:
    """List worlds that show every document any combination makes of any policy: few, and none left out."""
    found: list[World] = []
    seen: set[tuple[str, str]] = set()
    for positions in itertools.product(*SWITCHES.values()):
        choice = dict(zip(SWITCHES, positions, strict=True))
        if choice["studio"] and not choice["vpc"]:
            continue
        world = _world(template, choice)
        documents = {(name, json.dumps(document)) for name, document in world.policies.items()}
        if not documents <= seen:
            seen |= documents
            found.append(world)
    return found


def _world(template: dict[str, Any], choice: dict[str, str]) -> World:
    given = {name: value for switch, at in choice.items() for name, value in SWITCHES[switch][at].items()}
    stack = samples.deployed(template, given)
    return World(choice, policies_of(stack), _names(stack))


@functools.cache
def _prefix() -> str:
    return f"us-east-1:{samples.ACCOUNT}:"


def _names(stack: Stack) -> dict[str, str]:
    """Name what requests are about."""
    outputs = stack.outputs
    key = stack.parameters["KmsKeyArn"] or samples.physical("EncryptionKey", "Arn")
    return {
        "here": _prefix(),
        "input": outputs["InputBucketName"],
        "output": outputs["OutputBucketName"],
        "models": outputs["ModelBucketName"],
        "role": outputs["ExecutionRoleArn"],
        "key": key,
        "group": outputs.get("ModelPackageGroupName", "no-group"),
        "notebook": samples.physical("Notebook", None),
        "app": samples.physical("MlflowApp", None),
        "settings": samples.physical("StudioSettings", None),
        "security_group": (stack.parameters["SecurityGroupIds"] or samples.physical("SecurityGroup", "GroupId")).split(
            ","
        )[0],
    }
