"""The command line, run as users run it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import smtemplates
from smtemplates.synth.loader import load

ROOT = Path(__file__).parent.parent


def run(*arguments: str, cwd: Path = ROOT, text: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    command = [sys.executable, "-m", "smtemplates", *arguments]
    done = subprocess.run(
        command, cwd=cwd, input=text, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(ROOT)}
    )
    assert "Traceback" not in done.stderr
    return done


def test_render_writes_and_validates_every_template(tmp_path: Path) -> None:
    """One command gives a validated template, and says so."""
    done = run("render", cwd=tmp_path)
    assert done.returncode == 0
    assert "templates/workspace.yaml" in done.stderr
    assert "no finding" in done.stderr
    assert load((tmp_path / "templates" / "workspace.yaml").read_text())["Resources"]["InputBucket"]


def test_check_writes_nothing_and_shows_what_is_stale(tmp_path: Path) -> None:
    """A stale file costs exit code 1 and a unified diff, and stays as it is; a current one passes."""
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


def test_a_missing_file_is_stale(tmp_path: Path) -> None:
    """--check fails where nothing was ever rendered."""
    assert run("render", "--check", "--no-lint", cwd=tmp_path).returncode == 1
    assert not (tmp_path / "templates").exists()


@pytest.mark.parametrize("format_", ["yaml", "json"])
def test_standard_output_holds_the_template_alone(format_: str) -> None:
    """What -o - prints can go straight into another program."""
    done = run("render", "workspace", "-o", "-", "--format", format_, "--no-lint")
    assert load(done.stdout) == load(smtemplates.render(smtemplates.build()))
    assert done.stderr == ""


def test_output_may_be_a_file(tmp_path: Path) -> None:
    """-o FILE names the file."""
    assert run("render", "workspace", "-o", str(tmp_path / "mine.yaml"), "--no-lint").returncode == 0
    assert (tmp_path / "mine.yaml").read_text() == smtemplates.render(smtemplates.build())


def test_a_file_holds_what_its_name_says(tmp_path: Path) -> None:
    """-o FILE.json is JSON without being asked for it; what is asked for counts."""
    for options, first in ([], "{"), (["--format", "yaml"], "A"):
        run("render", "workspace", "--no-lint", "-o", "x.json", *options, cwd=tmp_path)
        assert (tmp_path / "x.json").read_text()[0] == first


def test_a_template_named_twice_is_rendered_once(tmp_path: Path) -> None:
    """Repeating a name changes nothing."""
    done = run("render", "workspace", "workspace", "--no-lint", "-o", "x.yaml", cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (0, 1)


@pytest.mark.parametrize(
    ("command", "code", "told"),
    [
        ("lint - <&-", 2, "smtemplates: -: Line 1: a template is a mapping of sections"),
        ("lint - <latin-1", 2, "smtemplates: Cannot read standard input: it is not UTF-8 text."),
        ("render workspace --no-lint -o - >&-", 1, "smtemplates: Cannot write to standard output: Bad file"),
        ("render workspace --no-lint -o x.yaml >&-", 0, "x.yaml: "),
        ("render workspace --no-lint -o - 2>&-", 0, ""),
    ],
)
def test_streams_that_cannot_be_used(tmp_path: Path, command: str, code: int, told: str) -> None:
    """A standard stream that is closed or holds no text is one sentence, and only to whom it matters."""
    (tmp_path / "latin-1").write_bytes("Description: é".encode("latin-1"))
    done = subprocess.run(
        ["/bin/sh", "-c", f'"{sys.executable}" -m smtemplates {command}'],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr.count("\n")) == (code, int(bool(told)))
    assert done.stderr.startswith(told)
    assert done.stdout == ("" if told else smtemplates.render(smtemplates.build()))


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_any_terminal_will_do(encoding: str) -> None:
    """What is printed is UTF-8 as files are, whatever the terminal is set to."""
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


def test_a_feature_that_is_left_out_is_gone() -> None:
    """--without takes the feature's resources, parameters and outputs with it."""
    template = load(run("render", "workspace", "-o", "-", "--no-lint", "--without", "studio,notebook").stdout)
    assert not [name for section in template.values() for name in section if "Domain" in name or "Notebook" in name]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["render", "--without", "studoi"], "did you mean 'studio'?"),
        (["render", "workplace"], "There is no template 'workplace'"),
        (["render", "-o", "-", "--check"], "--check compares files"),
        (["render", "-o", "-"], "One file cannot hold"),
        (["render", "-o", "calgary.yaml"], "One file cannot hold"),
        (["render", "--region", "us-east-11"], "us-east-11"),
        (["render", "--no-lint", "--policy", "ours.guard"], "--no-lint judges by no policy, nor by ours.guard"),
        (["lint", "no-such-file.yaml"], "Cannot read no-such-file.yaml"),
        (["lint", "tests"], "Cannot read tests"),
        (["render", "-o", "README.md/templates"], "There is no folder README.md: -o makes what it names"),
        (["render", "-o", "no/such"], "There is no folder no: -o makes what it names"),
        (["render", "workspace", "-o", "no/such.yaml"], "There is no folder no: -o makes what it names"),
        (["render", "-o", "no/such", "--check"], "There is no folder no: -o makes what it names"),
        (["render", "--no-lint", "-o", "README.md"], "Cannot make the folder README.md: File exists"),
        (["explore", "-o", "no/such.html"], "Cannot write no/such.html: No such file or directory"),
        (["explore", "-o", "tests"], "Cannot write tests: Is a directory"),
        (["explore", "-o", "."], "Cannot write ."),
        (["render", "-o", "x" * 300], "File name too long"),
        (["explore", "-o", "x" * 300], "File name too long"),
        (["lint", "x" * 300], "File name too long"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(arguments: list[str], sentence: str) -> None:
    """A mistake is told in one line on standard error, with what to do, and nothing is written."""
    done = run(*arguments)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["render", "-o", ""],
        ["render", "--region", ""],
        ["render", "--region", ","],
        ["render", "--policy", ""],
        ["lint", ""],
        ["explore", "-o", ""],
    ],
)
def test_an_option_that_names_nothing_is_refused(arguments: list[str]) -> None:
    """What a script leaves of an option when its variable is not set is no default, and writes nothing."""
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("it names nothing\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
@pytest.mark.parametrize("command", [["explore", "-o", "-"], ["render", "workspace", "--no-lint", "-o", "-"]])
def test_a_full_disk_is_one_sentence(command: list[str]) -> None:
    """Where standard output takes no more, that is said, and a redirected file is not taken for whole."""
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
def test_bad_input_to_the_checks_writes_nothing(tmp_path: Path, option: str, output: str) -> None:
    """A Region or a policy that cannot be checked by is refused before the template that stands there is touched."""
    done = run("render", "workspace", option, "-o", output, cwd=tmp_path)
    assert (done.returncode, done.stdout, list(tmp_path.iterdir())) == (2, "", [])


@pytest.mark.parametrize("text", ["a: [1", "\t", "a: &x 1\nb: *x", "a: 1\na: 2", "- list", "", "\x00", "!Ref"])
def test_what_is_no_template_is_refused(tmp_path: Path, text: str) -> None:
    """Broken YAML, or YAML that is no template, gives a message and an exit code, never a traceback."""
    file = tmp_path / "broken.yaml"
    file.write_text(text)
    assert run("lint", str(file)).returncode in {1, 2}


def test_a_finding_names_file_line_rule_and_the_python_to_mend(tmp_path: Path) -> None:
    """Where a Region lacks Studio, the message leads to the area and to --without."""
    done = run("render", "-o", str(tmp_path), "--region", "ca-west-1")
    assert done.returncode == 1
    line = next(line for line in done.stderr.splitlines() if "AWS::SageMaker::Domain" in line)
    assert line.startswith(f"{tmp_path / 'workspace.yaml'}:")
    assert "E3006" in line
    assert "smtemplates/templates/workspace/studio.py" in line
    assert "--without studio" in line
    assert run("render", "-o", str(tmp_path), "--region", "ca-west-1", "--without", "studio,mlflow").returncode == 0


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("us-east-1,ap-south-2", "'ap-south-2'"),
        ("mx-central-1,us-east-1,ap-south-2", "['ap-south-2', 'mx-central-1']"),
    ],
)
def test_a_type_that_regions_lack_is_one_line(tmp_path: Path, asked: str, told: str) -> None:
    """Whatever it is used for, a missing type is said once, with all Regions that lack it and the lines that use it."""
    done = run("render", "workspace", "-o", str(tmp_path), "--region", asked)
    types = [line.split("'")[1] for line in done.stderr.splitlines() if " E3006 " in line]
    assert "AWS::SageMaker::MlflowApp" in types
    assert len(types) == len(set(types))
    (line,) = [line for line in done.stderr.splitlines() if "AWS::SageMaker::UserProfile'" in line]
    regions, lines = line.partition(" exist in ")[2].partition(" (")[0].split("; also at lines ")
    assert regions == told
    text = (tmp_path / "workspace.yaml").read_text().splitlines()
    places = [int(line.split(":")[1]), *map(int, lines.split(", "))]
    assert {text[number - 1].strip() for number in places} == {"Type: AWS::SageMaker::UserProfile"}
    assert len(places) == 5


