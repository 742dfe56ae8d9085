"""Run the command line as users do."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import processes
import pytest

import smtemplates
from smtemplates.cli.main import main
from smtemplates.synth.loader import load
from smtemplates.templates.registry import TEMPLATES

ROOT = Path(__file__).parent.parent


def run(*arguments: str, cwd: Path = ROOT, text: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command in a separate process."""
    command = [sys.executable, "-m", "smtemplates", *arguments]
    return processes.run(command, {"PYTHONPATH": str(ROOT)}, cwd, text=text)


def test_render_writes_and_validates_every_template(tmp_path: Path) -> None:
    """One command writes and validates every template, and reports each file."""
    done = run("render", cwd=tmp_path)
    assert done.returncode == 0
    assert "templates/workspace.yaml" in done.stderr
    assert done.stderr.count("no findings\n") == len(list((tmp_path / "templates").iterdir()))
    assert load((tmp_path / "templates" / "workspace.yaml").read_text())["Resources"]["InputBucket"]


def test_check_shows_the_differences_and_writes_nothing(tmp_path: Path) -> None:
    """A stale file leads to exit code 1 and a unified diff, and does not change. A file that is up to date passes."""
    file = tmp_path / "templates" / "workspace.yaml"
    run("render", "--no-lint", cwd=tmp_path)
    assert run("render", "--check", "--no-lint", cwd=tmp_path).returncode == 0
    changed = file.read_text().replace("Default: sagemaker", "Default: other")
    file.write_text(changed)
    done = run("render", "--check", "--no-lint", cwd=tmp_path)
    assert done.returncode == 1
    assert "-    Default: other" in done.stdout
    assert "+    Default: sagemaker" in done.stdout
    assert file.read_text() == changed


def test_check_reports_a_missing_file_as_stale(tmp_path: Path) -> None:
    """--check fails in a folder without rendered templates and does not create them."""
    assert run("render", "--check", "--no-lint", cwd=tmp_path).returncode == 1
    assert not (tmp_path / "templates").exists()


@pytest.mark.parametrize("format_", ["yaml", "json"])
def test_standard_output_contains_only_the_template(format_: str) -> None:
    """Another program can read the output of -o -."""
    done = run("render", "workspace", "-o", "-", "--format", format_, "--no-lint")
    assert load(done.stdout) == load(smtemplates.render(smtemplates.build()))
    assert done.stderr == ""


def test_output_names_a_file(tmp_path: Path) -> None:
    """-o FILE writes the template to that file."""
    assert run("render", "workspace", "-o", str(tmp_path / "mine.yaml"), "--no-lint").returncode == 0
    assert (tmp_path / "mine.yaml").read_text() == smtemplates.render(smtemplates.build())


def test_suffix_of_the_output_file_determines_the_format(tmp_path: Path) -> None:
    """-o FILE.json writes JSON, unless --format specifies another format."""
    for options, first in ([], "{"), (["--format", "yaml"], "A"):
        run("render", "workspace", "--no-lint", "-o", "x.json", *options, cwd=tmp_path)
        assert (tmp_path / "x.json").read_text()[0] == first


