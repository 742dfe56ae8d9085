"""Test the pipelines of the documentation: they are valid, contain no keys, and each of their steps runs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import forked
import pytest
import wheel
from access.simulator import Request, verdicts
from cloud_cache import share_findings
from deploying.local_aws import ACCOUNT
from schemas import check_schema

from docs.pipelines import (
    DOCUMENTED,
    PROJECT,
    WITHOUT_INDEX,
    GitHub,
    GitLab,
    Job,
    WorkflowReader,
    trust,
    workflow_reader,
)
from docs.sandbox import Sandbox
from docs.text import ROOT, read, sections
from smtemplates.synth.loader import load

pytestmark = pytest.mark.server

PAGE = "docs/how-to/pipelines.md"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
REUSABLE = ROOT / ".github" / "workflows" / "workspace.yml"
BLOCKS = {section.title: dict(section.fences) for section in sections(PAGE)}
CALLER, GITLAB = BLOCKS["GitHub"]["yaml"], BLOCKS["GitLab"]["yaml"]
PERMISSIONS = "docs/reference/iam-policies.md"
POLICIES = {section.title: dict(section.fences) for section in sections(PERMISSIONS)}
PLANNING = POLICIES["Planner"]["json"]
WITH: dict[str, Any] = next(iter(load(CALLER)["jobs"].values()))["with"]
# GetCallerIdentity needs no permission. Without DeleteStack, a plan leaves an empty stack, as the page describes.
NOT_REQUIRED = {"GetCallerIdentity", "DeleteStack"}
# The Region of the local cloud's clients.
REGION = {"region": "us-east-1"}
OWN = "octo-org/octo-repo"
REPOSITORY = {"repository": {"default_branch": "main"}}
BRANCH = {"event_name": "push", "ref_type": "branch", "ref_name": "main", "repository": OWN, "event": REPOSITORY}
TAG = {**BRANCH, "ref_type": "tag", "ref_name": "v1.4.0"}
CREATED = "CREATE_COMPLETE"
# The purposes of a change set, which are in its name.
PURPOSES = ("keep", "plan")


def pull_request(*, fork: bool) -> dict[str, Any]:
    event = {**REPOSITORY, "pull_request": {"head": {"repo": {"full_name": "other/octo-repo" if fork else OWN}}}}
    return {**BRANCH, "event_name": "pull_request", "ref_name": "7/merge", "event": event}


@pytest.fixture(scope="module")
def github() -> Iterator[WorkflowReader]:
    with workflow_reader() as reader:
        yield reader


@dataclass(frozen=True)
class Clone:
    """A runner with the files of the sandbox. The jobs install the package that they use."""

    sandbox: Sandbox
    installation: wheel.Installation
    servers: list[forked.Server] = field(default_factory=list)

    def after_installation(self) -> None:
        """Run the commands of the package that a job has installed in forked processes."""
        self.servers.append(self.installation.fork())

    @property
    def folder(self) -> Path:
        return self.sandbox.folder

    @property
    def environment(self) -> dict[str, str]:
        # without isolation, pip uses the installed flit-core, and not one of the package index
        own = {**self.installation.environment, **WITHOUT_INDEX, "PIP_NO_BUILD_ISOLATION": "0"}
        return {name: value for name, value in {**self.sandbox.environment, **own}.items() if name != "PYTHONPATH"}


@pytest.fixture(scope="module")
def clone(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    folder = tmp_path_factory.mktemp("runner")
    created = Clone(sandbox, wheel.install(wheel.build(folder), folder, tools=["flit-core", "pip"]))
    share_findings(folder / "home" / ".cache")
    yield created
    for server in created.servers:
        server.stop()


@pytest.fixture
def stack(sandbox: Sandbox) -> str:
    sandbox.prepare("smtemplates publish link --staging-bucket my-templates")
    return f"churn-{uuid.uuid4().hex[:8]}"


def run(github: WorkflowReader, clone: Clone, stack: str, event: Mapping[str, Any], **inputs: Any) -> dict[str, Job]:
    runner = GitHub(github, clone, load(REUSABLE.read_text(encoding="utf-8")))
    return runner.run({**WITH, **REGION, "stack": stack, **inputs}, event)


def results(jobs: Mapping[str, Job]) -> dict[str, str]:
    return {name: job.result for name, job in jobs.items()}


def called(sandbox: Sandbox) -> set[str]:
    """Return the operations that need a permission of the same name. Requests to S3 are recorded by their paths."""
    return {call for call in sandbox.catalog.calls if call.isalpha()} - NOT_REQUIRED


def write_parameters(sandbox: Sandbox, **parameters: str) -> None:
    (sandbox.folder / WITH["parameters"]).write_text(json.dumps(parameters))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_github_accepts_each_workflow(github: WorkflowReader, path: Path) -> None:
    """GitHub's language service knows each key, input and job that a workflow uses."""
    assert github.errors(path, path.read_text(encoding="utf-8")) == []


