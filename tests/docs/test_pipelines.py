"""The pipelines that the documentation offers are valid, hold no keys, and do what they say, step by step."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from access.simulator import Request, verdicts
from deploying.local_aws import ACCOUNT, policy

from docs.pipelines import GitHub, GitHubReader, GitLab, github_reader
from docs.text import ROOT, read, sections
from docs.world import World
from smtemplates.synth.loader import load

pytestmark = pytest.mark.server

PAGE = ".github/PIPELINES.md"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
REUSABLE = ROOT / ".github" / "workflows" / "workspace.yml"
BLOCKS = {part.title: dict(part.fences) for part in sections(PAGE)}
CALLER, GITLAB, PLANNING = BLOCKS["GitHub"]["yaml"], BLOCKS["GitLab"]["yaml"], BLOCKS["Roles"]["json"]
WITH: dict[str, Any] = next(iter(load(CALLER)["jobs"].values()))["with"]
# Who one is needs no permission; a plan that may not delete its placeholder leaves it, as the page says.
UNASKED = {"GetCallerIdentity", "DeleteStack"}
# The local cloud's client looks there.
HERE = {"region": "us-east-1"}
REPOSITORY = {"repository": {"default_branch": "main"}}
BRANCH = {"event_name": "push", "ref_type": "branch", "ref_name": "main", "event": REPOSITORY}
TAG = {**BRANCH, "ref_type": "tag", "ref_name": "v1.4.0"}
CREATED = "CREATE_COMPLETE"
PROJECT = "project_path:mygroup/myproject:ref_type:branch"
DOCUMENTED = "111122223333"
# What a plan's change set is named for.
WHY = ("keep", "plan")


def pull_request(*, fork: bool) -> dict[str, Any]:
    event = {**REPOSITORY, "pull_request": {"head": {"repo": {"fork": fork}}}}
    return {**BRANCH, "event_name": "pull_request", "ref_name": "7/merge", "event": event}


def trust(subject: str) -> dict[str, Any]:
    """Trust GitLab's tokens of a subject."""
    return policy(
        Action="sts:AssumeRoleWithWebIdentity",
        Principal={"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/gitlab.com"},
        Condition={"StringEquals": {"gitlab.com:aud": "https://gitlab.com"}, "StringLike": {"gitlab.com:sub": subject}},
    )


@pytest.fixture(scope="module")
def github() -> Iterator[GitHubReader]:
    with github_reader() as made:
        yield made


@pytest.fixture
def stack(reader: World) -> str:
    reader.give("scripts/publish.py link --staging-bucket my-templates")
    return f"churn-{uuid.uuid4().hex[:8]}"


