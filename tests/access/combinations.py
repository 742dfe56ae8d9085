"""Combinations of parameters that change the permissions of the execution role, with the resulting policies."""

from __future__ import annotations

import functools
import itertools
import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import samples

from smtemplates.evaluate import Stack

Policies = dict[str, dict[str, Any]]
POLICIES = {"AWS::IAM::ManagedPolicy", "AWS::IAM::Policy"}
OPTIONS: dict[str, dict[str, dict[str, str]]] = {
    "vpc": {"": {}, "created group": samples.VPC, "existing groups": {**samples.VPC, **samples.GROUPS}},
    "key": {"": {}, "existing": samples.KEY, "created": samples.MADE_KEY},
    "buckets": {"": {}, "existing": samples.NO_BUCKETS},
    "types": {"": {}, "limited": {"AllowedInstanceTypes": "ml.m5.*,ml.g5.xlarge"}},
    "runtime": {"": {}, "limited": {"MaxJobRuntimeSeconds": "86400"}},
    "registry": {
        "": {},
        "yes": {"CreateModelPackageGroup": "true"},
        "approval": {"CreateModelPackageGroup": "true", "AllowModelApproval": "true"},
        "existing": {"ExistingModelPackageGroupName": "team-models"},
    },
    "notebook": {
        "": {},
        "yes": {"CreateNotebook": "true"},
        "own subnet": {"CreateNotebook": "true", "NotebookSubnetId": "subnet-0123456789abcdeff"},
    },
    "studio": {"": {}, "yes": {"CreateDomain": "true"}, "images": {"CreateDomain": "true", **samples.STUDIO_IMAGES}},
    "mlflow": {"": {}, "yes": {"CreateMlflow": "true"}},
}


@dataclass(frozen=True)
class Combination:
    """A value of each option, with the policies attached to the execution role and the names in requests."""

    choice: dict[str, str]
    policies: Policies
    names: dict[str, str]

    def __getitem__(self, option: str) -> str:
        """Return the value of an option. It is empty if the option is off."""
        return self.choice[option]


def policies_of(stack: Stack) -> Policies:
    """Return the policies that are attached to the execution role, by logical ID."""
    role = samples.physical("ExecutionRole", None)
    return {
        logical: body["Properties"]["PolicyDocument"]
        for logical, body in stack.resources.items()
        if body["Type"] in POLICIES and role in body["Properties"].get("Roles", [])
    }


def distinct_combinations(template: dict[str, Any]) -> list[Combination]:
    """Return a small set of combinations that contains every policy document of all combinations.

    Each policy is evaluated with all values of the options that it depends on.
    """
    found: dict[str, Combination] = {}
    seen: set[tuple[str, str]] = set()
    without_properties = _without_other_properties(template)
    for name, body in template["Resources"].items():
        for choice in _choices(_options(template, body)) if body["Type"] in POLICIES else ():
            policies = policies_of(samples.deployed(without_properties, _parameters(choice)))
            document = (name, json.dumps(policies.get(name)))
            if name in policies and document not in seen:
                seen.add(document)
                found.setdefault(str(choice), combine(template, choice))
    return list(found.values())


def _choices(options: Collection[str]) -> Iterator[dict[str, str]]:
    """Yield all values of some options. The other options are off."""
    for values in itertools.product(*(OPTIONS[option] if option in options else [""] for option in OPTIONS)):
        choice = dict(zip(OPTIONS, values, strict=True))
        if choice["studio"] and not choice["vpc"]:
            choice["vpc"] = "created group"
        yield choice


def _options(template: dict[str, Any], body: Any) -> set[str]:
    """Return the options whose parameters occur in a part of the template, or in a condition that it names."""
    named: set[str] = set()
    parts = [body]
    while parts:
        new = set(re.findall(r"\w+", json.dumps(parts.pop()))) - named
        named |= new
        parts += [template["Conditions"][name] for name in new & template["Conditions"].keys()]
    return {
        option for option, values in OPTIONS.items() if any(named & parameters.keys() for parameters in values.values())
    }


def _without_other_properties(template: dict[str, Any]) -> dict[str, Any]:
    """Return a template in which only policies have properties. It is evaluated several times faster."""
    resources = {
        name: body if body["Type"] in POLICIES else {key: body[key] for key in ("Type", "Condition") if key in body}
        for name, body in template["Resources"].items()
    }
    return {**template, "Resources": resources}


def covering_combinations(template: dict[str, Any]) -> list[Combination]:
    """Return a few combinations in which each value of each option occurs, with others that are on and off."""
    forward = [list(values) for values in OPTIONS.values()]
    mixed = [values[::-1] if place % 2 else values for place, values in enumerate(forward)]
    choices = [
        dict(zip(OPTIONS, (names[min(place, len(names) - 1)] for names in values), strict=True))
        for values in (forward, mixed)
        for place in range(max(map(len, values)))
    ]
    return [combine(template, choice) for choice in choices if choice["vpc"] or not choice["studio"]]


def combine(template: dict[str, Any], chosen: dict[str, str]) -> Combination:
    """Return the combination with these values. All other options are off."""
    choice = {**dict.fromkeys(OPTIONS, ""), **chosen}
    stack = samples.deployed(template, _parameters(choice))
    return Combination(choice, policies_of(stack), names_of(stack))


def _parameters(choice: dict[str, str]) -> dict[str, str]:
    return {name: value for option, chosen in choice.items() for name, value in OPTIONS[option][chosen].items()}


@functools.cache
def _prefix() -> str:
    return f"us-east-1:{samples.ACCOUNT}:"


def names_of(stack: Stack) -> dict[str, str]:
    """Return the names of the resources in requests."""
    outputs = stack.outputs
    no_image = {"Properties": {"ImageName": "no-image"}}
    key = stack.parameters["KmsKeyArn"] or samples.physical("EncryptionKey", "Arn")
    return {
        "here": _prefix(),
        "input": outputs["InputBucketName"],
        "output": outputs["OutputBucketName"],
        "models": outputs["ModelBucketName"],
        "role": outputs["ExecutionRoleArn"],
        "key": key,
        "group": outputs.get("ModelPackageGroupName", "no-group"),
        "id": stack.resources.get("StudioLabImage", no_image)["Properties"]["ImageName"].rpartition("-")[2],
        "notebook": samples.physical("Notebook", None),
        "app": samples.physical("MlflowApp", None),
        "repository": samples.physical("StudioRepository", "Arn"),
        "settings": samples.physical("StudioSettings", None),
        "security_group": (stack.parameters["SecurityGroupIds"] or samples.physical("SecurityGroup", "GroupId")).split(
            ","
        )[0],
    }
