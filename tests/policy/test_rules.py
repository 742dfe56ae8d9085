"""Policy rules: our template satisfies all of them, and every rule is used."""

from __future__ import annotations

import copy
import functools
import itertools
import json
import re
from collections.abc import Iterable, Iterator
from importlib import resources
from typing import Any

import pytest
import samples

import smtemplates
from policy.breaks import BREAKS, Break, Resources
from smtemplates.evaluate import Stack
from smtemplates.evaluate.references import references
from smtemplates.policy import OURS
from smtemplates.specializing.pruning import unused

RULES = {name for file in OURS.glob("*.guard") for name in re.findall(r"(?m)^rule ([A-Z]\w*)", file.read_text("utf-8"))}
CONTROL = re.compile(r"(?P<service>[A-Z0-9]+)_(?P<number>[0-9]+)")
BUCKETS = ("InputBucket", "OutputBucket", "ModelBucket")
COUNTED = "S3_5"  # the rule that reports each of several equal buckets if one has no policy
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
    """For each combination of switches, the waivers are exactly the findings without them: every waiver is used.

    A rule looks at one resource, or at a bucket with its policy. Of a combination, only those are checked that have a
    form which no combination before has.
    """
    known: set[str] = set()
    for choice in CHOICES:
        resources = Stack(template, choice).template()["Resources"]
        forms = _forms(resources)
        new = {name for name, form in forms.items() if form not in known}
        known |= set(forms.values())
        checked = {
            "Resources": {
                name: body for name, body in resources.items() if name.removesuffix("Policy") in new or name in new
            }
        }
        assert _found(checked) == set(), choice
        waived = _waived(checked)
        assert _found(checked) == waived, choice


def _forms(resources: Resources) -> dict[str, str]:
    return {name: repr((name, body, resources.get(f"{name}Policy"))) for name, body in resources.items()}


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


def _changed(before: Resources, after: Resources) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def _spread(breaks: Iterable[tuple[str, str, Break]]) -> Iterator[tuple[str, str, Break]]:
    """Replace the input bucket by each of the three buckets in turn, so that one round breaks three of them."""
    buckets = itertools.cycle(BUCKETS)
    for rule, resource, how in breaks:
        if resource.startswith("InputBucket") and rule != COUNTED:
            bucket = next(buckets)
            yield rule, resource.replace("InputBucket", bucket), functools.partial(_on_bucket, bucket, how)
        else:
            yield rule, resource, how


def _on_bucket(bucket: str, how: Break, resources: Resources) -> None:
    """Break another bucket, or its policy, in the same way as the input bucket."""
    names = {"InputBucket": bucket, "InputBucketPolicy": f"{bucket}Policy"}
    swapped = {name: resources[other] for name, other in names.items()}
    how(swapped)
    for name, other in names.items():
        if name in swapped:
            resources[other] = swapped[name]
        else:
            del resources[other]


def _rounds(resources: Resources) -> list[list[tuple[str, str, Break]]]:
    """Split the breaks so that no two of a round change, or are found in, the same resource or a bucket and its policy.

    The rules look at one resource or at a bucket with its policy, so each finding of a round belongs to one break.
    """
    rounds: list[tuple[list[tuple[str, str, Break]], set[str]]] = []
    for rule, resource, how in _spread(BREAKS):
        broken = copy.deepcopy(resources)
        how(broken)
        concerned = {name.removesuffix("Policy") for name in {resource, *_changed(resources, broken)}}
        concerned |= set(BUCKETS) if rule == COUNTED else set()
        fitting = next((one for one in rounds if not one[1] & concerned), None)
        if fitting is None:
            rounds.append(fitting := ([], set()))
        fitting[0].append((rule, resource, how))
        fitting[1].update(concerned)
    return [breaks for breaks, _ in rounds]


@pytest.mark.slow
def test_a_broken_rule_is_all_that_is_found(template: dict[str, Any]) -> None:
    """The rendered template, changed so that it breaks a rule, has findings of that rule about that resource only."""
    rounds = _rounds(template["Resources"])
    assert sorted(rule for breaks in rounds for rule, _, _ in breaks) == sorted(rule for rule, _, _ in BREAKS)
    for breaks in rounds:
        broken = copy.deepcopy(template)
        for _, _, how in breaks:
            how(broken["Resources"])
        named = {resource for _, resource, _ in breaks}
        part = _part(broken, named | _changed(template["Resources"], broken["Resources"]))
        findings = smtemplates.judge(json.dumps(part), cache=False)
        expected = [(rule, resource) for rule, resource, _ in breaks]
        assert {(finding.rule, finding.path[1]) for finding in findings} == set(expected), expected
        for finding in findings:
            _check_text(finding)
            assert not Stack(broken, dict(finding.given)).rules()


def _check_text(finding: smtemplates.Finding) -> None:
    control = CONTROL.fullmatch(finding.rule)
    named = finding.message.upper().partition(":")[0].split(", ")
    assert control is None or f"{control['service']}.{control['number']}" in named
    assert finding.message.endswith(".")
