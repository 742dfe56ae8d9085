"""A released resource is never replaced by a new release: its ID, type and create-only properties stay the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import smtemplates
from smtemplates.synth.loader import load
from smtemplates.templates.registry import definition

# The resources of release 0.1.0, each with the properties that its provider schema calls create-only.
RELEASED: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "released" / "0.1.0.json").read_text("utf-8"))


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


def test_scripts_in_the_names_of_lifecycle_configurations_stay_the_same() -> None:
    """The name of a Studio lifecycle configuration contains a hash of its scripts, so a change replaces it."""
    template = load(smtemplates.render(smtemplates.build()))
    name = template["Resources"]["StudioLabLifecycle"]["Properties"]["StudioLifecycleConfigName"]
    assert name == RELEASED["workspace"]["StudioLabLifecycle"]["Properties"]["StudioLifecycleConfigName"]
    assert template["Parameters"]["ModelPackageGroupDescription"]["Default"] == "Models of this workspace"