def test_each_place_in_a_user_s_template_is_a_line(tmp_path: Path) -> None:
    """Where the user is to mend the template itself, each place has a line, for editors and grep."""
    file = tmp_path / "t.yaml"
    file.write_text("Resources:\n  A: {Type: AWS::S3::Buckett}\n  B: {Type: AWS::S3::Buckett}\n")
    done = run("lint", str(file), "--no-policy", "--region", "eu-west-1,us-east-1")
    told = "E3006 Resource type 'AWS::S3::Buckett' does not exist in ['eu-west-1', 'us-east-1']"
    assert done.stdout.splitlines() == [f"{file}:2:7: {told}", f"{file}:3:7: {told}"]


def test_a_region_that_nobody_knows_is_named() -> None:
    """Where cfn-lint knows no Region of that name but takes it for us-east-1, whoever asks is told, and nobody else."""
    for command in (["render", "launch-role", "-o", "-"], ["lint", "templates/launch-role.yaml"]):
        asked = [
            run(*command, "--no-policy", "--region", f"{region},eu-west-1") for region in ("me-south-1", "us-east-1")
        ]
        told = ["me-south-1: validated as us-east-1" in done.stderr for done in asked]
        assert (told, [done.returncode for done in asked]) == ([True, False], [0, 0])


