"""A user with a new project: a shell in which the wheel is installed, and a local cloud."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploying.local_aws import Aws
from docs.pipelines import WITHOUT_INDEX, GitHub, Job, WorkflowReader
from wheel import Installation

from smtemplates.synth.loader import load

REGION = "eu-west-1"
STACKS = ("shared", "churn-dev")
PLANNED, DEPLOYED = "arn:aws:iam::111122223333:role/plan", "arn:aws:iam::111122223333:role/deploy"
REPOSITORY = "octo-org/octo-repo"
BRANCH = {"event_name": "push", "ref_type": "branch", "ref_name": "main", "repository": REPOSITORY, "event": {}}
TAG = {**BRANCH, "ref_type": "tag", "ref_name": "v1.4.0"}
WORKFLOW, GITLAB = ".github/workflows/smtemplates.yml", ".gitlab-ci.yml"


def pull_request(repository: str = REPOSITORY) -> dict[str, Any]:
    event = {"pull_request": {"head": {"repo": {"full_name": repository}}}}
    return {**BRANCH, "event_name": "pull_request", "ref_name": "7/merge", "event": event}


@dataclass(frozen=True)
class User:
    """The folder of a project, in a shell in which the wheel is installed, with a local cloud of its own stacks."""

    folder: Path
    aws: Aws
    installation: Installation

    @property
    def environment(self) -> dict[str, str]:
        return {**self.aws.environment, **self.installation.environment, **WITHOUT_INDEX}

    def after_installation(self) -> None:
        """Do nothing: pip does not replace the installed package."""

    def run(self, *words: str) -> str:
        """Run the command `smtemplates`, which must succeed, and return its messages."""
        done = self.installation.run("smtemplates", *words, cwd=self.folder, env=self.aws.environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stderr

    def stacks(self) -> dict[str, Any]:
        """Return the stacks of the project by their names, without deleted ones."""
        found = self.aws.client("cloudformation", REGION).describe_stacks()["Stacks"]
        return {stack["StackName"]: stack for stack in found if stack["StackStatus"] != "DELETE_COMPLETE"}

    def resources(self, stack: str) -> dict[str, str]:
        """Return the physical IDs of the resources of a stack by their logical IDs."""
        found = self.aws.client("cloudformation", REGION).describe_stack_resources(StackName=stack)["StackResources"]
        return {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in found}

    def outputs(self, stack: str) -> dict[str, str]:
        """Return the outputs of a stack by their names."""
        return {output["OutputKey"]: output["OutputValue"] for output in self.stacks()[stack]["Outputs"]}

    def statuses(self) -> dict[str, str]:
        """Return the statuses of the stacks by their names."""
        return {name: stack["StackStatus"] for name, stack in self.stacks().items()}


def run(github: WorkflowReader, user: User, event: Mapping[str, Any], **variables: str) -> dict[str, Job]:
    """Run the workflow for an event, with the variables of the README."""
    known = {"AWS_REGION": REGION, "PLAN_ROLE": PLANNED, "DEPLOY_ROLE": DEPLOYED, **variables}
    return GitHub(github, user, load((user.folder / WORKFLOW).read_text()), known).run({}, event)


def results(jobs: Mapping[str, Job]) -> list[str]:
    """Return the results of the jobs check, plan, deploy and publish."""
    assert list(jobs) == ["check", "plan", "deploy", "publish"]
    return [job.result for job in jobs.values()]