def test_github_reports_unknown_names(github: WorkflowReader) -> None:
    """An input, a job and a key that do not exist are errors."""
    text = REUSABLE.read_text(encoding="utf-8")
    for right, wrong in [("inputs.region }", "inputs.regoin }"), ("needs: plan", "needs: plam"), ("run: |", "rum: |")]:
        assert github.errors(REUSABLE, text.replace(right, wrong, 1))


def test_zizmor_reports_no_finding() -> None:
    """No workflow runs text from outside, stores a token, or has permissions that it does not use."""
    words = [str(Path(sys.executable).with_name("zizmor")), "--offline", "--no-progress", str(ROOT / ".github")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_jobs_with_credentials_run_only_pinned_actions() -> None:
    """In a job that can assume a role, each action is pinned to a commit. No workflow contains an access key."""
    for path in WORKFLOWS:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"secrets\.|aws-access-key-id|aws-secret", text)
        for job in load(text)["jobs"].values():
            if "id-token" in job.get("permissions", {}):
                actions = [step["uses"] for step in job["steps"] if "uses" in step]
                assert [action for action in actions if not re.search(r"@[0-9a-f]{40}$", action)] == []
                kept = [step["with"]["persist-credentials"] for step in job["steps"] if "checkout@" in str(step)]
                assert not any(kept)


def test_the_page_shows_valid_pipelines(github: WorkflowReader, tmp_path: Path) -> None:
    """The examples are valid. They specify each required input of the reusable workflow, and no unknown one."""
    caller, gitlab = tmp_path / "churn.yml", tmp_path / ".gitlab-ci.yml"
    caller.write_text(CALLER)
    gitlab.write_text(GITLAB)
    check_schema("vendor.github-workflows", caller)
    check_schema("vendor.gitlab-ci", gitlab)
    check_schema("vendor.dependabot", ROOT / ".github" / "dependabot.yml")
    assert github.errors(caller, CALLER) == []
    inputs = load(REUSABLE.read_text(encoding="utf-8"))["on"]["workflow_call"]["inputs"]
    assert {name for name, declared in inputs.items() if declared.get("required")} <= set(WITH) <= set(inputs)


def test_a_pull_request_is_planned(github: WorkflowReader, sandbox: Sandbox, clone: Clone, stack: str) -> None:
    """The summary shows the plan. The job uses the planning role, and the stack does not exist afterwards."""
    write_parameters(sandbox, ProjectName="churn")
    sandbox.catalog.spoil(None)
    jobs = run(github, clone, stack, pull_request(fork=False))
    assert results(jobs) == {"check": "success", "plan": "success", "deploy": "skipped", "publish": "skipped"}, jobs
    assert f"Create stack {stack}" in jobs["plan"].summary
    assert jobs["plan"].role == WITH["plan-role"]
    assert sandbox.aws.status(stack) is None
    assert called(sandbox) <= set(re.findall(r"cloudformation:(\w+)", PLANNING))


def test_a_fork_receives_no_credentials(github: WorkflowReader, clone: Clone, stack: str) -> None:
    """A pull request from a fork only runs the checks."""
    jobs = run(github, clone, stack, pull_request(fork=True))
    assert results(jobs) == {"check": "success", "plan": "skipped", "deploy": "skipped", "publish": "skipped"}


def test_the_default_branch_deploys_its_plan(
    github: WorkflowReader, sandbox: Sandbox, clone: Clone, stack: str
) -> None:
    """A change is deployed. Without a change the deployment is skipped. A deletion needs allow-destructive."""
    write_parameters(sandbox, ProjectName="churn", CreateNotebook="true")
    sandbox.catalog.spoil(None)
    jobs = run(github, clone, stack, BRANCH)
    assert results(jobs) == {"check": "success", "plan": "success", "deploy": "success", "publish": "skipped"}, jobs
    assert (sandbox.aws.status(stack), jobs["deploy"].role) == (CREATED, WITH["deploy-role"])
    assert "not compared" not in jobs["deploy"].log
    assert called(sandbox) <= set(re.findall(r"cloudformation:(\w+)", POLICIES["Deployer"]["json"]))
    assert results(run(github, clone, stack, BRANCH))["deploy"] == "skipped"
    write_parameters(sandbox, CreateNotebook="false")
    denied = run(github, clone, stack, BRANCH)["deploy"]
    assert (denied.result, "will be deleted" in denied.log) == ("failure", True)
    allowed = run(github, clone, stack, BRANCH, **{"allow-destructive": True})["deploy"]
    assert (allowed.result, sandbox.aws.status(stack)) == ("success", "UPDATE_COMPLETE"), allowed


