"""Policy rules: our template satisfies all of them, and every rule is used."""

from __future__ import annotations

import copy
import itertools
import json
import re
from importlib import resources
from typing import Any

import pytest
import samples

import smtemplates
from policy.breaks import BREAKS, Break
from smtemplates.evaluate import Stack
from smtemplates.evaluate.references import references
from smtemplates.policy import OURS
from smtemplates.specializing.pruning import unused

RULES = {name for file in OURS.glob("*.guard") for name in re.findall(r"(?m)^rule ([A-Z]\w*)", file.read_text("utf-8"))}
CONTROL = re.compile(r"(?P<service>[A-Z0-9]+)_(?P<number>[0-9]+)")
CHOICES = [
    {key: value for choice in choices for key, value in choice.items()}
    for choices in itertools.product(
        ({}, samples.VPC, samples.VPC | samples.GROUPS),
        ({}, samples.KEY, samples.MADE_KEY),
        ({}, samples.ROLE, {"AccessLevel": "FullAccess", **samples.POLICIES}),
        ({}, samples.NO_BUCKETS, {"BucketVersioning": "false"}, {"AccessLogBucketName": "team-logs"}),
        ({}, {**samples.FEATURES["notebook"], **samples.FEATURES["mlflow"], **samples.FEATURES["registry"]}),
    )
] + [samples.EVERYTHING, {**samples.FEATURES["notebook"], **samples.VPC, "NotebookDirectInternetAccess": "Enabled"}]


def _found(template: dict[str, Any]) -> set[tuple[str, str]]:
    findings = smtemplates.judge(json.dumps(template), cache=False)
    return {(finding.rule, finding.path[1] if len(finding.path) > 1 else "") for finding in findings}  # type: ignore[misc]


def _waived(resolved: dict[str, Any]) -> set[tuple[str, str]]:
    """Remove the waivers from a resolved template and return them."""
    found = set()
    for name, body in resolved["Resources"].items():
        metadata = body.pop("Metadata", {})
        found |= {(rule, name) for rule in metadata.get("guard", {}).get("SuppressedRules", [])}
    return found


def _part(template: dict[str, Any], names: set[str]) -> dict[str, Any]:
    """Return a template with resources, those that they refer to, and those that refer to them.

    The policy check of the whole template takes much longer. Its other resources break no rule.
    """
    bodies = template["Resources"]
    targets = {name: _targets(body) for name, body in bodies.items()}
    kept = names & bodies.keys() | {name for name in bodies if names & targets[name]}
    policies = {name for name, body in bodies.items() if body["Type"] == "AWS::S3::BucketPolicy"}
    while (
        more := (
            {target for name in kept for target in targets[name] & bodies.keys()}
            | {name for name in policies if kept & targets[name]}  # a rule requires the policy of a bucket
        )
        - kept
    ):
        kept |= more
    part = copy.deepcopy({key: value for key, value in template.items() if key not in {"Outputs", "Rules"}})
    part["Resources"] = {name: body for name, body in part["Resources"].items() if name in kept}
    unused(part)
    used = part.get("Parameters", {}).keys()
    rules = {name: rule for name, rule in template["Rules"].items() if used & _targets(rule)}
    more_used = used | {target for rule in rules.values() for target in _targets(rule)}
    parameters = {name: about for name, about in template["Parameters"].items() if name in more_used}
    return {**part, "Parameters": parameters, "Rules": rules, "Mappings": template["Mappings"]}


def _targets(value: Any) -> set[str]:
    return {found.target for found in references(value)}


def test_our_template_breaks_no_rule(template: dict[str, Any]) -> None:
    """The rendered template has no finding in any of its forms."""
    assert _found(template) == set()


@pytest.mark.slow
def test_no_combination_breaks_a_rule_but_where_it_is_waived(template: dict[str, Any]) -> None:
    """For each combination of switches, the waivers are exactly the findings without them: every waiver is used."""
    for choice in CHOICES:
        resolved = Stack(template, choice).template()
        assert _found(copy.deepcopy(resolved)) == set(), choice
        waived = _waived(resolved)
        assert _found(resolved) == waived, choice


def test_deprecated_runtimes_are_found_and_no_others() -> None:
    """Exactly the runtimes in cfn-lint that were deprecated on the date in the comment of the rule are found.

    If this fails, cfn-lint has new runtimes or dates: update the list and the date of the rule.
    """
    date = re.search("These runtimes were not deprecated on ([0-9-]+)", (OURS / "access.guard").read_text("utf-8"))
    assert date
    table = resources.files("cfnlint") / "data" / "AdditionalSpecs" / "LmbdRuntimeLifecycle.json"
    runtimes = json.loads(table.read_text("utf-8"))
    function = {"Handler": "index.handler", "Role": "arn:aws:iam::111122223333:role/a", "Code": {"ZipFile": "a"}}
    made = {
        f"Function{place}": {"Type": "AWS::Lambda::Function", "Properties": {**function, "Runtime": runtime}}
        for place, runtime in enumerate(runtimes)
    }
    found = {name for rule, name in _found({"Resources": made}) if rule == "LAMBDA_2"}
    deprecated = {
        f"Function{place}" for place, about in enumerate(runtimes.values()) if about["deprecated"] <= date.group(1)
    }
    assert found == deprecated


@pytest.mark.parametrize("key", [samples.KEY, samples.MADE_KEY])
def test_with_a_vpc_and_a_key_no_control_of_sagemaker_is_waived(template: dict[str, Any], key: dict[str, str]) -> None:
    """Controls that are waived without a VPC and a key are not waived with them."""
    resolved = Stack(template, {**samples.FEATURES["notebook"], **samples.VPC, **key}).template()
    assert not [rule for rule, _ in _waived(resolved) if rule.startswith("SAGEMAKER")]


def test_every_rule_is_broken_somewhere_below() -> None:
    """Every rule has an example that breaks it, so that every rule can be broken."""
    assert {rule for rule, _, _ in BREAKS} == RULES


@pytest.mark.slow
@pytest.mark.parametrize(("rule", "resource", "how"), BREAKS, ids=[f"{row[0]}-{i}" for i, row in enumerate(BREAKS)])
def test_a_broken_rule_is_all_that_is_found(template: dict[str, Any], rule: str, resource: str, how: Break) -> None:
    """The rendered template, changed so that it breaks one rule, has findings of that rule about that resource only."""
    broken = copy.deepcopy(template)
    how(broken["Resources"])
    changed = {name for name, body in broken["Resources"].items() if body != template["Resources"].get(name)}
    removed = template["Resources"].keys() - broken["Resources"].keys()
    part = _part(broken, {resource, *changed, *removed})
    findings = smtemplates.judge(json.dumps(part), cache=False)
    assert {(finding.rule, finding.path[1]) for finding in findings} == {(rule, resource)}
    control = CONTROL.fullmatch(rule)
    for finding in findings:
        named = finding.message.upper().partition(":")[0].split(", ")
        assert control is None or f"{control['service']}.{control['number']}" in named
        assert finding.message.endswith(".")
        assert not Stack(broken, dict(finding.given)).rules()