def test_lint_finds_what_is_wrong_in_any_template() -> None:
    """Templates from elsewhere, on standard input too, get the same checks."""
    done = run("lint", "-", text="Resources:\n  Bucket:\n    Type: AWS::S3::Buckett\n")
    assert done.returncode == 1
    assert "E3006" in done.stdout


def test_rendering_loads_neither_boto3_nor_cfn_lint() -> None:
    """Rendering needs no AWS library, and the linter only when it lints."""
    code = (
        "import sys, smtemplates; smtemplates.render(smtemplates.build());"
        "print([name for name in ('boto3', 'botocore', 'cfnlint', 'cloudformation_validate') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_an_interruption_is_one_line_and_exit_code_130(tmp_path: Path) -> None:
    """Ctrl-C ends a command with a sentence, not with a traceback."""
    pipe = tmp_path / "template.yaml"
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "smtemplates", "lint", str(pipe)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process, pipe.open("w"):
        # the pipe opens when the command is about to read it
        process.send_signal(signal.SIGINT)
        assert process.communicate()[1] == "smtemplates: interrupted.\n"
    assert process.returncode == 130


def test_help_has_examples() -> None:
    """--help shows how it is used."""
    done = run("render", "--help")
    assert done.returncode == 0
    assert "examples:" in done.stdout
