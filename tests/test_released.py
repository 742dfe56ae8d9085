"""A release does not replace released resources, and the changelog contains every change that can break users."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import release
import release_notes
import samples
import tomli
from release_changes import Change, declared_changes, undocumented

from smtemplates.evaluate import Stack, covering
from smtemplates.evaluate.check import faults
from smtemplates.reference.conditions import all_options
from smtemplates.reference.parameter_changes import create_only, template_changes
from smtemplates.synth.loader import load

FOLDER = Path(__file__).parent / "released"
FULL: dict[str, dict[str, str]] = tomli.loads((FOLDER / "full.toml").read_text("utf-8"))
LAST = release.last_release(release.ROOT, release_notes.package_version(release.ROOT))


def released(name: str, version: str = LAST.name) -> dict[str, Any]:
    return load((FOLDER / version / f"{name}.yaml").read_text("utf-8"))


def test_changelog_contains_every_change_that_can_break_users() -> None:
    """The part "What you must do" names each change of a template since the last release."""
    changes = list(release.offline_changes(release.ROOT, LAST))
    section = release_notes.section(release.ROOT, release_notes.package_version(release.ROOT))
    assert undocumented(changes, section.duties) == []
    assert undocumented(changes, "") == changes


@pytest.mark.parametrize("name", sorted(path.stem for path in LAST.glob("*.yaml")))
def test_complete_stacks_are_complete_and_valid(name: str) -> None:
    """The stack that the release check updates has all resources of the released template, of a list at least one."""
    template = released(name)
    parameters = template["Parameters"]
    values = {key: value for key, value in FULL[name].items() if key in parameters}
    assert [key for key, value in values.items() if value[0] != "@" and any(faults(parameters[key], value))] == []
    stack = Stack(template, values)
    assert stack.rules() == []
    declared, created = ({key.rstrip("12345") for key in names} for names in (template["Resources"], stack.resources))
    assert created == declared


SMALL: dict[str, Any] = {
    "Parameters": {
        "Size": {"Type": "String", "Default": "a", "AllowedValues": ["a", "b"]},
        "Name": {"Type": "String", "Default": "", "AllowedPattern": "^[a-z]*$"},
    },
    "Conditions": {"Big": {"Fn::Equals": [{"Ref": "Size"}, "b"]}},
    "Rules": {},
    "Resources": {
        "Topic": {
            "Type": "AWS::SNS::Topic",
            "DeletionPolicy": "Retain",
            "Properties": {"TopicName": "one", "DisplayName": "one"},
        },
        "Key": {"Type": "AWS::KMS::Key", "Condition": "Big"},
    },
    "Outputs": {"TopicArn": {"Value": {"Ref": "Topic"}, "Export": {"Name": "topic"}}},
}
RULE = {"Assertions": [{"Assert": {"Fn::Equals": [{"Ref": "Size"}, "a"]}, "AssertDescription": "Size must be a."}]}
BREAKS: list[tuple[Callable[[dict[str, Any]], Any], str, str]] = [
    (lambda new: new["Parameters"].pop("Name"), "Name", "is not in Parameters any more"),
    (lambda new: new["Parameters"]["Size"].update(Default="b"), "Size", "has 'b' as Default, which was 'a'"),
    (lambda new: new["Parameters"]["Size"].update(AllowedValues=["a"]), "Size", "does not accept 'b' any more"),
    (lambda new: new["Parameters"]["Name"].update(AllowedPattern="^$"), "Name", "does not accept"),
    (lambda new: new["Rules"].update(Small=RULE), "Size", "has values that a rule rejects now: Size must be a."),
    (lambda new: new["Resources"].pop("Key"), "Key", "is not in Resources any more"),
    (lambda new: new["Resources"]["Topic"].pop("DeletionPolicy"), "Topic", "has 'Delete' as DeletionPolicy, which was"),
    (lambda new: new["Resources"]["Topic"]["Properties"].update(TopicName="two"), "Topic", "is replaced by an update"),
    (lambda new: new["Outputs"].pop("TopicArn"), "TopicArn", "is not in Outputs any more"),
    (
        lambda new: new["Outputs"]["TopicArn"].pop("Export"),
        "TopicArn",
        "has None as Export, which was",
    ),
]


@pytest.mark.parametrize(("breaks", "name", "text"), BREAKS, ids=[text for _, _, text in BREAKS])
def test_each_kind_of_breaking_change_is_found(breaks: Callable[[dict[str, Any]], Any], name: str, text: str) -> None:
    """The change is listed once, and the changelog must contain its name as a word."""
    new = load(json.dumps(SMALL))
    breaks(new)
    found = declared_changes("small", SMALL, new)
    assert [one.template for one in found if one.name == name and one.text.startswith(text)] == ["small"], found
    assert undocumented(found, f"My{name} or {name}s") == found
    assert name not in {one.name for one in undocumented(found, f"Before you update, change `{name}`.")}


def test_changes_that_break_nobody_are_not_listed() -> None:
    """New names, wider values, kept data and changes in place need no entry."""
    new = load(json.dumps(SMALL))
    new["Parameters"]["Other"] = {"Type": "String", "Default": ""}
    new["Parameters"]["Size"]["AllowedValues"].append("c")
    new["Resources"]["Topic"]["Properties"]["DisplayName"] = "two"
    new["Resources"]["Key"]["DeletionPolicy"] = "Retain"
    new["Resources"]["Queue"] = {"Type": "AWS::SQS::Queue"}
    new["Outputs"]["KeyArn"] = {"Value": {"Ref": "Key"}, "Condition": "Big"}
    assert declared_changes("small", SMALL, new) == []


def test_a_removed_template_is_a_breaking_change(tmp_path: Path) -> None:
    """A template that does not exist any more is listed with its name."""
    (tmp_path / "templates").mkdir()
    found = list(release.offline_changes(tmp_path, LAST))
    assert found == [Change(path.stem, path.stem, "does not exist any more") for path in sorted(LAST.glob("*.yaml"))]


@pytest.mark.slow
def test_update_from_0_1_0_replaces_nothing(template: dict[str, Any]) -> None:
    """No set of parameters leads to a replacement, a loss of data or a new deployment in an update from 0.1.0.

    The properties are compared in all forms of the resources in either version, also where the local cloud does not
    simulate a replacement.
    """
    old = released("workspace", "0.1.0")
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
    old = released("workspace", "0.1.0")
    choice = {**samples.INSTANCES, "EndpointInstances": instances}
    assert bool(template_changes(old, template, [choice])) == (instances[0] != "1")
    declared = {"EndpointInitialInstances": template["Parameters"]["EndpointInitialInstances"]}
    known = {**old, "Parameters": {**old["Parameters"], **declared}}
    assert template_changes(known, template, [{**choice, "EndpointInitialInstances": instances[0]}]) == []
