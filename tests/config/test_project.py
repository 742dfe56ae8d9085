"""Find and read smtemplates.toml: its values, and every problem in it at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from smtemplates.aws_data.credentials import kind_of_credential
from smtemplates.config.location import find_project
from smtemplates.config.project import Project
from smtemplates.config.reader import read_project
from smtemplates.config.tables import Staging
from smtemplates.config.values import Dynamic, Environment, Literal, OutputOf
from smtemplates.errors import UsageError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def project(text: str) -> Project:
    """Return the project whose file has this text, in the working directory."""
    Path("smtemplates.toml").write_text(text, encoding="utf-8")
    return read_project(Path("smtemplates.toml"))


def problems(text: str) -> list[str]:
    """Return the lines of the message about a file."""
    with pytest.raises(UsageError) as caught:
        project(text)
    return str(caught.value).splitlines()


def test_the_nearest_file_above_a_folder_is_found(folder: Path) -> None:
    """The search begins in the folder itself, and ends at the root of the file system."""
    deep = folder / "a" / "b"
    deep.mkdir(parents=True)
    assert find_project(deep) is None
    (folder / "smtemplates.toml").touch()
    assert find_project(deep) == folder / "smtemplates.toml"
    (folder / "a" / "smtemplates.toml").touch()
    assert find_project(deep) == folder / "a" / "smtemplates.toml"
    assert find_project(Path()) == Path("smtemplates.toml")
    (deep / "smtemplates.toml").mkdir()
    assert find_project(deep) == folder / "a" / "smtemplates.toml"


def test_an_empty_file_is_a_project_without_tables() -> None:
    """Every key has a default."""
    found = project("")
    assert (found.output, found.templates, found.stacks, found.folder) == ("templates", {}, {}, Path())


def test_a_template_table() -> None:
    """Numbers keep the notation of the file, and arrays have the form of CloudFormation."""
    table = project("""
        output = "built"
        [template.company]
        from = "workspace"
        without = ["guide"]
        keep = []
        fix = { VpcId = "vpc-0123456789abcdef0", SubnetIds = ["a", "b"], Least = 1.50, Most = 1_000, Yes = true }
        default.NotebookInstanceType = "ml.t3.large"
        allow.NotebookVolumeSizeGb = [20, 50]
        constructs = ["constructs.queue:queue"]
        description = "Workspaces of the company"
        policy = ["policies/company.guard"]
    """).templates["company"]
    assert table.source == "workspace"
    assert table.keep == ()
    assert table.fix == {
        "VpcId": "vpc-0123456789abcdef0",
        "SubnetIds": "a,b",
        "Least": "1.50",
        "Most": "1000",
        "Yes": "true",
    }
    assert table.allow == {"NotebookVolumeSizeGb": ("20", "50")}
    assert table.policies == ("policies/company.guard",)


def test_a_stack_inherits_the_defaults() -> None:
    """Parameters and tags are inherited one by one, other keys as a whole."""
    stacks = project("""
        [defaults]
        account = "111122223333"
        tags = { team = "churn", cost = "1" }
        parameters = { Environment = "dev", ProjectName = "churn" }
        staging = { bucket = "templates", prefix = "a" }
        [stack.network]
        template = "templates/network.yaml"
        [stack.churn]
        stack_name = "churn-dev"
        regions = ["eu-west-1", "eu-central-1"]
        tags.team = "ml"
        parameters.Environment = "prd"
        staging.create = true
    """).stacks
    assert stacks["network"].stack_name == "network"
    assert stacks["network"].parameters == {"Environment": Literal("dev"), "ProjectName": Literal("churn")}
    assert stacks["network"].staging == Staging(bucket="templates", prefix="a")
    churn = stacks["churn"]
    assert (churn.stack_name, churn.template, churn.account) == ("churn-dev", "workspace", "111122223333")
    assert churn.tags == {"team": "ml", "cost": "1"}
    assert churn.parameters == {"Environment": Literal("prd"), "ProjectName": Literal("churn")}
    assert churn.staging == Staging(create=True)
    assert churn.inherited == {("account",), ("tags", "cost"), ("parameters", "ProjectName")}
    assert (churn.on_failure, churn.topics, churn.termination_protection) == (None, None, None)


def test_values_of_parameters() -> None:
    """A value is in the file, or is an output, an environment variable, or a dynamic reference."""
    found = project("""
        [stack.churn.parameters]
        A = { output = "network.VpcId" }
        B = { output = "network.VpcId", region = "eu-west-1", account = "111122223333" }
        C = { env = "VPC" }
        D = { ssm = "/team/key" }
        E = { ssm = "/team/key", version = 3 }
        F = { secret = "db" }
        G = { secret = "db", key = "password", stage = "AWSPREVIOUS" }
        H = { secret = "db", version = "0a1b" }
    """)
    assert found.stacks["churn"].parameters == {
        "A": OutputOf("network", "VpcId"),
        "B": OutputOf("network", "VpcId", "eu-west-1", "111122223333"),
        "C": Environment("VPC"),
        "D": Dynamic("{{resolve:ssm:/team/key}}"),
        "E": Dynamic("{{resolve:ssm:/team/key:3}}"),
        "F": Dynamic("{{resolve:secretsmanager:db:SecretString}}"),
        "G": Dynamic("{{resolve:secretsmanager:db:SecretString:password:AWSPREVIOUS}}"),
        "H": Dynamic("{{resolve:secretsmanager:db:SecretString:::0a1b}}"),
    }


WRONG = """\
outptu = "templates"
[template.company]
from = "workspace"
kep = ["ProjectName"]
fix.SubnetIds = ["a,b"]
[template.workspace]
from = "company.yaml"
[template.'a b']
[defaults]
staging = {}
[stack.churn]
account = 111122223333
[stack.churn.parameters]
VpcId = { outptu = "network.VpcId" }
SubnetIds = { env = "A", ssm = "B" }
KmsKeyArn = { env = "A", version = 1 }
Endpoint = {
  ssm = "/a",
  version = "3",
}
Secret = { secret = "a", version = 3 }
Staged = { secret = "a", version = "3", stage = "x" }
Key = "AKIAIOSFODNN7EXAMPLE"
"""


PROBLEMS = """\
1: outptu: there is no key outptu; did you mean output?
4: [template.company] kep: there is no key kep; did you mean keep?
5: [template.company] fix.SubnetIds: an item contains a comma, which separates items in CloudFormation. Remove the \
comma.
6: [template.workspace] workspace is the name of a template of smtemplates. Choose another name.
8: [template.'a b'] a b is not a name: a name contains 1 to 64 letters, digits, hyphens and underscores.
8: [template.'a b'] the key from is missing.
10: [defaults] staging: specify either bucket or create = true.
12: [stack.churn] account: must be the ID of an account: 12 digits in quotation marks, not a whole number.
14: [stack.churn] parameters.VpcId.outptu: there is no key outptu; did you mean output?
15: [stack.churn] parameters.SubnetIds: a reference must have exactly one of the keys output, env, ssm, secret; it \
has env and ssm.
16: [stack.churn] parameters.KmsKeyArn: version cannot be used together with env.
17: [stack.churn] parameters.Endpoint: the version of a parameter of Systems Manager is a whole number.
21: [stack.churn] parameters.Secret: the version of a secret is a text in quotation marks.
22: [stack.churn] parameters.Staged: use only one of stage and version.
23: [stack.churn] parameters.Key: looks like the ID of an access key. Credentials must not be in this file. Use a \
reference, such as { env = "NAME" } or { secret = "NAME" }.
"""


def test_all_problems_appear_at_once() -> None:
    """Each line names the file, the line, the table and the key, and the nearest key."""
    assert problems(WRONG) == [f"smtemplates.toml:{line}" for line in PROBLEMS.splitlines()]


def test_the_file_is_named_as_the_user_can_open_it(folder: Path) -> None:
    """A file that was found above the working directory has its whole path."""
    Path("smtemplates.toml").write_text("a = 1\n")
    Path("deep").mkdir()
    found = find_project(Path("deep"))
    assert found
    with pytest.raises(UsageError, match=r"^smtemplates.toml:1: a: "):
        read_project(found)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir("deep")
        with pytest.raises(UsageError) as caught:
            read_project(found)
    assert str(caught.value).startswith(f"{folder}/smtemplates.toml:1: a: ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[template\n", "smtemplates.toml:1: this is not TOML: Expected ']' at the end of a table declaration."),
        ("a = 1\na = 2\n", "smtemplates.toml:2: this is not TOML: Cannot overwrite a value."),
        (f"a = {'1' * 5000}", "smtemplates.toml: a number has too many digits."),
        (f"a = {'[' * 100_000}", "smtemplates.toml: the values are nested too deeply."),
        (f"a = {'{a=' * 390}1{'}' * 390}", "smtemplates.toml: the values are nested too deeply."),
    ],
)
def test_an_error_of_the_syntax_is_one_sentence_with_its_line(text: str, message: str) -> None:
    """Numbers and nesting that Python cannot read are also errors of the file."""
    (line,) = problems(text)
    assert line.startswith(message)


def test_a_file_that_cannot_be_read() -> None:
    """The message names the file and the reason."""
    Path("smtemplates.toml").write_bytes(b"\xff")
    with pytest.raises(UsageError, match=r"Cannot read smtemplates.toml: it is not UTF-8 text"):
        read_project(Path("smtemplates.toml"))


@pytest.mark.parametrize(
    "text",
    [
        "ASIAIOSFODNN7EXAMPLE",
        "key wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE",
        f"ghp_{'a1' * 18}",
        f"glpat-{'x' * 20}",
        "https://user:password@example.com/repository.git",
    ],
)
def test_credentials_are_recognized(text: str) -> None:
    """The message names the kind of the credential, never the text."""
    assert kind_of_credential(text)


@pytest.mark.parametrize(
    "text",
    [
        "arn:aws:kms:eu-west-1:111122223333:key/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9",
        "0a1b2c3d4e5f60718293a4b5c6d7e8f9a0b1c2d3",
        "111122223333.dkr.ecr.eu-west-1.amazonaws.com/pytorch-inference:2.1.0-cpu-py310",
        "https://github.com/example/repository.git",
        "s3://models/artifacts/churn/2026/11/model.tar.gz",
        "subnet-0123456789abcdef0,subnet-0123456789abcdef1",
    ],
)
def test_ordinary_values_are_no_credentials(text: str) -> None:
    """ARNs, hashes, images, URLs and paths are accepted."""
    assert not kind_of_credential(text)
