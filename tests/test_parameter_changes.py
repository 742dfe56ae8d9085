"""A change of a parameter that destroys something is described in the parameter, in the reference and in the plan."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest

from smtemplates.deploy.change_sets.change_plan import Fate, PropertyChange, ResourceChange
from smtemplates.deploy.change_sets.change_text import warnings
from smtemplates.reference import sections
from smtemplates.reference.conditions import all_options
from smtemplates.reference.parameter_changes import Effect, create_only, parameter_changes

# The sentences of which a description needs one, by type and outcome. A change of the key, VPC or name of a domain
# fails, so its description asks to delete the domain first, which also concerns the user profiles in it.
DOMAIN = ("elete a Studio domain first", "delete the domain first", "replaces the Studio domain")
PROFILE = ("positions of the other profiles must not change", "deletes the domain with its user profiles")
SENTENCES: dict[tuple[str, str], Sequence[str]] = {
    ("AWS::SageMaker::NotebookInstance", "replaced"): ["replaces the notebook instance and deletes the files on it"],
    ("AWS::SageMaker::NotebookInstance", "deleted"): ["deletes the notebook instance and the files on it"],
    ("AWS::SageMaker::Domain", "replaced"): DOMAIN,
    ("AWS::SageMaker::Domain", "deleted"): [
        "deletes the domain with its user profiles. Delete all spaces, with the files"
    ],
    ("AWS::SageMaker::UserProfile", "replaced"): [*PROFILE, *DOMAIN],
    ("AWS::SageMaker::UserProfile", "deleted"): PROFILE,
    ("AWS::SageMaker::MlflowApp", "replaced"): [r"replaces[^.]* MLflow app[^.]* records are lost"],
    ("AWS::SageMaker::MlflowApp", "deleted"): ["deletes the app, and its records are lost"],
    ("AWS::SageMaker::Endpoint", "replaced"): [r"replaces[^.]* endpoint \(clients need its new name\)"],
    ("AWS::SageMaker::Endpoint", "deployed again"): [
        "deploys[^.]* (again|to the endpoint)",
        "delete the endpoint first",
    ],
    ("AWS::SQS::Queue", "deleted"): ["deletes the undelivered events"],
    ("AWS::SNS::Topic", "deleted"): ["the topic of this stack is deleted with its subscriptions"],
}
# These describe the endpoint itself, so a new deployment is expected.
OF_ENDPOINT = {"ModelImageUri", "ModelDataUrl", "ServerlessMemoryMb", "ServerlessMaxConcurrency"}
FATES: dict[str, Fate] = {"replaced": "replace", "deleted": "delete", "deployed again": "update"}


@pytest.fixture(scope="module")
def effects(template: dict[str, Any]) -> list[Effect]:
    return parameter_changes(template, all_options(template))


def plan(effect: Effect) -> tuple[str, ...]:
    """Return the warnings of a plan with this effect."""
    properties = (PropertyChange(path="/Properties/EndpointConfigName"),)
    fate = FATES[effect.outcome]
    return warnings(ResourceChange(logical_id=effect.logical_id, type=effect.type, fate=fate, properties=properties))


@pytest.mark.slow
def test_description_contains_each_loss(template: dict[str, Any], effects: list[Effect]) -> None:
    """Each parameter whose change loses data, or deploys the endpoint again, has the sentence in its description."""
    silent = []
    for effect in effects:
        sentences = SENTENCES.get((effect.type, effect.outcome), ())
        text = template["Parameters"][effect.parameter]["Description"]
        lossless = effect.retained or effect.parameter in OF_ENDPOINT or not (sentences or plan(effect))
        if not lossless and not any(re.search(one, text) for one in sentences):
            silent.append(f"{effect.parameter}: {effect.logical_id} is {effect.outcome}, expected {sentences}")
    assert not silent, "\n".join(silent)


def test_plan_contains_each_loss(effects: list[Effect]) -> None:
    """A plan warns of each change whose description needs a sentence, except a new endpoint, which has no data."""
    quiet = {
        (effect.type, effect.outcome)
        for effect in effects
        if (effect.type, effect.outcome) in SENTENCES and not any(effect.logical_id in text for text in plan(effect))
    }
    assert quiet == {("AWS::SageMaker::Endpoint", "replaced")}


def test_known_changes_are_found(effects: list[Effect]) -> None:
    """The list has changes that concern the order of a list, several resources, conditions and references."""
    found = {(effect.parameter, effect.logical_id, effect.outcome) for effect in effects}
    assert {
        ("SubnetIds", "Notebook", "replaced"),
        ("SecurityGroupIds", "Notebook", "replaced"),
        ("VpcId", "Domain", "replaced"),
        ("ExistingRoleArn", "Endpoint", "deployed again"),
        ("UserProfileNames", "UserProfile2", "replaced"),
        ("CreateKmsKey", "UserProfile5", "replaced"),
        ("CreateDomain", "Domain", "deleted"),
    } <= found
    assert ("AccessLevel", "Model", "replaced") not in found  # the policies in the value do not change it
    assert ("BucketVersioning", "InputBucket", "replaced") not in found


def test_subnet_of_the_notebook_is_independent_of_the_list(template: dict[str, Any]) -> None:
    """With NotebookSubnetId, a change of SubnetIds does not replace the notebook."""
    own = {"Default": "subnet-0123456789abcdef0", "AllowedValues": ["subnet-0123456789abcdef0"]}
    parameters = {**template["Parameters"], "NotebookSubnetId": {**template["Parameters"]["NotebookSubnetId"], **own}}
    rules = {name: body for name, body in template["Rules"].items() if name != "NotebookSubnetNeedsVpc"}
    bodies = {name: template["Resources"][name] for name in ("Notebook", "SecurityGroup")}  # all take seconds
    changed = {**template, "Parameters": parameters, "Rules": rules, "Resources": bodies}
    found = parameter_changes(changed, all_options(changed))
    changing = {effect.parameter for effect in found if (effect.logical_id, effect.outcome) == ("Notebook", "replaced")}
    assert "VpcId" in changing
    assert "SubnetIds" not in changing


def test_reference_lists_each_change(effects: list[Effect]) -> None:
    """The table of the reference has a row for each parameter, with all resources that its change affects."""
    rows = {
        line.split("|")[1].strip(" `"): line
        for line in "".join(sections.parameter_changes(effects)).splitlines()
        if "|" in line
    }
    assert all(f"`{effect.logical_id}`" in rows[effect.parameter] for effect in effects)
    assert not any("UserProfile" in rows[name] for name in ("NotebookSubnetId", "ModelImageUri"))


def test_conditional_properties_count() -> None:
    """A property that only sometimes requires a replacement counts as one that does."""
    assert ("VpcId",) in create_only("AWS::SageMaker::Domain")
    assert ("PlatformIdentifier",) in create_only("AWS::SageMaker::NotebookInstance")
    assert create_only("Custom::LogGroups") == create_only("Custom::Folders")