def test_template_that_is_named_twice_is_rendered_once(tmp_path: Path) -> None:
    """A repeated name has no effect."""
    done = run("render", "workspace", "workspace", "--no-lint", "-o", "x.yaml", cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (0, 1)


@pytest.mark.parametrize(
    ("command", "code", "reported"),
    [
        ("lint - <&-", 2, "smtemplates: -: Line 1: a template must be a mapping with sections"),
        ("lint - <latin-1", 2, "smtemplates: Cannot read standard input: it is not UTF-8 text."),
        ("render workspace --no-lint -o - >&-", 1, "smtemplates: Cannot write to standard output: Bad file"),
        ("render workspace --no-lint -o x.yaml >&-", 0, "x.yaml: "),
        ("render workspace --no-lint -o - 2>&-", 0, ""),
    ],
)
def test_unusable_streams_are_reported(tmp_path: Path, command: str, code: int, reported: str) -> None:
    """A stream that is closed or not text leads to one sentence, but only if the command needs the stream."""
    (tmp_path / "latin-1").write_bytes("Description: é".encode("latin-1"))
    done = subprocess.run(
        ["/bin/sh", "-c", f'"{sys.executable}" -m smtemplates {command}'],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr.count("\n")) == (code, int(bool(reported)))
    assert done.stderr.startswith(reported)
    assert done.stdout == ("" if reported else smtemplates.render(smtemplates.build()))


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_output_is_utf_8_on_every_terminal(encoding: str) -> None:
    """The output is UTF-8 like the files, regardless of the encoding of the terminal."""
    text = "Resources:\n  A: {Type: AWS::S3::Buckété}\n"
    done = subprocess.run(
        [sys.executable, "-m", "smtemplates", "lint", "-", "--no-policy"],
        cwd=ROOT,
        env={"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
        input=text.encode(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert "'AWS::S3::Buckété'" in done.stdout.decode()


def test_without_leaves_a_feature_out() -> None:
    """--without removes the resources, parameters and outputs of a feature."""
    template = load(run("render", "workspace", "-o", "-", "--no-lint", "--without", "studio,notebook").stdout)
    assert not [name for section in template.values() for name in section if "Domain" in name or "Notebook" in name]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["render", "--without", "studoi"], "Did you mean 'studio'?"),
        (["render", "workplace"], "There is no template workplace; did you mean workspace?"),
        (["render", "-o", "-", "--check"], "--check compares files"),
        (["render", "-o", "-"], "One file cannot contain"),
        (["render", "-o", "calgary.yaml"], "One file cannot contain"),
        (["render", "--region", "us-east-11"], "us-east-11"),
        (
            ["render", "--no-lint", "--policy", "my-policy.guard"],
            "--no-lint turns off the policy check, so my-policy.guard would not be used",
        ),
        (["reference", "--check", "-o", "-"], "--check compares a file. Specify the file with -o FILE."),
        (["lint", "no-such-file.yaml"], "Cannot read no-such-file.yaml"),
        (["lint", "tests"], "Cannot read tests"),
        (["render", "-o", "README.md/templates"], "There is no folder README.md. -o creates the folder that it names"),
        (["render", "-o", "no/such"], "There is no folder no. -o creates the folder that it names"),
        (["render", "workspace", "-o", "no/such.yaml"], "There is no folder no. -o creates the folder"),
        (["render", "-o", "no/such", "--check"], "There is no folder no. -o creates the folder that it names"),
        (["render", "--no-lint", "-o", "README.md"], "Cannot create the folder README.md: File exists"),
        (["explore", "-o", "no/such.html"], "Cannot write no/such.html: No such file or directory"),
        (["explore", "-o", "tests"], "Cannot write tests: Is a directory"),
        (["explore", "-o", "."], "Cannot write ."),
        (["render", "-o", "x" * 300], "File name too long"),
        (["explore", "-o", "x" * 300], "File name too long"),
        (["lint", "x" * 300], "File name too long"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(arguments: list[str], sentence: str) -> None:
    """A user's mistake leads to one line on standard error with the solution, and nothing is written."""
    done = run(*arguments)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["render", "-o", ""],
        ["render", "--policy", ""],
        ["lint", ""],
        ["explore", "-o", ""],
    ],
)
def test_empty_option_is_rejected(arguments: list[str]) -> None:
    """An option that is empty because a script's variable is not set does not mean the default."""
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("the value is empty\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
@pytest.mark.parametrize("command", [["explore", "-o", "-"], ["render", "workspace", "--no-lint", "-o", "-"]])
def test_full_disk_is_one_sentence(command: list[str]) -> None:
    """A failure to write to standard output is reported, so that a redirected file does not seem complete."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "smtemplates", *command],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "smtemplates: Cannot write to standard output: No space left on device.\n"


@pytest.mark.parametrize("option", ["--region=us-east-11", "--policy=no-such-file.guard"])
@pytest.mark.parametrize("output", ["-", "workspace.yaml"])
def test_bad_input_to_validation_writes_nothing(tmp_path: Path, option: str, output: str) -> None:
    """An unknown Region or an unreadable policy file is rejected before an existing template is overwritten."""
    done = run("render", "workspace", option, "-o", output, cwd=tmp_path)
    assert (done.returncode, done.stdout, list(tmp_path.iterdir())) == (2, "", [])


@pytest.mark.parametrize("error", [smtemplates.TemplateError, smtemplates.UsageError])
@pytest.mark.parametrize("step", ["built", "validated"])
def test_render_writes_nothing_unless_every_template_succeeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[smtemplates.Error], step: str
) -> None:
    """If the third of three templates cannot be built or validated, the files of the first two do not change."""
    names = list(TEMPLATES)[:3]
    files = [tmp_path / f"{name}.yaml" for name in names]
    for file in files:
        file.write_text("an older version")

    def fail(*_arguments: object, name: str = names[2], **_options: object) -> list[object]:
        if names[2] in name:
            raise error("It fails.")
        return []

    if step == "built":
        monkeypatch.setitem(sys.modules, "failing", SimpleNamespace(definition=fail))
        monkeypatch.setitem(TEMPLATES, names[2], "failing:definition")
    else:
        monkeypatch.setattr("smtemplates.linting.engine.run", fail)
    assert main(["render", *names, "-o", str(tmp_path), "--no-policy", "--no-cache"]) == error.exit_code
    assert [file.read_text() for file in files] == ["an older version"] * 3
    monkeypatch.undo()
    assert main(["render", *names, "-o", str(tmp_path), "--no-lint"]) == 0
    assert "an older version" not in [file.read_text() for file in files]


def test_templates_with_findings_are_written(tmp_path: Path) -> None:
    """Findings lead to exit code 1, but every template is written."""
    done = run("render", "-o", str(tmp_path), "--region", "ca-west-1")
    assert done.returncode == 1
    assert " E3006 " in done.stderr
    assert sorted(file.stem for file in tmp_path.iterdir()) == sorted(TEMPLATES)


@pytest.mark.parametrize("text", ["a: [1", "\t", "a: &x 1\nb: *x", "a: 1\na: 2", "- list", "", "\x00", "!Ref"])
def test_lint_rejects_text_that_is_not_a_template(tmp_path: Path, text: str) -> None:
    """Invalid YAML, and YAML that is not a template, leads to a message and an exit code without a traceback."""
    file = tmp_path / "broken.yaml"
    file.write_text(text)
    assert run("lint", str(file)).returncode in {1, 2}


def test_finding_names_file_line_rule_and_the_python_file_to_fix(tmp_path: Path) -> None:
    """For a Region without Studio, the message names the module of the construct and the option that leaves it out."""
    done = run("render", "-o", str(tmp_path), "--region", "ca-west-1")
    assert done.returncode == 1
    line = next(line for line in done.stderr.splitlines() if "AWS::SageMaker::Domain" in line)
    assert line.startswith(f"{tmp_path / 'workspace.yaml'}:")
    assert "E3006" in line
    assert "smtemplates/templates/workspace/studio.py" in line
    assert "--without studio" in line
    assert (
        run("render", "-o", str(tmp_path), "--region", "ca-west-1", "--without", "studio,mlflow,budget").returncode == 0
    )


def test_type_that_regions_lack_is_one_line(tmp_path: Path) -> None:
    """A missing type is reported once, with all Regions that lack it and all lines that use it."""
    done = run("render", "workspace", "-o", str(tmp_path), "--region", "mx-central-1,us-east-1,ap-south-2")
    types = [line.split("'")[1] for line in done.stderr.splitlines() if " E3006 " in line]
    assert "AWS::SageMaker::MlflowApp" in types
    assert len(types) == len(set(types))
    text = (tmp_path / "workspace.yaml").read_text().splitlines()
    for type_, reported in (
        ("UserProfile", "['ap-south-2', 'mx-central-1']"),
        ("StudioLifecycleConfig", "'mx-central-1'"),
        ("ModelPackageGroup", "'ap-south-2'"),
    ):
        (line,) = [line for line in done.stderr.splitlines() if f"AWS::SageMaker::{type_}'" in line]
        regions, *lines = re.split("; also at lines? ", line.partition(" exist in ")[2].partition(" (")[0])
        assert regions == reported
        used = [number for number, each in enumerate(text, 1) if each.strip() == f"Type: AWS::SageMaker::{type_}"]
        assert [int(line.split(":")[1]), *map(int, ", ".join(lines).split(", ") if lines else [])] == used


def test_each_place_in_a_user_template_is_a_line(tmp_path: Path) -> None:
    """In a template that the user must fix, each place is reported on a line, for editors and grep."""
    file = tmp_path / "t.yaml"
    file.write_text("Resources:\n  A: {Type: AWS::S3::Buckett}\n  B: {Type: AWS::S3::Buckett}\n")
    done = run("lint", str(file), "--no-policy", "--region", "eu-west-1,us-east-1")
    finding = "E3006 Resource type 'AWS::S3::Buckett' does not exist in ['eu-west-1', 'us-east-1']"
    assert done.stdout.splitlines() == [f"{file}:2:7: {finding}", f"{file}:3:7: {finding}"]


def test_region_without_schemas_is_reported() -> None:
    """A Region that cfn-lint validates as us-east-1 is reported to users who request it, and only to them."""
    for command in (["render", "launch-role", "-o", "-"], ["lint", "templates/launch-role.yaml"]):
        done = [
            run(*command, "--no-policy", "--region", f"{region},eu-west-1") for region in ("me-south-1", "us-east-1")
        ]
        reported = ["me-south-1: validated as us-east-1" in one.stderr for one in done]
        assert (reported, [one.returncode for one in done]) == ([True, False], [0, 0])


def test_lint_validates_any_template() -> None:
    """Templates from other sources, including standard input, are checked in the same way."""
    done = run("lint", "-", text="Resources:\n  Bucket:\n    Type: AWS::S3::Buckett\n")
    assert done.returncode == 1
    assert "E3006" in done.stdout


def test_rendering_imports_neither_boto3_nor_cfn_lint() -> None:
    """Rendering needs no AWS library, and needs cfn-lint only to validate."""
    code = (
        "import sys, smtemplates; smtemplates.render(smtemplates.build());"
        "print([name for name in ('boto3', 'botocore', 'cfnlint', 'cloudformation_validate') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_missing_library_is_one_line() -> None:
    """A library that is not installed is named with the command that installs it."""
    code = (
        "import sys; from smtemplates.cli.main import main; sys.modules['troposphere'] = None\n"
        "sys.exit(main(['render', 'workspace', '--no-lint', '-o', '-']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith(f"smtemplates: troposphere is required but not installed for {sys.executable}.")