def test_inputs_of_the_first_release_work(github: WorkflowReader, sandbox: Sandbox, clone: Clone, stack: str) -> None:
    """Without the new input, the template of the workspace is deployed, and a warning names the input to add."""
    write_parameters(sandbox, ProjectName="churn")
    released = {name: value for name, value in WITH.items() if name != "template"}
    runner = GitHub(github, clone, load(REUSABLE.read_text(encoding="utf-8")))
    jobs = runner.run({**released, **REGION, "stack": stack}, BRANCH)
    assert [job.result for job in jobs.values()] == ["success", "success", "success", "skipped"], jobs
    assert re.search(
        r"^::warning .*the template workspace\. Specify it as the input\.$", jobs["check"].log, re.MULTILINE
    )
    assert "InputBucketName" in sandbox.aws.outputs(stack)
    assert "::warning" not in run(github, clone, stack, pull_request(fork=False))["check"].log


@pytest.mark.parametrize("template", ["launch-role", "topic.yaml"])
def test_any_template_is_deployed(
    github: WorkflowReader, sandbox: Sandbox, clone: Clone, stack: str, template: str
) -> None:
    """Another template of this package, and a file, are deployed without parameters and without a staging bucket."""
    (sandbox.folder / "topic.yaml").write_text(
        "Resources: {Handle: {Type: 'AWS::CloudFormation::WaitConditionHandle'}}"
    )
    inputs = {"template": template, "parameters": "", "staging-bucket": ""}
    jobs = run(github, clone, stack, BRANCH, **inputs)
    assert results(jobs) == {"check": "success", "plan": "success", "deploy": "success", "publish": "skipped"}, jobs
    assert sandbox.aws.status(stack) == CREATED


def test_a_tag_publishes_its_version(github: WorkflowReader, sandbox: Sandbox, clone: Clone, stack: str) -> None:
    """A tag creates a version of the product and does not change a stack. Without a product, nothing is published.

    A second run replaces a failed version. The two runs use exactly the permissions on the page.
    """
    product = f"prod-{uuid.uuid4().hex[:13]}"
    sandbox.catalog.add(product, "1.3.0")
    sandbox.catalog.spoil(None)
    sandbox.catalog.fails = 1
    assert results(run(github, clone, stack, TAG, product=product))["publish"] == "failure"
    jobs = run(github, clone, stack, TAG, product=product)
    assert results(jobs) == {"check": "success", "plan": "skipped", "deploy": "skipped", "publish": "success"}, jobs
    found = [(version["Name"], version["Guidance"]) for version in sandbox.catalog.products[product]]
    assert found == [("1.3.0", "DEPRECATED"), ("1.4.0", "DEFAULT")]
    assert called(sandbox) == set(re.findall(r"servicecatalog:(\w+)", read(PERMISSIONS)))
    assert results(run(github, clone, stack, TAG, product=""))["publish"] == "skipped"


def test_gitlab_plans_deploys_and_publishes(sandbox: Sandbox, clone: Clone, stack: str) -> None:
    """The jobs plan with the documented permissions, deploy the plan and publish. Their tokens restrict the roles."""
    runner = GitLab(clone, load(GITLAB.replace(DOCUMENTED, ACCOUNT)), f"{PROJECT}:ref:main")
    planning = (
        PLANNING.replace(DOCUMENTED, ACCOUNT)
        .replace("eu-west-1", "us-east-1")
        .replace("stack/churn*/", f"stack/{stack}/")
    )
    planner = sandbox.aws.role("churn-plan", trust(f"{PROJECT}:ref:*"), json.loads(planning))
    sandbox.aws.role("churn-deploy", trust(f"{PROJECT}:ref:main"))
    product = f"prod-{uuid.uuid4().hex[:13]}"
    sandbox.catalog.products[product] = []
    write_parameters(sandbox, ProjectName="churn")
    variables = {"STACK": stack, "AWS_REGION": "us-east-1", "PRODUCT": product, "CI_COMMIT_TAG": "v1.4.0"}
    for name in ("check", "plan"):
        job = runner.run(name, variables)
        assert job.result == "success", job.log
    assert sandbox.aws.status(stack) == "REVIEW_IN_PROGRESS"
    sandbox.catalog.spoil(None)
    kept = runner.run("keep", variables)
    assert "AssumeRoleWithWebIdentity" in sandbox.catalog.calls, kept.log
    # AWS checks this permission on the change set, the local cloud on its stack
    change_sets = [kept.outputs["CHANGE_SET"].replace("keep", purpose) for purpose in PURPOSES]
    requests = [Request("cloudformation:DescribeEvents", change_set) for change_set in change_sets]
    assert verdicts([({"Planning": json.loads(planning)}, request) for request in requests]) == [True, True]
    denied = runner.run("deploy", {**variables, **kept.outputs, "AWS_ROLE_ARN": planner})
    assert (denied.result, "ExecuteChangeSet is not allowed" in denied.log) == ("failure", True), denied.log
    for name in ("deploy", "publish"):
        job = runner.run(name, {**variables, **kept.outputs})
        assert job.result == "success", job.log
    assert sandbox.aws.status(stack) == CREATED
    assert [version["Name"] for version in sandbox.catalog.products[product]] == ["1.4.0"]
    unchanged = runner.run("keep", variables).outputs
    assert runner.run("deploy", {**variables, **unchanged}).log.endswith("no change\n")
