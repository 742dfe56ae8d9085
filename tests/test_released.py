"""A released resource is never replaced by a new release: its ID, type and create-only properties stay the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import samples

import smtemplates
from smtemplates.evaluate import covering
from smtemplates.reference.conditions import all_options
from smtemplates.reference.parameter_changes import create_only, template_changes
from smtemplates.synth.loader import load
from smtemplates.templates.registry import definition

# The resources of the other templates of version 0.1.0, with the properties that their schemas call create-only.
FOLDER = Path(__file__).parent / "released"
RELEASED: dict[str, dict[str, Any]] = json.loads((FOLDER / "0.1.0.json").read_text("utf-8"))


@pytest.mark.parametrize("name", RELEASED)
def test_released_resources_keep_their_create_only_properties(name: str) -> None:
    """A rename, another type or another create-only value replaces the resource in every existing stack."""
    resources = load(smtemplates.render(definition(name).template()))["Resources"]
    now = {
        logical_id: {
            "Type": resources[logical_id]["Type"],
            "Properties": {key: resources[logical_id]["Properties"].get(key) for key in released["Properties"]},
        }
        for logical_id, released in RELEASED[name].items()
        if logical_id in resources
    }
    assert now == RELEASED[name]


def test_update_from_0_1_0_replaces_nothing(template: dict[str, Any]) -> None:
    """No set of parameters leads to a replacement, a loss of data or a new deployment in an update from 0.1.0.

    The properties are compared in all forms of the resources in either version, also where the local cloud does not
    simulate a replacement.
    """
    old = load((FOLDER / "0.1.0.yaml").read_text("utf-8"))
    known = {*old["Parameters"], "AWS::Region"}
    given = [{name: value for name, value in values.items() if name in known} for values in covering(template)]
    assert template_changes(old, template, [*covering(old), *given, all_options(old)]) == []


def test_platform_of_the_notebook_stays(template: dict[str, Any]) -> None:
    """As long as its provider schema calls the platform create-only, a newer one would delete all files of users."""
    notebook = template["Resources"]["Notebook"]["Properties"]
    assert ("PlatformIdentifier",) in create_only("AWS::SageMaker::NotebookInstance"), "It can be updated in place now."
    assert notebook["PlatformIdentifier"] == "notebook-al2023-v1"


@pytest.mark.parametrize("instances", ["1-1", "1-2", "1-4", "2-2", "2-4", "2-8", "4-16"])
def test_update_deploys_no_endpoint_again_that_scales(template: dict[str, Any], instances: str) -> None:
    """If the range of instances starts with 2 or 4, that needs this number as a parameter."""
    old = load((FOLDER / "0.1.0.yaml").read_text("utf-8"))
    choice = {**samples.INSTANCES, "EndpointInstances": instances}
    assert bool(template_changes(old, template, [choice])) == (instances[0] != "1")
    declared = {"EndpointInitialInstances": template["Parameters"]["EndpointInitialInstances"]}
    known = {**old, "Parameters": {**old["Parameters"], **declared}}
    assert template_changes(known, template, [{**choice, "EndpointInitialInstances": instances[0]}]) == []
