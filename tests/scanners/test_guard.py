"""AWS Control Tower's proactive controls, as Guard rules that AWS's CDK validator ships."""

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
from scanners.waivers import Finding, complaints

PACKAGE = "cdklabs-cdk-validator-cfnguard"
ONLY_GUARD = ValidateConfig(disable_builtin_rules=True)


@pytest.fixture(scope="module")
def rules() -> list[ExternalRuleSource]:
    """Read the rules out of the package."""
    (archive,) = (file for file in metadata.files(PACKAGE) or [] if file.suffix == ".tgz")
    with tarfile.open(str(archive.locate())) as package:
        members = [member for member in package.getmembers() if member.name.endswith(".guard")]
        texts = {member.name: text.read().decode() for member in members if (text := package.extractfile(member))}
    return [ExternalRuleSource(name=name, content=text) for name, text in texts.items()]


def engine(rules: list[ExternalRuleSource]) -> RegoEngine:
    return RegoEngine(EngineConfig(guard_rules=rules))


def typed(value: Any) -> Any:
    """Make numbers of the texts that parameters hold, as CloudFormation does where a type's schema says so."""
    if isinstance(value, dict):
        return {key: typed(part) for key, part in value.items()}
    if isinstance(value, list):
        return [typed(part) for part in value]
    # an account's ID is longer, and a text
    return int(value) if isinstance(value, str) and re.fullmatch("[0-9]{1,9}", value) else value


def found(engine: RegoEngine, resolved: dict[str, Any]) -> set[tuple[str, str]]:
    """Name the rules that fail, with the resource each speaks of."""
    report = engine.validate_template(TemplateContent(json.dumps(typed(resolved)), "resolved"), ONLY_GUARD)
    named = {(one.rule_id, one.entity.logical_id) for one in report.diagnostics if one.entity and one.entity.logical_id}
    # a detail of a rule's finding may name no resource
    assert {one.rule_id for one in report.diagnostics} == {rule for rule, _ in named}
    return named


def test_every_rule_set_can_be_run(rules: list[ExternalRuleSource]) -> None:
    """The engine takes all of them, not only those that speak of our types of resources."""
    assert len(rules) > 200
    engine(rules)


def test_control_tower_lets_each_stack_pass(template: dict[str, Any], rules: list[ExternalRuleSource]) -> None:
    """Each resource in each of its forms passes each rule about its type, but for what a waiver explains.

    Names are filled in as CloudFormation does before it asks Control Tower's hooks.
    """
    cases = stacks.cases(template)
    types = {body["Type"] for one, _ in cases for body in one["Resources"].values()}
    ours = engine([rule for rule in rules if any(f'"{name}"' in rule.content for name in types)])
    findings = []
    for one, choice in cases:
        stack = samples.deployed(one, choice)
        findings += [Finding(*pair, choice, stack.parameters) for pair in sorted(found(ours, stack.template()))]
    assert complaints("guard", findings) == []
    assert ("s3_bucket_level_public_access_prohibited_check", "InputBucket") in found(ours, stacks.broken(template))
