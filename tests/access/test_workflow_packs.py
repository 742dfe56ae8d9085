"""Tests of the workflow packs with an IAM simulator: each pack allows its requests, and nothing else does."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterable, Mapping
from importlib.metadata import distribution
from typing import Any

import pytest
import samples
from troposphere import encode_to_dict

from access.combinations import Combination, names_of, policies_of
from access.mutations import Case, mutations, unnoticed
from access.packs import BY_PACK, DENIALS, OTHERS, SPACE
from access.packs import Request as Row
from access.simulator import Policies, Request, verdicts
from access.table import ANAS, DENIED, never
from access.test_execution_role import requested
from smtemplates.reference.other_permissions import WORK
from smtemplates.templates.workspace import template as workspace
from smtemplates.templates.workspace.workflow_packs import WorkflowPacks

NAMES = {
    "Bedrock": ["BedrockModelIds"],
    "DataLake": ["AthenaWorkgroupNames", "GlueDatabaseNames"],
}
SETTING = {
    **samples.VPC,
    **samples.GROUPS,
    **samples.FEATURES["studio"],
    "CreateStudioRepository": "true",
    "MaxJobRuntimeSeconds": "86400",
}


@pytest.fixture(scope="module")
def stacks(template: dict[str, Any]) -> Mapping[str, Combination]:
    """Return the policies of the role by its packs: none, each alone, all but each, and all."""
    every = list(BY_PACK)
    sets = {"": [], "all": every}
    for pack in every:
        sets |= {pack: [pack], f"not {pack}": [other for other in every if other != pack]}
    return {title: with_packs(template, packs) for title, packs in sets.items()}


def test_each_documented_policy_allows_what_no_pack_allows(stacks: Mapping[str, Combination]) -> None:
    """The role cannot do the work with all packs, and can do it with the policy in the reference."""
    every = stacks["all"].policies
    cases = [
        ({**every, **attached}, Request(action, resource.replace("*", "x") if ":" in resource else resource), expected)
        for work in WORK
        for attached, expected in (({}, False), ({"Attached": work.policy()}, True))
        for resource, actions in work.actions.items()
        for action in actions
    ]
    found = verdicts([(policies, request) for policies, request, _ in cases])
    wrong = [
        str(request) for (_, request, expected), verdict in zip(cases, found, strict=True) if verdict is not expected
    ]
    assert wrong == []


def test_each_pack_has_requests() -> None:
    """The table contains requests for exactly the packs of the template."""
    [construct] = [each for each in workspace.constructs() if isinstance(each, WorkflowPacks)]
    assert sorted(BY_PACK) == sorted(pack.name for pack in construct.packs)
    assert len({pack.name for pack in construct.packs}) == len(construct.packs)


def test_requests_of_a_pack_are_allowed_with_it_and_denied_without_it(stacks: Mapping[str, Combination]) -> None:
    """Each request is allowed with its pack alone. It is denied without packs, and with all others together."""
    cases = [
        (title, row, expected)
        for pack, rows in BY_PACK.items()
        for title, expected in ((pack, True), ("", False), (f"not {pack}", False), ("all", True))
        for row in rows
    ]
    found = verdicts([_case(stacks[title], row) for title, row, _ in cases])
    wrong = [
        f"{'allowed' if verdict else 'denied'} with packs {title!r}: {row}"
        for (title, row, expected), verdict in zip(cases, found, strict=True)
        if verdict is not expected
    ]
    assert not wrong, "\n".join([f"{len(wrong)} of {len(cases)} requests have another result:", *wrong[:20]])


def test_no_pack_allows_other_resources(stacks: Mapping[str, Combination]) -> None:
    """With all packs, the role cannot use other resources, and nothing that is never allowed without packs.

    Only the pack SharedSpaces allows requests of the table for roles without packs: those for shared spaces.
    """
    rows = [("all", row) for row in OTHERS]
    rows += [("not SharedSpaces", row[:3]) for row in DENIED if row[3] is never]
    found = verdicts([_case(stacks[packs], row) for packs, row in rows])
    assert [str(row) for (_, row), verdict in zip(rows, found, strict=True) if verdict] == []


def test_jumpstart_reads_the_buckets_of_the_sdk() -> None:
    """The pack allows the two buckets with models in each Region, as the SageMaker Python SDK names them."""
    [found] = [each for each in distribution("sagemaker-core").files or () if each.name == "region_config.json"]
    buckets = json.loads(found.read_text(encoding="utf-8"))
    [pack] = [each for each in workspace.constructs() if isinstance(each, WorkflowPacks)]
    text = json.dumps(encode_to_dict([each.statement for each in pack.packs[0].permissions]))
    for region, names in buckets.items():
        for name in (names["content_bucket"], names["gated_content_bucket"]):
            assert name.removesuffix(region) + "${AWS::Region}/*" in text


def test_every_statement_of_a_pack_is_exercised(stacks: Mapping[str, Combination]) -> None:
    """Without any one action, statement or condition of a pack, a request of the table has another result."""
    [construct] = [each for each in workspace.constructs() if isinstance(each, WorkflowPacks)]
    sids = construct.sids() | DENIALS
    expected = {"all": [*((row, True) for rows in BY_PACK.values() for row in rows), *((row, False) for row in OTHERS)]}
    own = [(f"sagemaker:{action}", SPACE, ANAS) for action in ("CreateSpace", "UpdateSpace")]
    expected[""] = [*((row, False) for row in BY_PACK["RemoteIde"]), *((row, True) for row in own)]
    changes: dict[str, list[Case]] = {}
    for packs, rows in expected.items():
        combination = stacks[packs]
        for name, policy in combination.policies.items():
            for title, statement, changed in mutations(policy):
                if statement["Sid"] in sids:
                    documents = {**combination.policies, name: changed}
                    cases = [
                        (documents, _case(combination, row)[1], result)
                        for row, result in rows
                        if any(fnmatch.fnmatch(row[0], action) for action in statement["Action"])
                    ]
                    changes.setdefault(title, []).extend(cases)
    missing = unnoticed(changes)
    assert not missing, "\n".join(missing)


def names_for(packs: Iterable[str]) -> dict[str, str]:
    """Return the parameters with the names that packs need."""
    return {name: samples.PACKS[name] for pack in packs for name in NAMES.get(pack, ())}


def with_packs(template: dict[str, Any], packs: list[str], more: dict[str, str] | None = None) -> Combination:
    """Return the policies of a role with these packs."""
    stack = samples.deployed(template, SETTING, names_for(packs), {"WorkflowPacks": ",".join(packs)}, more or {})
    assert stack.rules() == []
    return Combination({}, policies_of(stack), names_of(stack))


def _case(combination: Combination, row: Row) -> tuple[Policies, Request]:
    return combination.policies, requested(combination, (*row, never))
