"""The template is valid: for cfn-lint in every Region, for AWS's own validator however it is resolved."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

import pytest
import samples
from cfnlint.helpers import REGIONS
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from cloudformation_validate import RegoEngine, Severity, TemplateContent

import smtemplates
from smtemplates.evaluate import Stack, check_parameters
from smtemplates.synth.loader import load
from smtemplates.templates.registry import TEMPLATES, definition
from smtemplates.templates.workspace import template as workspace

RESOLVING_CAUSES = {"W9002", "W9003"}


def _needed(region: str) -> frozenset[str]:
    """Name the features to leave out in a Region, for it lacks their types according to the provider schemas."""
    there = set(PROVIDER_SCHEMA_MANAGER.get_resource_types(region))
    lacking = {
        workspace.feature_of(construct.source)
        for construct in workspace.constructs()
        for resource in construct.resources
        if str(resource.resource_type).startswith("AWS::") and resource.resource_type not in there
    }
    assert all(lacking), f"{region} lacks a type of a construct that no --without leaves out"
    return frozenset(lacking)


def _groups() -> dict[frozenset[str], list[str]]:
    groups: dict[frozenset[str], list[str]] = defaultdict(list)
    for region in REGIONS:
        groups[_needed(region)].append(region)
    return dict(sorted(groups.items(), key=lambda group: sorted(group[0])))


GROUPS = _groups()


@pytest.mark.parametrize("without", GROUPS, ids=lambda names: "+".join(sorted(names)) or "whole")
def test_cfn_lint_finds_nothing_in_any_region(without: frozenset[str]) -> None:
    """With every check down to informational: whole where a Region has all types, else without what it lacks."""
    text = smtemplates.render(smtemplates.build(without))
    findings = smtemplates.lint(text, regions=GROUPS[without], cache=False)
    assert [str(finding) for finding in findings] == []


@pytest.mark.parametrize("without", [*zip(smtemplates.FEATURES), smtemplates.FEATURES], ids="+".join)
def test_no_feature_leaves_anything_behind(without: tuple[str, ...]) -> None:
    """Without any one optional feature, and without all of them: no parameter, condition or mapping is left idle."""
    findings = smtemplates.lint(smtemplates.render(smtemplates.build(without)), cache=False)
    assert [str(finding) for finding in findings] == []


@pytest.mark.parametrize("without", [group for group in GROUPS if group], ids=lambda names: "+".join(sorted(names)))
def test_a_region_that_lacks_a_type_is_told_so(without: frozenset[str]) -> None:
    """The whole template is refused there, and all that is said is which types are missing."""
    region = GROUPS[without][0]
    findings = smtemplates.lint(smtemplates.render(smtemplates.build()), regions=[region], cache=False)
    assert {finding.rule for finding in findings} == {"E3006"}


@pytest.mark.parametrize("name", [name for name in TEMPLATES if name != "workspace"])
def test_other_templates_are_clean_wherever_their_types_are(name: str) -> None:
    """With every check down to informational; elsewhere all that is said is which types are missing."""
    built = definition(name)
    text = smtemplates.render(built.template())
    types = {str(resource.resource_type) for each in built.constructs for resource in each.resources}
    lacking = [region for region in REGIONS if types - set(PROVIDER_SCHEMA_MANAGER.get_resource_types(region))]
    there = [region for region in REGIONS if region not in lacking]
    assert [str(finding) for finding in smtemplates.lint(text, regions=there, cache=False)] == []
    for region in lacking[:1]:
        assert {finding.rule for finding in smtemplates.lint(text, regions=[region], cache=False)} == {"E3006"}


@pytest.fixture(scope="module")
def engine() -> RegoEngine:
    """Start AWS's validator once."""
    return RegoEngine()


def test_awss_own_validator_finds_nothing(template: dict[str, Any], engine: RegoEngine) -> None:
    """Resolved for every combination of network, key, role, buckets and features: no fatal, error or warning."""
    assert _found(template, [*samples.COMBINATIONS, samples.EVERYTHING], engine) == {}


@pytest.mark.parametrize("name", samples.OTHERS)
def test_awss_own_validator_finds_nothing_in_other_templates(name: str, engine: RegoEngine) -> None:
    """Resolved as large and as small as they get: no fatal, error or warning."""
    built = definition(name)
    template = load(smtemplates.render(built.template()))
    choices = samples.OTHERS[name]
    assert [check_parameters(template, choice) for choice in choices] == [[] for _ in choices]
    assert _found(template, choices, engine) == {}


def _found(template: dict[str, Any], choices: list[dict[str, str]], engine: RegoEngine) -> dict[str, dict[str, str]]:
    found = {}
    for choice in choices:
        stack = Stack(template, choice)
        report = engine.validate_template(TemplateContent(json.dumps(stack.template()), "resolved"))
        for finding in report.diagnostics:
            bad = finding.severity in {Severity.FATAL, Severity.ERROR, Severity.WARN}
            # an account ID in an ARN is the user's own where the user gave that ARN
            given = finding.rule_id == "W9013" and any(samples.ACCOUNT in value for value in choice.values())
            if bad and not given and finding.rule_id not in RESOLVING_CAUSES:
                found[f"{finding.rule_id} {finding.message}"] = choice
    return found
