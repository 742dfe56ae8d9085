"""Read Terraform states: valid ones, and any others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtemplates.adopt.adoption import adopt
from smtemplates.adopt.buckets import compare
from smtemplates.adopt.kinds import KINDS, Outcome
from smtemplates.adopt.release import release
from smtemplates.adopt.state import parse_state
from smtemplates.errors import UsageError

STATES = Path(__file__).with_name("states")
AWS = 'provider["registry.terraform.io/hashicorp/aws"]'
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"  # noqa: S105 an example of the AWS documentation


def state(*resources: dict[str, Any], **extra: Any) -> str:
    return json.dumps({"version": 4, "resources": list(resources), **extra})


def resource(kind: str, name: str, *instances: dict[str, Any], **extra: Any) -> dict[str, Any]:
    return {"mode": "managed", "type": kind, "name": name, "provider": AWS, "instances": list(instances), **extra}


def one(**attributes: Any) -> dict[str, Any]:
    return {"schema_version": 0, "attributes": attributes}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
NAMES = st.sampled_from(["", "a", "data", "input", "models", "ü", "a b", "a$(x)", '"'])
KEYS = st.none() | st.integers() | st.floats() | st.text() | st.booleans() | st.lists(st.integers())
ATTRIBUTES = (
    "id", "arn", "bucket", "name", "key", "role", "policy", "policy_arn", "rule", "versioning_configuration",
    "kms_master_key_id", "default_user_settings", "subnet_ids", "retention_in_days", "threshold", "metric_name",
    "assume_role_policy", "alarm_actions", "vpc_id", "region", "model_package_group_name", "domain_id", "namespace",
)  # fmt: skip
VALUES = (
    JSON | st.lists(st.dictionaries(st.sampled_from(ATTRIBUTES), JSON)) | st.sampled_from(["churn", "AWS/SageMaker"])
)
INSTANCES = st.fixed_dictionaries(
    {},
    optional={
        "index_key": KEYS,
        "attributes": st.dictionaries(st.sampled_from(ATTRIBUTES), VALUES) | JSON,
        "sensitive_attributes": st.lists(st.lists(st.fixed_dictionaries({"type": JSON, "value": JSON}))) | JSON,
        "dependencies": st.lists(st.text()) | JSON,
        "status": st.sampled_from(["tainted", "other"]) | JSON,
        "deposed": st.sampled_from(["", "0123abcd", "$(x)"]) | JSON,
    },
)
RESOURCES = st.fixed_dictionaries(
    {},
    optional={
        "mode": st.sampled_from(["managed", "data", "other"]),
        "type": st.sampled_from([*KINDS, "aws_unknown", "x y"]),
        "name": NAMES,
        "module": st.sampled_from(["", "module.a", 'module.a["k"].module.b', "module", "module.a; rm"]) | JSON,
        "provider": st.sampled_from([AWS, "provider.aws", 'module.a.provider["x/y/z"].w']) | JSON,
        "instances": st.lists(INSTANCES, max_size=3) | JSON,
    },
)
ANY_STATE = st.fixed_dictionaries({"version": st.just(4), "resources": st.lists(RESOURCES, max_size=4)})


@given(st.text() | JSON.map(json.dumps) | ANY_STATE.map(json.dumps))
def test_any_text_is_adopted_or_rejected_with_one_sentence(text: str) -> None:
    """No text causes a traceback. Each instance occurs once in the result, and everything can be printed."""
    try:
        instances = parse_state(text, "a.tfstate")
        found = adopt(instances)
    except UsageError:
        return
    assert [each.instance.label for each in found.decisions] == [each.label for each in instances]
    assert all(each.reason and each.instance.label.isprintable() for each in found.decisions)
    released = release(instances, found.handed_over)
    assert len(released.commands) == len(found.handed_over)
    compared = compare(instances, found.roles, found.settings.values.get("KmsKeyArn", ""))
    assert json.dumps([vars(setting) for setting in compared])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is not valid JSON (line 1)"),
        ("{", "is not valid JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("[]", "does not contain an object"),
        ("{}", "has no version"),
        ('{"version": 3, "modules": []}', "has version 3"),
        ('{"version": 5}', "has version 5"),
        ('{"version": true}', "has no version"),
        ('{"version": 4}', "contains no resources"),
        ('{"version": 4, "resources": []}', "contains no resources"),
        ('{"version": 4, "resources": {}}', "resources is not an array"),
        ('{"version": 4, "resources": [{"mode": "managed", "type": "a", "name": "$(x)"}]}', "name is not a valid name"),
        ('{"version": 4, "resources": [{"mode": "x", "type": "a", "name": "b"}]}', "neither managed nor data"),
        ('{"format_version": "1.0", "values": {}}', "is the output of terraform show -json"),
        ('{"encrypted_data": "x"}', "is encrypted"),
        (state(resource("aws_vpc", "a", {}, {})), "occurs twice"),
        (state(resource("aws_vpc", "a", {"index_key": "\ud800"})), "is not valid JSON"),
        (state(resource("aws_vpc", "a", {"index_key": [1]})), "index_key is neither a number nor a text"),
        (state(resource("aws_vpc", "a", {}, module="module.a; rm -rf /")), "module is not a valid name"),
    ],
)
def test_states_that_cannot_be_read(text: str, reason: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_state(text, "a.tfstate")
    assert reason in str(raised.value)
    assert raised.value.exit_code == 2
    assert "\n" not in str(raised.value)


def test_addresses_of_modules_count_and_for_each() -> None:
    """Addresses are those of the Terraform CLI. Blocks of the configuration have no keys."""
    text = state(
        resource("aws_vpc", "a", {"index_key": 1}),
        resource("aws_vpc", "b", {"index_key": 'it\'s ${x} "q"'}, module='module.m["k"].module.n[0]'),
        resource("aws_vpc", "c", {}, {"deposed": "0123abcd"}),
        resource("aws_vpc", "d", {}, mode="data"),
    )
    instances = parse_state(text, "a.tfstate")
    assert [each.label for each in instances] == [
        "aws_vpc.a[1]",
        'module.m["k"].module.n[0].aws_vpc.b["it\'s $${x} \\"q\\""]',
        "aws_vpc.c",
        "aws_vpc.c (deposed 0123abcd)",
        "data.aws_vpc.d",
    ]
    assert instances[1].block == "module.m.module.n.aws_vpc.b"


@pytest.mark.parametrize(
    ("path", "left"),
    [
        ([{"type": "get_attr", "value": "a"}], {"b": [{"c": SECRET}]}),
        ([{"type": "get_attr", "value": "b"}, {"type": "index", "value": 0}], {"a": SECRET, "b": [None]}),
        (
            [
                {"type": "get_attr", "value": "b"},
                {"type": "index", "value": {"value": 0, "type": "number"}},
                {"type": "get_attr", "value": "c"},
            ],
            {"a": SECRET, "b": [{}]},
        ),
        ([{"type": "get_attr", "value": "b"}, {"type": "index", "value": 7}], {"a": SECRET}),
        ([{"type": "get_attr", "value": "b"}, {"type": "other", "value": []}], {"a": SECRET}),
        ([], {}),
        ([{"type": "other"}], {}),
    ],
)
def test_sensitive_values_are_removed(path: list[Any], left: dict[str, Any]) -> None:
    """The value at a sensitive path is removed. If the path cannot be followed, more is removed, and not less."""
    item = {**one(a=SECRET, b=[{"c": SECRET}]), "sensitive_attributes": [path]}
    (found,) = parse_state(state(resource("aws_vpc", "a", item)), "a.tfstate")
    assert found.attributes == left


def test_legacy_provider_addresses_are_those_of_aws() -> None:
    """Resources of all spellings of the AWS provider are classed; others are named with their provider."""
    spellings = [AWS, "provider.aws", "module.x.provider.aws.west", f"{AWS}.west",
                 'provider["registry.opentofu.org/hashicorp/aws"]']  # fmt: skip
    resources = [resource("aws_vpc", f"v{number}", {}, provider=text) for number, text in enumerate(spellings)]
    other = resource("aws_vpc", "other", {}, provider='provider["example.com/other/aws"]')
    found = adopt(parse_state(state(*resources, other), "a.tfstate")).decisions
    assert {each.outcome for each in found} == {Outcome.KEEP}
    assert [("provider" in each.reason) for each in found] == [False] * len(spellings) + [True]
