"""Each of several mistakes in a configuration file is reported at its place, and nothing else."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smtemplates.config.check import check
from smtemplates.errors import UsageError

TABLES = [
    """\
[template.company]
from = "workspace"
without = ["guide", "mlflow"]
keep = ["ProjectName", "NotebookInstanceType", "KmsKeyArn"]
fix.Environment = "prd"
default.NotebookInstanceType = "ml.t3.large"
""",
    """\
[template.notebook]
from = "workspace"
description = "A notebook"
policy = ["company.guard"]
constructs = ["parts:topic"]
fix.VpcId = ""
""",
    """\
[template.small]
from = "small.yaml"
""",
    """\
[template.other]
from = "parts:template"
""",
    """\
[defaults]
account = "111122223333"
tags = { team = "churn" }
parameters.Environment = "dev"
parameters.Names = ["a", "b"]
""",
    """\
[stack.plain]
on_failure = "ROLLBACK"
stack_policy = "policy.json"
parameters.CreateMlflow = true
parameters.CreateNotebook = { env = "NOTEBOOK" }
""",
    """\
[stack.small]
template = "small.yaml"
regions = ["eu-west-1"]
parameters.Password = { secret = "db", key = "password" }
parameters.Text = { output = "plain.ExecutionRoleArn" }
""",
    """\
[stack.churn]
template = "small.yaml"
stack_name = "churn-dev"
parameters.Password = { env = "PASSWORD" }
staging.create = true
monitoring_minutes = 5
""",
]
# Each mistake: a line of the file, the line that replaces it, and the start of the problem after the line number.
MISTAKES = [
    ('without = ["guide", "mlflow"]', 'without = ["guide", "mlflo"]', "[template.company] without[2]: "),
    ('without = ["guide", "mlflow"]', 'without = "guide"', "[template.company] without: "),
    ('description = "A notebook"', "description = 5", "[template.notebook] description: "),
    ('policy = ["company.guard"]', 'policy = ["missing.guard"]', "[template.notebook] policy[1]: "),
    ('constructs = ["parts:topic"]', 'constructs = ["parts:topik"]', "[template.notebook] constructs[1]: "),
    ('constructs = ["parts:topic"]', 'constructs = ["topic"]', "[template.notebook] constructs[1]: "),
    ('from = "small.yaml"', 'from = "missing.yaml"', "[template.small] from: "),
    ('from = "small.yaml"', 'form = "small.yaml"', "[template.small] form: "),
    ('from = "parts:template"', 'from = "workspac"', "[template.other] from: "),
    ('from = "parts:template"', 'from = "parts:templ"', "[template.other] from: "),
    ('account = "111122223333"', "account = 111122223333", "[defaults] account: "),
    ('tags = { team = "churn" }', "tags = { team = 5 }", "[defaults] tags.team: "),
    ('parameters.Environment = "dev"', 'parameters.Environment = "prod"', "[defaults] parameters.Environment: "),
    (
        'parameters.Environment = "dev"',
        "parameters.Environment = { evn = 1 }",
        "[defaults] parameters.Environment.evn: ",
    ),
    ('parameters.Names = ["a", "b"]', 'parameters.Names = ["a", "B"]', "[defaults] parameters.Names: "),
    ('parameters.Names = ["a", "b"]', 'parameters.Names = ["a,b"]', "[defaults] parameters.Names: "),
    ('on_failure = "ROLLBACK"', 'on_failure = "DELET"', "[stack.plain] on_failure: "),
    ('on_failure = "ROLLBACK"', "on_failur = 5", "[stack.plain] on_failur: "),
    ('stack_policy = "policy.json"', 'stack_policy = "missing.json"', "[stack.plain] stack_policy: "),
    ("parameters.CreateMlflow = true", "parameters.CreateMlflow = 1", "[stack.plain] parameters.CreateMlflow: "),
    ("parameters.CreateMlflow = true", "parameters.CreatMlflow = true", "[stack.plain] parameters.CreatMlflow: "),
    (
        'parameters.CreateNotebook = { env = "NOTEBOOK" }',
        'parameters.CreateNotebook = { env = "NOTEBOOK", version = 1 }',
        "[stack.plain] parameters.CreateNotebook: ",
    ),
    ('regions = ["eu-west-1"]', 'regions = ["Ireland"]', "[stack.small] regions[1]: "),
    (
        'parameters.Password = { secret = "db", key = "password" }',
        'parameters.Password = "hunter2"',
        "[stack.small] parameters.Password: ",
    ),
    (
        'parameters.Text = { output = "plain.ExecutionRoleArn" }',
        'parameters.Text = { output = "plain.RoleArn" }',
        "[stack.small] parameters.Text: ",
    ),
    ('stack_name = "churn-dev"', 'stack_name = "churn dev"', "[stack.churn] stack_name: "),
    ("staging.create = true", "staging.create = false", "[stack.churn] staging: "),
    ("monitoring_minutes = 5", "monitoring_minutes = 500", "[stack.churn] monitoring_minutes: "),
    ("monitoring_minutes = 5", 'tag = { team = "ml" }', "[stack.churn] tag: "),
    (
        'parameters.Password = { env = "PASSWORD" }',
        'parameters.Password = "AKIAIOSFODNN7EXAMPLE"',
        "[stack.churn] parameters.Password: ",
    ),
]
FILES = {
    "company.guard": "rule a { Resources exists }",
    "policy.json": "{}",
    "small.yaml": """\
Parameters:
  Password: {Type: String, NoEcho: true}
  Text: {Type: String, Default: a}
  Names: {Type: CommaDelimitedList, AllowedPattern: "[a-z]+", Default: a}
Resources:
  Topic: {Type: AWS::SNS::Topic}
""",
    "parts.py": """\
from smtemplates.core.construct import Construct

def topic():
    return Construct(title="Topic", source=__name__)

def template():
    return {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
""",
}


@pytest.fixture(scope="module")
def write(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Path]]:
    """Yield a function that writes smtemplates.toml into a project, and returns its path."""
    folder = tmp_path_factory.mktemp("project")
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")

    def write(text: str) -> Path:
        sys.modules.pop("parts", None)
        path = folder / "smtemplates.toml"
        path.write_text(text, encoding="utf-8")
        return path

    yield write
    sys.modules.pop("parts", None)


def found(path: Path) -> list[str]:
    """Return the problems without the name of the file."""
    try:
        check(path)
    except UsageError as error:
        return [line.removeprefix(f"{path}:") for line in str(error).splitlines()]
    return []


@pytest.mark.slow
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tables=st.permutations(TABLES),
    mistakes=st.lists(st.sampled_from(MISTAKES), max_size=len(MISTAKES), unique_by=lambda mistake: mistake[0]),
)
def test_exactly_the_mistakes_of_a_file_are_reported(
    write: Callable[[str], Path], tables: list[str], mistakes: list[tuple[str, str, str]]
) -> None:
    """Any mistakes of the file, its templates and its stacks are reported together, in the order of their lines."""
    text = "\n".join(tables)
    for line, replacement, _ in mistakes:
        assert text.count(line) == 1
        text = text.replace(line, replacement)
    lines = text.splitlines()
    expected = sorted((lines.index(replacement) + 1, start) for _, replacement, start in mistakes)
    problems = found(write(text))
    assert len(problems) == len(expected), problems
    for problem, (number, start) in zip(problems, expected, strict=True):
        assert problem.startswith(f"{number}: {start}"), problems