def results(github: GitHubReader, world: World, stack: str, event: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    runner = GitHub(github, world, load(REUSABLE.read_text(encoding="utf-8")))
    return runner.run({**WITH, **HERE, "stack": stack, **more}, event)


def ends(jobs: Mapping[str, Any]) -> dict[str, str]:
    return {name: job.result for name, job in jobs.items()}


def called(world: World) -> set[str]:
    """List the calls that need a permission of their name; S3's are recorded by their paths."""
    return {call for call in world.catalog.calls if call.isalpha()} - UNASKED


def write(world: World, **parameters: str) -> None:
    (world.folder / WITH["parameters"]).write_text(json.dumps(parameters))


def check(schema: str, *paths: Path) -> None:
    words = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *map(str, paths)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_github_finds_nothing_wrong(github: GitHubReader, path: Path) -> None:
    """GitHub's own reader knows each key, input and job that a workflow names."""
    assert github.faults(path, path.read_text(encoding="utf-8")) == []


def test_github_would_find_what_is_wrong(github: GitHubReader) -> None:
    """It notices an input, a job and a key that are not there."""
    text = REUSABLE.read_text(encoding="utf-8")
    for right, wrong in [("inputs.region }", "inputs.regoin }"), ("needs: plan", "needs: plam"), ("run: |", "rum: |")]:
        assert github.faults(REUSABLE, text.replace(right, wrong, 1))


def test_zizmor_finds_nothing_wrong() -> None:
    """No workflow can be made to run what a stranger writes, keeps a token, or has more permissions than it uses."""
    words = [str(Path(sys.executable).with_name("zizmor")), "--offline", "--no-progress", str(ROOT / ".github")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_jobs_that_get_credentials_run_pinned_code_only() -> None:
    """An action that could take a role along is named by its commit, and no key is kept anywhere."""
    for path in WORKFLOWS:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"secrets\.|aws-access-key-id|aws-secret", text)
        for job in load(text)["jobs"].values():
            if "id-token" in job.get("permissions", {}):
                used = [step["uses"] for step in job["steps"] if "uses" in step]
                assert [one for one in used if not re.search(r"@[0-9a-f]{40}$", one)] == []
                kept = [step["with"]["persist-credentials"] for step in job["steps"] if "checkout@" in str(step)]
                assert kept == [False]


def test_the_page_shows_valid_pipelines(github: GitHubReader, tmp_path: Path) -> None:
    """What a reader copies is valid, and gives the reusable workflow each input that it needs and no other."""
    caller, gitlab = tmp_path / "churn.yml", tmp_path / ".gitlab-ci.yml"
    caller.write_text(CALLER)
    gitlab.write_text(GITLAB)
    check("vendor.github-workflows", caller)
    check("vendor.gitlab-ci", gitlab)
    check("vendor.dependabot", ROOT / ".github" / "dependabot.yml")
    assert github.faults(caller, CALLER) == []
    inputs = load(REUSABLE.read_text(encoding="utf-8"))["on"]["workflow_call"]["inputs"]
    assert {name for name, one in inputs.items() if one.get("required")} <= set(WITH) <= set(inputs)


def test_a_pull_request_is_planned(github: GitHubReader, reader: World, stack: str) -> None:
    """Its plan is in the job's summary, by the role that only plans, and nothing is left behind."""
    write(reader, ProjectName="churn")
    reader.catalog.spoil(None)
    jobs = results(github, reader, stack, pull_request(fork=False))
    assert ends(jobs) == {"check": "success", "plan": "success", "deploy": "skipped", "publish": "skipped"}, jobs
    assert f"create stack {stack}" in jobs["plan"].summary
    assert jobs["plan"].role == WITH["plan-role"]
    assert reader.aws.status(stack) is None
    assert called(reader) <= set(re.findall(r"cloudformation:(\w+)", PLANNING))


def test_a_fork_gets_no_credentials(github: GitHubReader, reader: World, stack: str) -> None:
    """A pull request from elsewhere is only checked."""
    jobs = results(github, reader, stack, pull_request(fork=True))
    assert ends(jobs) == {"check": "success", "plan": "skipped", "deploy": "skipped", "publish": "skipped"}


def test_the_default_branch_deploys_what_was_planned(github: GitHubReader, reader: World, stack: str) -> None:
    """A change is deployed, none is not, and one that deletes something only if the pipeline allows it."""
    write(reader, ProjectName="churn", CreateNotebook="true")
    reader.catalog.spoil(None)
    jobs = results(github, reader, stack, BRANCH)
    assert ends(jobs) == {"check": "success", "plan": "success", "deploy": "success", "publish": "skipped"}, jobs
    assert (reader.aws.status(stack), jobs["deploy"].role) == (CREATED, WITH["deploy-role"])
    assert "not compared" not in jobs["deploy"].printed
    assert called(reader) <= set(re.findall(r"cloudformation:(\w+)", read(PAGE)))
    assert ends(results(github, reader, stack, BRANCH))["deploy"] == "skipped"
    write(reader, CreateNotebook="false")
    refused = results(github, reader, stack, BRANCH)["deploy"]
    assert (refused.result, "will be deleted" in refused.printed) == ("failure", True)
    allowed = results(github, reader, stack, BRANCH, **{"allow-destructive": True})["deploy"]
    assert (allowed.result, reader.aws.status(stack)) == ("success", "UPDATE_COMPLETE"), allowed


def test_a_tag_publishes_its_version(github: GitHubReader, reader: World, stack: str) -> None:
    """A tag makes a version of the product and changes no stack; without a product, nothing.

    A second run replaces an attempt that failed. Both together need all the permissions that the page names.
    """
    product = f"prod-{uuid.uuid4().hex[:13]}"
    reader.catalog.add(product, "1.3.0")
    reader.catalog.spoil(None)
    reader.catalog.fails = 1
    assert ends(results(github, reader, stack, TAG, product=product))["publish"] == "failure"
    jobs = results(github, reader, stack, TAG, product=product)
    assert ends(jobs) == {"check": "success", "plan": "skipped", "deploy": "skipped", "publish": "success"}, jobs
    found = [(one["Name"], one["Guidance"]) for one in reader.catalog.products[product]]
    assert found == [("1.3.0", "DEPRECATED"), ("1.4.0", "DEFAULT")]
    assert called(reader) == set(re.findall(r"servicecatalog:(\w+)", read(PAGE)))
    assert ends(results(github, reader, stack, TAG, product=""))["publish"] == "skipped"


def test_gitlab_does_the_same(reader: World, stack: str) -> None:
    """Its jobs plan with the documented permissions, deploy what was planned, and publish, as its tokens allow."""
    runner = GitLab(reader, load(GITLAB.replace(DOCUMENTED, ACCOUNT)), f"{PROJECT}:ref:main")
    planning = (
        PLANNING.replace(DOCUMENTED, ACCOUNT)
        .replace("eu-west-1", "us-east-1")
        .replace("stack/churn/", f"stack/{stack}/")
    )
    planner = reader.aws.role("churn-plan", trust(f"{PROJECT}:ref:*"), json.loads(planning))
    reader.aws.role("churn-deploy", trust(f"{PROJECT}:ref:main"))
    product = f"prod-{uuid.uuid4().hex[:13]}"
    reader.catalog.products[product] = []
    write(reader, ProjectName="churn")
    given = {"STACK": stack, "AWS_REGION": "us-east-1", "PRODUCT": product, "CI_COMMIT_TAG": "v1.4.0"}
    for name in ("check", "plan"):
        job = runner.run(name, given)
        assert job.result == "success", job.printed
    assert reader.aws.status(stack) == "REVIEW_IN_PROGRESS"
    reader.catalog.spoil(None)
    kept = runner.run("keep", given)
    assert "AssumeRoleWithWebIdentity" in reader.catalog.calls, kept.printed
    # AWS asks about the change set itself, the local cloud about its stack
    early = [Request("cloudformation:DescribeEvents", kept.outputs["CHANGE_SET"].replace("keep", why)) for why in WHY]
    assert verdicts([({"Planning": json.loads(planning)}, request) for request in early]) == [True, True]
    refused = runner.run("deploy", {**given, **kept.outputs, "AWS_ROLE_ARN": planner})
    assert (refused.result, "ExecuteChangeSet is not allowed" in refused.printed) == ("failure", True), refused.printed
    for name in ("deploy", "publish"):
        job = runner.run(name, {**given, **kept.outputs})
        assert job.result == "success", job.printed
    assert reader.aws.status(stack) == CREATED
    assert [one["Name"] for one in reader.catalog.products[product]] == ["1.4.0"]
    unchanged = runner.run("keep", given).outputs
    assert runner.run("deploy", {**given, **unchanged}).printed.endswith("no change\n")
