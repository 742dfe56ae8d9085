"""Run the pipelines of a new project: each of their steps, in bash, with the installed wheel, against a local cloud."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import uuid
from dataclasses import replace
from pathlib import Path

import iam_policies
import pytest
from deploying.local_aws import ACCOUNT
from docs.pipelines import DOCUMENTED, PROJECT, GitHub, GitLab, WorkflowReader, trust
from schemas import check_schema
from wheel import ROOT

from config.projects import (
    BRANCH,
    DEPLOYED,
    GITLAB,
    PLANNED,
    REGION,
    STACKS,
    TAG,
    WORKFLOW,
    User,
    pull_request,
    results,
    run,
)
from config.test_init import init
from smtemplates.synth.loader import load

# The policy of a planner for the stacks of the project.
OWN = [iam_policies.STACKS.replace("churn*", stack) for stack in STACKS]
PLANNING = json.dumps(iam_policies.PLANNER).replace(json.dumps(iam_policies.STACKS), json.dumps(OWN)[1:-1])


def create_product(user: User) -> tuple[str, str]:
    """Create a Service Catalog product with one version, and return its ID and the bucket of its templates."""
    bucket = f"templates-{uuid.uuid4().hex[:8]}"
    s3 = user.aws.client("s3", REGION)
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.upload_file(str(user.folder / "shared.yaml"), bucket, "shared.yaml")
    artifact = {
        "Name": "1.0.0",
        "Info": {"LoadTemplateFromURL": f"https://{bucket}.s3.{REGION}.amazonaws.com/shared.yaml"},
    }
    properties = {"Name": "Workspace", "Owner": "us", "ProvisioningArtifactParameters": [artifact]}
    resource = {"Type": "AWS::ServiceCatalog::CloudFormationProduct", "Properties": properties}
    client = user.aws.client("cloudformation", REGION)
    client.create_stack(StackName=bucket, TemplateBody=json.dumps({"Resources": {"Product": resource}}))
    return user.resources(bucket)["Product"], bucket


def versions(user: User, product: str) -> list[str]:
    """Return the names of the versions of a product."""
    client = user.aws.client("servicecatalog", REGION)
    found = client.list_provisioning_artifacts(ProductId=product)["ProvisioningArtifactDetails"]
    return sorted(version["Name"] for version in found)


@pytest.mark.slow
def test_pipelines_are_valid_and_pass_the_linters(github: WorkflowReader, tmp_path: Path) -> None:
    """The pipelines follow their schemas. GitHub knows each name, and zizmor reports no finding."""
    init(folder=tmp_path)
    for schema in ("vendor.github-workflows", "custom.github-workflows-require-timeout"):
        check_schema(schema, tmp_path / WORKFLOW)
    check_schema("vendor.gitlab-ci", tmp_path / GITLAB)
    check_schema("vendor.dependabot", tmp_path / ".github" / "dependabot.yml")
    assert github.errors(tmp_path / WORKFLOW, (tmp_path / WORKFLOW).read_text()) == []
    words = [str(Path(sys.executable).with_name("zizmor")), "--offline", "--no-progress", str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_pipelines_run_the_same_commands(tmp_path: Path) -> None:
    """Each job of the two pipelines runs the same commands, so the test of one applies to the other."""
    init(folder=tmp_path)
    github, gitlab = (load((tmp_path / name).read_text()) for name in (WORKFLOW, GITLAB))
    for name, job in github["jobs"].items():
        steps = [step["run"] for step in job["steps"] if "run" in step]
        other = {**gitlab["default"], **gitlab.get(gitlab[name].get("extends"), {}), **gitlab[name]}
        lines = [line for line in (*other["before_script"], *other["script"]) if not re.match(r"export|\(", line)]
        assert steps == [line.replace("CI_COMMIT_TAG", "GITHUB_REF_NAME") for line in lines]


def test_pull_request_is_planned(github: WorkflowReader, user: User) -> None:
    """The checks pass, and the summary shows the plan of both stacks. The stacks are not created."""
    jobs = run(github, user, pull_request())
    assert results(jobs) == ["success", "success", "skipped", "skipped"], jobs
    assert jobs["plan"].role == PLANNED
    summary = jobs["plan"].summary.replace("\\", "")
    assert "### Create stack shared (eu-west-1): 2 to create" in summary
    assert "### churn-dev: planned after shared" in summary
    assert user.statuses() == {}


def test_jobs_without_their_requirements_are_skipped(github: WorkflowReader, user: User) -> None:
    """A fork receives no credentials. Without the variables, only the checks run."""
    assert results(run(github, user, pull_request("other/octo-repo"))) == ["success", *["skipped"] * 3]
    for event in (pull_request(), BRANCH, TAG):
        assert results(run(github, user, event, PLAN_ROLE="", DEPLOY_ROLE="")) == ["success", *["skipped"] * 3]


def test_main_branch_deploys_every_stack(github: WorkflowReader, user: User) -> None:
    """Both stacks are created, the second one with the output of the first one. A second run changes nothing."""
    for _ in range(2):
        jobs = run(github, user, BRANCH)
        assert results(jobs) == ["success", "skipped", "success", "skipped"], jobs
        assert user.statuses() == dict.fromkeys(STACKS, "CREATE_COMPLETE")
        assert jobs["deploy"].role == DEPLOYED
    parameters = {each["ParameterKey"]: each["ParameterValue"] for each in user.stacks()["churn-dev"]["Parameters"]}
    assert parameters["AlarmTopicArn"] == user.outputs("shared")["AlarmTopicArn"]


def test_tag_publishes_the_template(github: WorkflowReader, user: User) -> None:
    """A tag publishes the template `company` as a version of the product. Without a product, nothing is published."""
    product, bucket = create_product(user)
    jobs = run(github, user, TAG, PRODUCT_ID=product, STAGING_BUCKET=bucket)
    assert results(jobs) == ["success", "skipped", "skipped", "success"], jobs
    assert versions(user, product) == ["1.0.0", "1.4.0"]
    assert results(run(github, user, TAG)) == ["success", *["skipped"] * 3]


def test_stale_template_and_failing_test_stop_the_pipeline(github: WorkflowReader, user: User) -> None:
    """If a template was not rendered again, or a test fails, no job with credentials runs."""
    settings = user.folder / "smtemplates.toml"
    settings.write_text(settings.read_text().replace("LogRetentionDays = 90", "LogRetentionDays = 30"))
    assert results(run(github, user, BRANCH)) == ["failure", *["skipped"] * 3]
    user.run("render")
    assert results(run(github, user, BRANCH))[0] == "success"
    construct = user.folder / "constructs" / "image_repository.py"
    construct.write_text(construct.read_text().replace("ScanOnPush=True", "ScanOnPush=False"))
    user.run("render")
    jobs = run(github, user, BRANCH)
    assert results(jobs) == ["failure", *["skipped"] * 3]
    assert "test_images_are_scanned_and_retained" in jobs["check"].log


def test_reusable_workflow_deploys_a_stack_of_the_project(github: WorkflowReader, user: User) -> None:
    """The workflow of this repository plans and deploys one stack of the configuration file."""
    workflow = load((ROOT / ".github" / "workflows" / "workspace.yml").read_text())
    inputs = {"requirements": "requirements.txt", "region": REGION, "plan-role": PLANNED, "deploy-role": DEPLOYED}
    event = {**BRANCH, "event": {"repository": {"default_branch": "main"}}}
    jobs = GitHub(github, user, workflow).run({"stack": "shared", "environment": "production", **inputs}, event)
    assert results(jobs) == ["success", "success", "success", "skipped"], jobs
    assert user.statuses() == {"shared": "CREATE_COMPLETE"}


def test_gitlab_plans_deploys_and_publishes(user: User) -> None:
    """The jobs assume their roles with their tokens. The documented permissions are sufficient to plan, and no more."""
    user = replace(user, aws=replace(user.aws, keys=("test", "test")))  # the account in which tokens are exchanged
    planning = PLANNING.replace(DOCUMENTED, ACCOUNT)
    plan = user.aws.role("project-plan", trust(f"{PROJECT}:ref:*"), json.loads(planning))
    deploy = user.aws.role("project-deploy", trust(f"{PROJECT}:ref:main"))
    product, bucket = create_product(user)
    variables = {"AWS_REGION": REGION, "PLAN_ROLE": plan, "DEPLOY_ROLE": deploy, "CI_COMMIT_TAG": "v1.4.0"}
    variables |= {"PRODUCT_ID": product, "STAGING_BUCKET": bucket}
    runner = GitLab(user, load((user.folder / GITLAB).read_text()), f"{PROJECT}:ref:main")
    for name in ("check", "plan"):
        job = runner.run(name, variables)
        assert job.result == "success", job.log
    assert user.statuses().get("shared") == "REVIEW_IN_PROGRESS"
    assert "churn-dev" not in user.statuses()
    denied = runner.run("deploy", {**variables, "DEPLOY_ROLE": plan})
    assert (denied.result, "ExecuteChangeSet is not allowed" in denied.log) == ("failure", True), denied.log
    for name in ("deploy", "publish"):
        job = runner.run(name, variables)
        assert job.result == "success", job.log
    assert {user.statuses()[stack] for stack in STACKS} == {"CREATE_COMPLETE"}
    assert versions(user, product) == ["1.0.0", "1.4.0"]
