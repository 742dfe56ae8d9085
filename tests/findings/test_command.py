"""`render` and `lint` write their findings in each format, to standard output or to a file."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from findings import documents
from smtemplates.cli.main import main
from smtemplates.linting.formats import FORMATS

GOOD = "Resources: {Handle: {Type: AWS::CloudFormation::WaitConditionHandle}}\n"
WRONG = "Resources:\n  Bucket: {Type: AWS::S3::Buckett}\n"
TOPIC = "Resources:\n  Topic: {Type: AWS::SNS::Topic}\n"
MODULE = "Resources:\n  Mod: {Type: My::Own::Thing::MODULE}\n"
INFORMATIONAL = """\
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: a, AttributeType: S}]
      KeySchema: [{AttributeName: a, KeyType: HASH}]
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working directory of a test, which contains one template of each kind."""
    monkeypatch.chdir(tmp_path)
    for name, text in {"good": GOOD, "wrong": WRONG, "topic": TOPIC, "mod": MODULE, "info": INFORMATIONAL}.items():
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def test_all_templates_of_a_run_are_in_one_document(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Standard output is one document with each template in order, also those without findings, and standard input."""
    monkeypatch.setattr("sys.stdin", io.StringIO(TOPIC))
    assert main(["lint", "good.yaml", "wrong.yaml", "-", "--findings-format", "json"]) == 1
    out, err = capsys.readouterr()
    content = documents.report(out)
    found = {one["file"]: [each["rule"] for each in one["findings"]] for one in content["files"]}
    assert found == {"good.yaml": [], "wrong.yaml": ["E3006"], "<stdin>": ["SNS_1"]}
    assert (content["findings"], content["regions"]) == (2, ["us-east-1"])
    assert err == "good.yaml: no findings\n"


@pytest.mark.parametrize("format_", FORMATS)
def test_the_terminal_shows_text_while_a_file_receives_the_format(
    folder: Path, capsys: pytest.CaptureFixture[str], format_: str
) -> None:
    """With --findings-output, the output and exit code are those without it, and the file contains the document."""
    files = ["wrong.yaml", "good.yaml", "mod.yaml"]
    plain = main(["lint", *files]), *capsys.readouterr()
    assert (
        main(["lint", *files, "--findings-format", format_, "--findings-output", "f"]),
        *capsys.readouterr(),
    ) == plain
    text = (folder / "f").read_text(encoding="utf-8")
    assert text.count("E3006") >= 1
    assert [one.name for one in folder.iterdir() if one.name.startswith(".")] == []
    checks = {"json": documents.report, "sarif": documents.sarif}
    checks.get(format_, str)(text)


@pytest.mark.parametrize(("name", "check"), [("f.json", documents.report), ("f.sarif", documents.sarif)])
def test_suffix_of_the_findings_file_determines_the_format(folder: Path, name: str, check: object) -> None:
    """A file for findings is written without findings too, in the format of its suffix."""
    assert main(["lint", "good.yaml", "--findings-output", name]) == 0
    assert callable(check)
    content = check((folder / name).read_text(encoding="utf-8"))
    assert (content.get("findings"), content.get("results")) in ((0, None), (None, []))


@pytest.mark.parametrize("arguments", [["lint", "wrong.yaml", "no-such-file.yaml"], ["render", "--region", "eu-wst-1"]])
def test_bad_input_leaves_the_findings_file_unchanged(folder: Path, arguments: list[str]) -> None:
    """With exit code 2 nothing is known about the templates, so a document of an earlier run is not replaced."""
    (folder / "f.json").write_text("earlier", encoding="utf-8")
    assert main([*arguments, "--findings-output", "f.json"]) == 2
    assert (folder / "f.json").read_text(encoding="utf-8") == "earlier"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["render", "workspace", "-o", "-", "--findings-format", "json"], "Standard output receives the template"),
        (["render", "--no-lint", "--findings-format", "json"], "--no-lint turns off the validation"),
        (["render", "--no-lint", "--findings-output", "f.json"], "--no-lint turns off the validation"),
        (["render", "workspace", "-o", "f.json", "--findings-output", "f.json"], "would overwrite the template f.json"),
        (["lint", "good.yaml", "--findings-output", "./good.yaml"], "would overwrite the template good.yaml"),
        (["lint", "good.yaml", "--findings-output", "no/such.json"], "Cannot write no/such.json"),
        (["lint", "good.yaml", "--findings-output", "."], "Cannot write ."),
    ],
)
def test_findings_that_cannot_be_written_are_rejected_first(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    """One sentence says why, and nothing is written."""
    before = {file: file.read_text() for file in folder.iterdir()}
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert sentence in err
    assert {file: file.read_text() for file in folder.iterdir()} == before


@pytest.mark.parametrize("format_", FORMATS)
def test_strict_fails_for_parts_that_were_not_evaluated(format_: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In each format the part and its reason are shown, and only --strict makes it a failure."""
    for options, code in ([], 0), (["--strict"], 1):
        assert main(["lint", "mod.yaml", "--findings-format", format_, *options]) == code
        assert "Resource Mod: not evaluated: needs a transform." in "".join(capsys.readouterr())


def test_policy_rules_that_could_not_be_checked_are_in_the_document(capsys: pytest.CaptureFixture[str]) -> None:
    """If a section prevents the policy check, the document contains that as a part that was not evaluated."""
    Path("bad.yaml").write_text(f"{TOPIC}Outputs: [1]\n", encoding="utf-8")
    assert main(["lint", "bad.yaml", "--findings-format", "json"]) == 1
    out, err = capsys.readouterr()
    (one,) = documents.report(out)["files"]
    assert "policy check not possible" in err
    assert [each["subject"] for each in one["findings"] if not each["evaluated"]] == ["policy rules"]
    assert main(["lint", "bad.yaml"]) == 1
    assert capsys.readouterr().err == err  # the terminal shows the reason once


def test_informational_findings_fail(capsys: pytest.CaptureFixture[str]) -> None:
    """An informational finding leads to exit code 1, as for the cfn-lint command, and is a notice on GitHub."""
    assert main(["lint", "info.yaml", "--no-policy", "--findings-format", "github"]) == 1
    levels = [documents.command(line)[0] for line in capsys.readouterr().out.splitlines()]
    assert levels == ["notice"] * len(levels) != []


@pytest.mark.slow
def test_render_names_the_python_function_to_fix(folder: Path) -> None:
    """A finding in a rendered template has its line in the template, and the Python file with the function's line."""
    arguments = ["render", "workspace", "-o", "w.yaml", "--region", "ca-west-1", "--findings-output", "f.json"]
    assert main(arguments) == 1
    (one,) = documents.report((folder / "f.json").read_text(encoding="utf-8"))["files"]
    lines = (folder / "w.yaml").read_text(encoding="utf-8").splitlines()
    (domain,) = [each for each in one["findings"] if each["logical_id"] == "Domain"]
    assert lines[domain["line"] - 1].strip() == "Type: AWS::SageMaker::Domain"
    assert (one["file"], domain["section"], domain["rule"]) == ("w.yaml", "Resources", "E3006")
    python = domain["python"]
    assert (python["file"], python["advice"]) == (
        "smtemplates/templates/workspace/studio.py",
        "--without studio leaves it out",
    )
    source = (Path(__file__).parent.parent.parent / python["file"]).read_text(encoding="utf-8").splitlines()
    assert source[python["line"] - 1].startswith("def studio(")
