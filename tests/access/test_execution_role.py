"""Tests of the permissions of the execution role with an IAM simulator, for all combinations of parameters."""

from __future__ import annotations

import fnmatch
import itertools
import json
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
import samples

from access.combinations import Combination, covering_combinations, distinct_combinations
from access.mutations import Case, mutations, unnoticed
from access.packs import DENIALS
from access.simulator import Policies, Request, verdicts
from access.table import ALLOWED, DENIED, LIMITED, Row
from smtemplates.evaluate import Stack, edges

MINIMUM = 60
TABLE = [*ALLOWED, *LIMITED, *DENIED]
USERS_OF_THE_ROLE = ("Model", "Endpoint", "MlflowApp", "Notebook")


@pytest.fixture(scope="module")
def combinations(template: dict[str, Any]) -> list[Combination]:
    """Return the combinations to simulate: all policy documents, and policies of several options together."""
    return [*distinct_combinations(template), *covering_combinations(template)]


def test_the_table_has_enough_requests() -> None:
    """The table contains at least 60 different allowed requests, and at least 60 that are always denied."""
    assert len({row[:2] for row in ALLOWED}) >= MINIMUM
    assert len({row[:2] for row in DENIED}) >= MINIMUM


@pytest.mark.slow
def test_role_allows_exactly_the_requests_of_the_table(combinations: list[Combination]) -> None:
    """Each request has the expected result, for every policy document of any combination of parameters."""
    cases = [(combination, row, requested(combination, row)) for combination in combinations for row in TABLE]
    found = verdicts([(combination.policies, request) for combination, _, request in cases])
    wrong = [
        f"{'allowed' if verdict else 'denied'}: {request} in {combination.choice}"
        for (combination, row, request), verdict in zip(cases, found, strict=True)
        if verdict is not row[3](combination)
    ]
    assert not wrong, "\n".join([f"{len(wrong)} of {len(cases)} requests have another result:", *wrong[:20]])


@pytest.mark.slow
def test_every_allow_deny_and_condition_is_exercised(combinations: list[Combination]) -> None:
    """Without any one action, statement or condition of any policy, a request of the table has another result."""
    changes: dict[str, list[Iterable[Case]]] = {}
    for combination in combinations:
        for name, policy in combination.policies.items():
            for title, statement, changed in mutations(policy):
                if statement["Sid"] not in DENIALS:  # test_workflow_packs.py exercises them
                    cases = _cases(combination, {**combination.policies, name: changed}, statement["Action"])
                    changes.setdefault(f"{name} {title}", []).append(cases)
    assert unnoticed({title: itertools.chain(*cases) for title, cases in changes.items()}) == []


def _cases(combination: Combination, documents: Policies, actions: list[str]) -> Iterator[Case]:
    """Yield the requests of the table for some actions, with changed policies and the result without the change."""
    for row in TABLE:
        if any(fnmatch.fnmatch(row[0], action) for action in actions):
            yield documents, requested(combination, row), row[3](combination)


def test_policies_meet_the_limits_of_iam(template: dict[str, Any]) -> None:
    """With the longest parameters, no policy exceeds the size limit, and statements have unique names.

    No policy has a fixed name, and none is an inline policy.
    """
    gov = {"AWS_Region": "us-gov-west-1", "AWS_Partition": "aws-us-gov"}
    longest = {**samples.EVERYTHING, **samples.LONGEST, "ExistingRoleArn": "", "CreateKmsKey": "false"}
    for parameters, place in ((samples.EVERYTHING, {}), (longest, {}), (longest, gov)):
        for logical, body in samples.deployed(template, parameters, **place).resources.items():
            kind, properties = body["Type"], body["Properties"]
            if kind == "AWS::IAM::ManagedPolicy":
                document = properties["PolicyDocument"]
                assert len(json.dumps(document, separators=(",", ":"))) <= 6144, logical
                sids = [statement["Sid"] for statement in document["Statement"]]
                assert all(sids), logical
                assert len(set(sids)) == len(sids), logical
                assert "ManagedPolicyName" not in properties
            assert kind not in {"AWS::IAM::Policy", "AWS::IAM::RolePolicy"}, logical
            if logical == "ExecutionRole":
                assert "Policies" not in properties


