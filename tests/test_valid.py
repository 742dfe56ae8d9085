"""Validate the templates with cfn-lint in every Region, and with the validator of AWS for many parameter values."""

from __future__ import annotations

import itertools
import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import samples
from cfnlint.helpers import REGIONS
from cfnlint.runner import run_template_by_data
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from cloudformation_validate import RegoEngine, Severity, TemplateContent

import smtemplates
from smtemplates.aws_data.regions import ALL_REGIONS
from smtemplates.evaluate import Stack, check_parameters
from smtemplates.linting import engine as linter_engine
from smtemplates.synth.loader import load
from smtemplates.templates.registry import TEMPLATES, definition
from smtemplates.templates.workspace import template as workspace
from smtemplates.templates.workspace.features import CONSTRUCTS, feature_of

pytestmark = pytest.mark.slow

REGIONS_PAGE = Path(__file__).parent.parent / "docs/reference/workspace/regions.md"
TYPE = re.compile(r"AWS::\w+::\w+")
RESOLVING_CAUSES = {"W9002", "W9003"}


def _features_of_types() -> set[tuple[str, str]]:
    """Return each AWS type in the workspace with the feature that creates its resources."""
    return {
        (str(resource.resource_type), feature_of(construct.source))
        for construct in workspace.constructs()
        for resource in construct.resources
        if str(resource.resource_type).startswith("AWS::")
    }


def _needed(region: str, types: set[tuple[str, str]]) -> frozenset[str]:
    """Return the features to leave out in a Region because the provider schemas lack their types there."""
    there = set(PROVIDER_SCHEMA_MANAGER.get_resource_types(region))
    lacking = {feature for type_, feature in types if type_ not in there}
    assert all(lacking), f"{region} lacks a type of a construct that --without cannot leave out"
    return frozenset(lacking)


def _groups() -> dict[frozenset[str], list[str]]:
    groups: dict[frozenset[str], list[str]] = defaultdict(list)
    types = _features_of_types()
    for region in REGIONS:
        groups[_needed(region, types)].append(region)
    return dict(sorted(groups.items(), key=lambda group: sorted(group[0])))


GROUPS = _groups()
# Five templates in which each feature is left out while each other one exists, and the smallest one.
LEFT_OUT = [
    frozenset({"budget", "endpoint", "mlflow", "notebook", "registry", "studio"}),
    frozenset({"budget", "endpoint", "guide", "monitoring", "registry"}),
    frozenset({"budget", "monitoring", "notebook", "studio"}),
    frozenset({"endpoint", "guide", "mlflow", "studio"}),
    frozenset({"guide", "mlflow", "notebook", "registry"}),
    frozenset(smtemplates.FEATURES),
]


def test_each_feature_is_left_out_while_each_other_one_exists() -> None:
    """A part that one feature leaves behind, or that another one needs, is in one of the linted templates."""
    required = {(row.requires, row.feature) for row in CONSTRUCTS}
    left_out = [without | {later for first, later in required if first in without} for without in LEFT_OUT]
    for first, other in set(itertools.permutations(smtemplates.FEATURES, 2)) - required:
        assert any(first in without and other not in without for without in left_out), (first, other)


@pytest.mark.parametrize("without", LEFT_OUT, ids=lambda names: "+".join(sorted(names)))
def test_left_out_features_leave_no_findings(without: frozenset[str]) -> None:
    """Without features, nothing is unused, and no check reports a finding in the Regions that lack no other ones."""
    text = smtemplates.render(smtemplates.build(without))
    regions = [region for needed in GROUPS if needed <= without for region in GROUPS[needed]]
    findings = smtemplates.lint(text, regions=regions, cache=False)
    assert [str(finding) for finding in findings] == []


def test_types_of_left_out_features_are_not_in_the_template() -> None:
    """Without the features that a Region lacks, the template has only types that exist there.

    The other checks in that Region have no findings for the whole template.
    """
    for without, regions in GROUPS.items():
        made = load(smtemplates.render(smtemplates.build(without)))["Resources"].values()
        types = {body["Type"] for body in made if body["Type"].startswith("AWS::")}
        for region in regions:
            assert types <= set(PROVIDER_SCHEMA_MANAGER.get_resource_types(region)), (region, without)


def test_whole_workspace_has_only_findings_about_missing_types(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a Region that lacks types, the findings name only these types. In other Regions there are no findings.

    The page about Regions lists these types and the option that leaves them out. At most a third of the Regions are
    linted, which represent all of them.
    """
    linted: list[str] = []

    def counting(template: dict[str, Any], config: Any, rules: Any) -> Any:
        linted.extend(config.regions)
        return run_template_by_data(template, config, rules)

    monkeypatch.setattr(linter_engine, "run_template_by_data", counting)
    findings = smtemplates.lint(smtemplates.render(smtemplates.build()), regions=ALL_REGIONS, cache=False)
    assert {finding.rule for finding in findings} == {"E3006"}
    missing: dict[str, set[str]] = defaultdict(set)
    for finding in findings:
        for region in finding.regions:
            missing[region].update(TYPE.findall(finding.message))
    lacking = {region: without for without in GROUPS if without for region in GROUPS[without]}
    rows = re.findall(r"^\| `(\S+)` \| (.*) \| `--without (\S+)` \|$", REGIONS_PAGE.read_text("utf-8"), re.MULTILINE)
    listed = {region: (set(TYPE.findall(types)), frozenset(option.split(","))) for region, types, option in rows}
    assert listed == {region: (missing[region], without) for region, without in lacking.items()}
    assert missing.keys() == lacking.keys()
    assert 0 < len(linted) <= len(REGIONS) / 3


@pytest.mark.parametrize("name", [name for name in TEMPLATES if name != "workspace"])
def test_other_templates_have_no_findings_where_their_types_exist(name: str) -> None:
    """No check reports a finding, informational checks included; in other Regions only types are missing."""
    built = definition(name)
    text = smtemplates.render(built.template())
    types = {str(resource.resource_type) for each in built.constructs for resource in each.resources}
    lacking = [region for region in REGIONS if types - set(PROVIDER_SCHEMA_MANAGER.get_resource_types(region))]
    findings = smtemplates.lint(text, regions=ALL_REGIONS, cache=False)
    assert {finding.rule for finding in findings} <= {"E3006"}
    assert {region for finding in findings for region in finding.regions} == set(lacking)


@pytest.fixture(scope="module")
def engine() -> RegoEngine:
    """Return the validator of AWS, which is started once."""
    return RegoEngine()


def test_aws_validator_finds_nothing(template: dict[str, Any], engine: RegoEngine) -> None:
    """No combination of network, key, role, buckets and features leads to an error or a warning."""
    assert _found(template, [*samples.COMBINATIONS, samples.EVERYTHING], engine) == {}


@pytest.mark.parametrize("name", samples.OTHERS)
def test_aws_validator_finds_nothing_in_other_templates(name: str, engine: RegoEngine) -> None:
    """The validator reports no errors or warnings for the largest and the smallest stack of each template."""
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
            # account IDs and zones are allowed in the values of parameters
            given = finding.rule_id == "W9013" and any(samples.ACCOUNT in value for value in choice.values())
            given |= finding.rule_id == "W3010" and "AvailabilityZones" in choice
            if bad and not given and finding.rule_id not in RESOLVING_CAUSES:
                found[f"{finding.rule_id} {finding.message}"] = choice
    return found
