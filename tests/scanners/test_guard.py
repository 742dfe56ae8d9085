"""Tests with the proactive controls of AWS Control Tower, as Guard rules from the CDK validator of AWS."""

from __future__ import annotations

import json
import re
import tarfile
from importlib import metadata
from typing import Any

import pytest
import samples
from cloudformation_validate import (
    EngineConfig,
    ExternalRuleSource,
    RegoEngine,
    TemplateContent,
    ValidateConfig,
)

from scanners import stacks
from scanners.waivers import Finding, problems

pytestmark = pytest.mark.slow

PACKAGE = "cdklabs-cdk-validator-cfnguard"
ONLY_GUARD = ValidateConfig(disable_builtin_rules=True)


@pytest.fixture(scope="module")
def rules() -> list[ExternalRuleSource]:
    """Return the rules in the package."""
    (archive,) = (file for file in metadata.files(PACKAGE) or [] if file.suffix == ".tgz")
    with tarfile.open(str(archive.locate())) as package:
        members = [member for member in package.getmembers() if member.name.endswith(".guard")]
        texts = {member.name: text.read().decode() for member in members if (text := package.extractfile(member))}
    return [ExternalRuleSource(name=name, content=text) for name, text in texts.items()]


def engine(rules: list[ExternalRuleSource]) -> RegoEngine:
    return RegoEngine(EngineConfig(guard_rules=rules))


def typed(value: Any) -> Any:
    """Convert parameter values to numbers, as CloudFormation does for properties whose schema requires a number."""
    if isinstance(value, dict):
        return {key: typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [typed(item) for item in value]
    # An account ID is longer and must remain a string.
    return int(value) if isinstance(value, str) and re.fullmatch("[0-9]{1,9}", value) else value


def failures(engine: RegoEngine, resolved: dict[str, Any]) -> set[tuple[str, str]]:
    """Return the rules that fail, each with the logical ID of the resource."""
    report = engine.validate_template(TemplateContent(json.dumps(typed(resolved)), "resolved"), ONLY_GUARD)
    named = {(one.rule_id, one.entity.logical_id) for one in report.diagnostics if one.entity and one.entity.logical_id}
    # Details of a finding can lack a resource, but every failed rule must name one.
    assert {one.rule_id for one in report.diagnostics} == {rule for rule, _ in named}
    return named


def test_the_engine_accepts_every_rule_set(rules: list[ExternalRuleSource]) -> None:
    """The engine loads all rules, not only those for the resource types of our templates."""
    assert len(rules) > 200
    engine(rules)


def test_every_stack_passes_the_control_tower_rules(template: dict[str, Any], rules: list[ExternalRuleSource]) -> None:
    """Every form of every resource passes the rules for its type, except for the findings that a waiver explains.

    Names are resolved, as CloudFormation does before it calls the hooks of Control Tower.
    """
    cases = stacks.cases(template)
    types = {body["Type"] for one, _ in cases for body in one["Resources"].values()}
    relevant = engine([rule for rule in rules if any(f'"{name}"' in rule.content for name in types)])
    findings = []
    for one, choice in cases:
        stack = samples.deployed(one, choice)
        findings += [Finding(*pair, choice, stack.parameters) for pair in sorted(failures(relevant, stack.template()))]
    assert problems("guard", findings) == []
    public = failures(relevant, stacks.with_public_bucket(template))
    assert ("s3_bucket_level_public_access_prohibited_check", "InputBucket") in public