def test_permissions_boundary_applies_to_every_role(template: dict[str, Any]) -> None:
    """With PermissionsBoundaryArn, every role of the template has this boundary. Without it, no role has one."""
    for parameters, boundary in ((samples.BOUNDARY, samples.BOUNDARY["PermissionsBoundaryArn"]), ({}, None)):
        stack = samples.deployed(template, {**samples.EVERYTHING, "PermissionsBoundaryArn": ""}, parameters)
        roles = {name: body for name, body in stack.resources.items() if body["Type"] == "AWS::IAM::Role"}
        assert len(roles) > 1
        assert {name: role["Properties"].get("PermissionsBoundary") for name, role in roles.items()} == dict.fromkeys(
            roles, boundary
        )


def test_only_sagemaker_of_this_account_can_assume_the_role(template: dict[str, Any]) -> None:
    """The trust policy names one service, and the account on whose behalf the service assumes the role."""
    [statement] = samples.deployed(template).resources["ExecutionRole"]["Properties"]["AssumeRolePolicyDocument"][
        "Statement"
    ]
    assert statement["Principal"] == {"Service": "sagemaker.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": samples.ACCOUNT}}


def test_user_profiles_are_recorded_on_request(template: dict[str, Any]) -> None:
    """With StudioSourceIdentity, Studio sets the source identity, which the trust policy allows for this account."""
    for parameters, setting, extra in (
        ({}, None, []),
        ({"StudioSourceIdentity": "true"}, "USER_PROFILE_NAME", [["sts:SetSourceIdentity"]]),
    ):
        resources = samples.deployed(template, samples.FEATURES["studio"], parameters).resources
        assert resources["Domain"]["Properties"]["DomainSettings"].get("ExecutionRoleIdentityConfig") == setting
        statements = resources["ExecutionRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert [each["Action"] for each in statements] == [["sts:AssumeRole"], *extra]
        assert {str(each["Condition"]) for each in statements} == {
            str({"StringEquals": {"aws:SourceAccount": samples.ACCOUNT}})
        }


@pytest.mark.parametrize(
    "level", [{}, {"AccessLevel": "FullAccess"}, samples.ROLE], ids=["least privilege", "full access", "existing role"]
)
@pytest.mark.parametrize(
    "serving", [{}, {**samples.VPC, "EndpointServing": "Instances"}], ids=["serverless", "instances in a VPC"]
)
def test_users_of_the_role_depend_on_its_policies(
    template: dict[str, Any], level: dict[str, str], serving: dict[str, str]
) -> None:
    """The model, MLflow app and notebook instance are created after all policies of the role that they use."""
    features = {**samples.ENDPOINT, **samples.FEATURES["mlflow"], **samples.FEATURES["notebook"]}
    choice = {**features, **level, **serving}
    references = _references(Stack(template, choice))
    policies = {"DataPolicy", "JobsPolicy", "WorkflowPolicy"} & references.keys()
    missing = {name: policies - _dependencies(references, name) for name in USERS_OF_THE_ROLE}
    assert not any(missing.values()), missing
    deployed = samples.deployed(template, choice)
    assert deployed.resources["Model"]["Properties"]["ExecutionRoleArn"] == deployed.outputs["ExecutionRoleArn"]
    store = f"s3://{deployed.outputs['ModelBucketName']}/mlflow/"
    assert deployed.resources["MlflowApp"]["Properties"]["ArtifactStoreUri"] == store


def _references(stack: Stack) -> dict[str, set[str]]:
    """Return the resources to which each resource refers. CloudFormation creates them first and deletes them last."""
    references: dict[str, set[str]] = {name: set() for name in stack.resources}
    for reference in edges(stack.template()):
        section, name = reference.path[:2]
        if section == "Resources":
            references[str(name)].add(reference.target)
    return references


def _dependencies(references: dict[str, set[str]], name: str) -> set[str]:
    """Return all resources on which a resource depends, directly or indirectly."""
    return references[name].union(*(_dependencies(references, other) for other in references[name]))


def requested(combination: Combination, row: Row) -> Request:
    """Return the request of a row of the table, with the names in a combination."""
    names = {**combination.names, "account": samples.ACCOUNT}
    action, resource, context, _ = row
    filled = {
        key: value.format(**names) if isinstance(value, str) else [item.format(**names) for item in value]
        for key, value in context.items()
    }
    return Request(action, resource.format(**names), filled)
