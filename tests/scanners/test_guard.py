"""Tests with Guard rules: the proactive controls of AWS Control Tower, and the AWS Guard Rules Registry.

The rules of Control Tower are in a package, the CDK validator of AWS. The registry is not published as a package.
guard-rules-registry.tar.gz contains all rules of version 1.0.2-32-g7f7340c, the latest one, with their licence.

Source: https://github.com/aws-cloudformation/aws-guard-rules-registry
"""

from __future__ import annotations

import json
import re
import tarfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from cloudformation_validate import (
    EngineConfig,
    ExternalRuleSource,
    RegoEngine,
    TemplateContent,
    ValidateConfig,
)

from scanners import stacks
from scanners.table import Report, problems

pytestmark = pytest.mark.slow

PACKAGE = "cdklabs-cdk-validator-cfnguard"
REGISTRY = Path(__file__).with_name("guard-rules-registry.tar.gz")
SCANNERS = {"Control Tower", "Guard Rules Registry"}
ONLY_GUARD = ValidateConfig(disable_builtin_rules=True)
# The services with most rules. An engine for each, and one for all others, are faster than one engine with all rules.
LARGE = ("AWS::EC2::", "AWS::IAM::", "AWS::S3::")
TYPE = r"AWS::\w+::\w+"
LIST = r"""\[[^\]]*\]|["'][^"']*["']|/[^/]*/"""


def _read(archive: Path) -> dict[str, str]:
    with tarfile.open(archive) as package:
        members = [member for member in package.getmembers() if member.name.endswith(".guard")]
        return {member.name: text.read().decode() for member in members if (text := package.extractfile(member))}


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    """Return the text of each file of both rule sets."""
    (archive,) = (file for file in metadata.files(PACKAGE) or [] if file.suffix == ".tgz")
    return {**_read(Path(str(archive.locate()))), **_read(REGISTRY)}


def subjects(text: str) -> set[str]:
    """Return the resource types that the rules of a file select, as one type, a list, a variable or a block."""
    code = re.sub(r"(?m)^\s*#.*", "", text)
    variables = dict(re.findall(rf"let\s+(\w+)\s*=\s*({LIST})", code))
    selected = re.findall(rf"\[\s*Type\s*(?:==|in)\s*(%\w+|{LIST})", code)
    values = [variables.get(each[1:], "") if each[0] == "%" else each for each in selected]
    blocks = re.findall(rf"(?m)^\s*({TYPE})\s*(?:when[^{{]*)?\{{", code)
    return {*re.findall(TYPE, " ".join(values)), *blocks}


def rules(text: str) -> list[str]:
    """Return the rules of a file, without those that have parameters and are used by other rules."""
    return re.findall(r"(?m)^rule (\w+)(?![\w(])", text)


def engine(files: Mapping[str, str]) -> RegoEngine:
    """Return an engine with these rules."""
    return RegoEngine(
        EngineConfig(guard_rules=[ExternalRuleSource(name=name, content=text) for name, text in files.items()])
    )


def group(type_: str) -> str:
    """Return the service of a resource type if it is one of LARGE, otherwise ''."""
    return next(filter(type_.startswith, LARGE), "")


def typed(value: Any) -> Any:
    """Convert parameter values to numbers, as CloudFormation does for properties whose schema requires a number."""
    if isinstance(value, dict):
        return {key: typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [typed(item) for item in value]
    # An account ID is longer and must remain a string.
    return int(value) if isinstance(value, str) and re.fullmatch("[0-9]{1,9}", value) else value


def failures(engine: RegoEngine, name: str, body: dict[str, Any]) -> set[str]:
    """Return the rules that a resource violates. It is checked alone, as the hooks of Control Tower do."""
    template = json.dumps({"Resources": {name: typed(body)}})
    return {
        one.rule_id for one in engine.validate_template(TemplateContent(template, "resolved"), ONLY_GUARD).diagnostics
    }


def test_the_engine_accepts_every_rule_set(files: dict[str, str]) -> None:
    """The engine loads all rules, and the resource types of each file are found. One file selects no type."""
    assert len(files) > 400
    assert [Path(name).stem for name, text in files.items() if rules(text) and not subjects(text)] == [
        "cfn_authentication_rule"
    ]
    engine(files)


def test_every_stack_passes_the_guard_rules(template: dict[str, Any], files: dict[str, str]) -> None:
    """Every form of every resource passes the rules for its type, except for accepted findings.

    Names are resolved, as CloudFormation does before it calls the hooks of Control Tower.
    """
    forms = stacks.resources(template)
    types = {form.body["Type"] for form in forms}
    relevant = {name: text for name, text in files.items() if subjects(text) & types}
    checked = {rule for text in relevant.values() for rule in rules(text)}
    selected = set[str]().union(*map(subjects, relevant.values()))
    guards = {
        one: engine({name: text for name, text in relevant.items() if one in map(group, subjects(text))})
        for one in ("", *LARGE)
    }
    reports = [
        Report(rule, form.name, form.choice, form.parameters)
        for form in forms
        if form.body["Type"] in selected
        for rule in sorted(failures(guards[group(form.body["Type"])], form.name, form.body))
    ]
    assert problems(SCANNERS, checked, reports) == []
    public = stacks.with_public_bucket(template)["Resources"]["InputBucket"]
    assert {"s3_bucket_level_public_access_prohibited_check", "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED"} <= failures(
        guards["AWS::S3::"], "InputBucket", public
    )
