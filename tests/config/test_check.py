"""Check a whole configuration file without AWS."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.conftest import Folder
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
BOTH = """
    outptu = "built"
    [template.company]
    from = "workspace"
    kep = ["ProjectName"]
    without = ["gide"]
    constructs = ["missing:topic"]
    [template.whole]
    from = "workspace"
    fix = { NotebookInstanceTyp = "ml.t3.large", CreateNotebook = "yes" }
    [defaults]
    on_failure = "DELET"
    parameters = { Environmnt = "prd", KmsKeyArn = { outptu = "keys.KeyArn" } }
    [stack.churn]
    template = "company"
    acount = "111122223333"
    stack_policy = "missing.json"
    [stack.default]
    tag = { team = "churn" }
    parameters.CreateMlflo = { env = "A", ssm = "/a" }
    parameters.CreateMlflow = "yes"
    [stack.secret]
    template = "secret.yaml"
    parameters.Password = "AKIAIOSFODNN7EXAMPLE"
"""
PROBLEMS_OF_BOTH = """\
1: outptu: there is no key outptu; did you mean output?
4: [template.company] kep: there is no key kep; did you mean keep?
5: [template.company] without[1]: there is no feature gide; did you mean guide?
6: [template.company] constructs[1]: there is no module missing in {folder} or in the Python environment.
9: [template.whole] fix.CreateNotebook: Parameter CreateNotebook must be true or false; it is 'yes'.
9: [template.whole] fix.NotebookInstanceTyp: Parameter NotebookInstanceTyp is unknown: did you mean \
NotebookInstanceType?
11: [defaults] on_failure: must be one of ROLLBACK, DELETE, DO_NOTHING; it is DELET.
12: [defaults] parameters.KmsKeyArn.outptu: there is no key outptu; did you mean output?
15: [stack.churn] acount: there is no key acount; did you mean account?
16: [stack.churn] stack_policy: Cannot read the stack policy missing.json: No such file or directory.
18: [stack.default] tag: there is no key tag; did you mean tags?
19: [stack.default] parameters.CreateMlflo: a reference must have exactly one of the keys output, env, ssm, secret; it \
has env and ssm.
19: [stack.default] parameters.CreateMlflo: there is no parameter CreateMlflo; did you mean CreateMlflow?
20: [stack.default] parameters.CreateMlflow: Parameter CreateMlflow must be true or false; it is 'yes'.
23: [stack.secret] parameters.Password: looks like the ID of an access key. Credentials must not be in this file. Use \
a reference, such as {{ env = "NAME" }} or {{ secret = "NAME" }}.
"""
CYCLE = (
    "Stacks need outputs of each other in a cycle: {}. Remove one of these dependencies from the parameters of the "
    "stacks."
)


def problems(folder: Folder, text: str) -> list[str]:
    """Return the problems that the check finds."""
    with pytest.raises(UsageError) as caught:
        check(folder(text, FILES))
    return [line.removeprefix("smtemplates.toml:") for line in str(caught.value).splitlines()]


def test_a_file_without_problems(folder: Folder) -> None:
    """References need no value, and an inherited parameter does not apply to templates that do not have it."""
    assert check(folder(GOOD, FILES)).stacks.keys() == {"churn", "default", "secret"}


def test_all_problems_of_templates_and_stacks_appear_at_once(folder: Folder) -> None:
    """Names, values, files and templates are checked. Secret values do not appear."""
    assert problems(folder, BAD) == PROBLEMS.splitlines()


def test_wrong_keys_do_not_hide_other_problems(folder: Folder) -> None:
    """Keys, templates, parameters and files are checked together, and no problem only follows from another one."""
    expected = PROBLEMS_OF_BOTH.format(folder=Path.cwd()).splitlines()
    assert problems(folder, BOTH) == expected


def test_an_inherited_parameter_that_no_template_has(folder: Folder) -> None:
    """It would have no effect at all, so it is a typing error."""
    text = GOOD.replace('Environment = "prd"', 'Environmnt = "prd"')
    assert problems(folder, text) == [
        "6: [defaults] parameters.Environmnt: there is no parameter Environmnt; did you mean Environment?"
    ]


def test_references_to_outputs(folder: Folder) -> None:
    """The other stack must have the output, and stacks must not need each other. Other stacks are left to AWS."""
    text = """
        [stack.secret]
        template = "secret.yaml"
        parameters.Names = { output = "churn.InputBucket" }
        [stack.churn]
        parameters = { KmsKeyArn = { output = "secret.KeyArn" }, VpcId = { output = "elsewhere.VpcId" } }
        [stack.one]
        parameters.VpcId = { output = "two.DomainId" }
        [stack.two]
        parameters.VpcId = { output = "one.DomainId" }
        parameters.SubnetIds = { output = "one.DomainId" }
    """
    assert problems(folder, text) == [
        "3: [stack.secret] parameters.Names: there is no output InputBucket; did you mean InputBucketArn?",
        f"5: [stack.churn] parameters.KmsKeyArn: {CYCLE.format('secret -> churn -> secret')}",
        "5: [stack.churn] parameters.KmsKeyArn: there is no output KeyArn.",
        f"9: [stack.two] parameters.VpcId: {CYCLE.format('one -> two -> one')}",
    ]


@pytest.mark.parametrize(
    "mistake",
    [
        '[templates.company]\nfrom = "workspace"\nconstructs = ["a:b"]\n[stack.a]\ntemplate = "company"',
        '[template.company]\nform = "other.yaml"\n[stack.a]\ntemplate = "company"\nparameters.Other = 1',
        '[template]\ncompany = 1\n[stack.a]\ntemplate = "company"',
        '[stack.a]\ntempalte = "other.yaml"\nparameters.Other = 1',
        '[stack.a]\nfrom = "other.yaml"\nparameters.Other = 1',
        '[stack.a]\ntemplate = ["other.yaml"]\nparameters.Other = 1',
        '[default]\ntemplate = "other.yaml"\n[stack.a]\nparameters.Other = 1',
        '[defaults]\ntempl = "other.yaml"\n[stack.a]\nparameters.Other = 1',
        "[defaults]\ntemplate = 5\n[stack.a]\nparameters.Other = 1",
        'defaults = "other.yaml"\n[stack.a]\nparameters.Other = 1',
        '[defaults]\nparameters.Other = 1\n[stack]\na = "other.yaml"\n[stack.b]',
    ],
)
def test_a_problem_that_only_follows_from_another_one_is_not_reported(folder: Folder, mistake: str) -> None:
    """A stack is not checked against a template that a wrong key keeps unknown."""
    found = problems(folder, mistake)
    assert len(found) == 1, found
