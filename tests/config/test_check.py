"""Check a whole configuration file without AWS."""

from __future__ import annotations

import pytest

from config.conftest import Write
from smtemplates.config.check import check
from smtemplates.errors import UsageError

NO_ECHO = """
    Parameters:
      Password: {Type: String, NoEcho: true}
      Names: {Type: CommaDelimitedList, AllowedPattern: "[a-z]+", Default: a}
    Resources:
      Topic: {Type: AWS::SNS::Topic}
"""
GOOD = """
    [template.company]
    from = "workspace"
    keep = ["ProjectName", "CreateNotebook", "Environment"]
    policy = ["company.guard"]
    [defaults]
    parameters = { Environment = "prd", Names = ["a", "b"] }
    [stack.churn]
    template = "company"
    parameters = { ProjectName = "churn", CreateNotebook = { env = "CREATE_NOTEBOOK" } }
    stack_policy = "policy.json"
    [stack.default]
    parameters.CreateMlflow = true
    [stack.secret]
    template = "secret.yaml"
    parameters.Password = { secret = "db", key = "password" }
"""
FILES = {"company.guard": "rule a { Resources exists }", "policy.json": "{}", "secret.yaml": NO_ECHO}
BAD = """
    [template.company]
    from = "workspace"
    keep = ["ProjectNam"]
    policy = ["missing.guard"]
    [template.whole]
    from = "workspac"
    [defaults]
    parameters = { Environment = "prod", Names = ["a", "B"] }
    [stack.churn]
    template = "whol"
    [stack.default]
    parameters.CreateMlflo = { env = "A" }
    parameters.CreateMlflow = "yes"
    stack_policy = "missing.json"
    [stack.file]
    template = "missing/template.yaml"
    [stack.company]
    template = "company"
    [stack.secret]
    template = "secret.yaml"
    parameters.Password = "hunter2"
"""
PROBLEMS = """\
3: [template.company] keep[1]: Parameter ProjectNam is unknown: did you mean ProjectName?
4: [template.company] policy[1]: there is no file missing.guard.
6: [template.whole] from: there is no template workspac; did you mean workspace?
8: [defaults] parameters.Environment: Parameter Environment must be dev or stg or prd; it is 'prod'.
8: [defaults] parameters.Names: Parameter Names must match [a-z]+; it is 'a,B'.
10: [stack.churn] template: There is no template whol; did you mean whole?
12: [stack.default] parameters.CreateMlflo: there is no parameter CreateMlflo; did you mean CreateMlflow?
13: [stack.default] parameters.CreateMlflow: Parameter CreateMlflow must be true or false; it is 'yes'.
14: [stack.default] stack_policy: Cannot read the stack policy missing.json: No such file or directory.
16: [stack.file] template: Cannot read missing/template.yaml: No such file or directory.
21: [stack.secret] parameters.Password: this value is secret (NoEcho), so it must not be in this file. Use a reference.
"""
CYCLE = (
    "Stacks need outputs of each other in a cycle: secret -> churn -> secret. Remove one of these dependencies from "
    "the parameters of the stacks."
)


def problems(write: Write, text: str) -> list[str]:
    """Return the problems that the check finds."""
    with pytest.raises(UsageError) as caught:
        check(write(text, FILES))
    return [line.removeprefix("smtemplates.toml:") for line in str(caught.value).splitlines()]


def test_a_file_without_problems(write: Write) -> None:
    """References need no value, and an inherited parameter does not apply to templates that do not have it."""
    check(write(GOOD, FILES))


def test_all_problems_of_templates_and_stacks_appear_at_once(write: Write) -> None:
    """Names, values, files and templates are checked. Secret values do not appear."""
    assert problems(write, BAD) == PROBLEMS.splitlines()


def test_an_inherited_parameter_that_no_template_has(write: Write) -> None:
    """It would have no effect at all, so it is a typing error."""
    text = GOOD.replace('Environment = "prd"', 'Environmnt = "prd"')
    assert problems(write, text) == [
        "6: [defaults] parameters.Environmnt: there is no parameter Environmnt; did you mean Environment?"
    ]


def test_references_to_outputs(write: Write) -> None:
    """The other stack must have the output, and stacks must not need each other. Other stacks are left to AWS."""
    text = """
        [stack.secret]
        template = "secret.yaml"
        parameters.Names = { output = "churn.InputBucket" }
        [stack.churn]
        parameters = { KmsKeyArn = { output = "secret.KeyArn" }, VpcId = { output = "elsewhere.VpcId" } }
    """
    assert problems(write, text) == [
        f"1: [stack] {CYCLE}",
        "3: [stack.secret] parameters.Names: there is no output InputBucket; did you mean InputBucketArn?",
        "5: [stack.churn] parameters.KmsKeyArn: there is no output KeyArn.",
    ]
