"""Run the commands that read the configuration file as users do."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import processes
import pytest

import smtemplates
from config.conftest import Write
from smtemplates.synth.loader import load

ROOT = Path(__file__).parents[2]
PROJECT = """
    output = "built"
    [template.company]
    from = "workspace"
    without = ["guide"]
    keep = ["ProjectName", "CreateNotebook", "NotebookInstanceType"]
    constructs = ["parts.topic:topic"]
    policy = ["company.guard"]
    [template.small]
    from = "small.yaml"
    [stack.churn]
    template = "company"
"""
FILES = {
    "parts/topic.py": """
        from troposphere import sns
        from smtemplates.core.construct import Construct
        from smtemplates.templates.workspace.encryption import Encryption

        def topic(encryption: Encryption) -> Construct:
            print("built")
            return Construct(
                title="Topic", source=__name__, resources=[sns.Topic("JobTopic", KmsMasterKeyId="alias/aws/sns")]
            )
    """,
    "company.guard": """
        rule topics_have_a_name when Resources.JobTopic exists {
            Resources.JobTopic.Properties.TopicName exists <<Topics need a name.>>
        }
    """,
    "small.yaml": "Resources:\n  Handle: {Type: AWS::CloudFormation::WaitConditionHandle}\n",
}


@pytest.fixture
def project(write: Write) -> Path:
    """Return the folder of a project."""
    write(PROJECT, FILES)
    return Path.cwd()


def run(*arguments: str, cwd: str | Path = ".") -> subprocess.CompletedProcess[str]:
    """Run a command in a separate process."""
    command = [sys.executable, "-m", "smtemplates", *arguments]
    variables = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return processes.run(command, {**variables, "PYTHONPATH": str(ROOT)}, Path(cwd))


def test_render_without_a_name_renders_the_templates_of_the_file(project: Path) -> None:
    """They are written into the output folder of the file, also from a folder below it, and then are up to date."""
    (project / "deep").mkdir()
    done = run("render", "--no-lint", cwd="deep")
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (project / "built").iterdir()) == ["company.yaml", "small.yaml"]
    assert not (project / "deep" / "templates").exists()
    assert re.search(r"^company: \d+ parameters fixed, ", done.stderr, re.MULTILINE)
    assert run("render", "--no-lint", "--check").returncode == 0
    rendered = load((project / "built" / "company.yaml").read_text())
    assert rendered["Parameters"].keys() == {"ProjectName", "CreateNotebook", "NotebookInstanceType"}
    assert rendered["Resources"]["JobTopic"]
    (project / "company.toml").write_text('[template.other]\nfrom = "small.yaml"\n')
    done = run("render", "--no-lint", "--config", "../company.toml", cwd="deep")
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (project / "templates").iterdir()) == ["other.yaml"]


def test_stale_templates_of_the_file_are_found(project: Path) -> None:
    """--check compares the templates of the file with the output folder, and does not write files."""
    assert run("render", "--no-lint").returncode == 0
    (project / "parts" / "topic.py").write_text((project / "parts" / "topic.py").read_text().replace("JobT", "OtherT"))
    done = run("render", "--no-lint", "--check")
    assert done.returncode == 1
    assert "-  JobTopic:" in done.stdout
    assert "+  OtherTopic:" in done.stdout


@pytest.mark.usefixtures("project")
def test_render_with_a_name() -> None:
    """The report lists everything that is fixed. Options of the command line narrow the template further."""
    done = run("render", "company", "--no-lint", "-o", "-")
    assert load(done.stdout)["Resources"]["JobTopic"]
    assert "removed 1 resource, condition CreateMlflow is false: MlflowApp" in done.stderr
    done = run(
        "render", "company", "--no-lint", "-o", "-", "--fix", "CreateNotebook=true", "--without", "mlflow,studio"
    )
    assert load(done.stdout)["Parameters"].keys() == {"ProjectName", "NotebookInstanceType"}
    done = run("render", "workspace", "--no-lint", "-o", "-")
    assert done.stdout == smtemplates.render(smtemplates.build())


def test_policy_files_of_the_table_are_checked(project: Path) -> None:
    """Render and lint check them, also without --policy, and name the file of the construct."""
    finding = "topics_have_a_name Topics need a name. (parts/topic.py"
    done = run("render", "company")
    assert done.returncode == 1
    assert finding in done.stderr
    done = run("lint", "company")
    assert done.returncode == 1
    assert finding in done.stdout
    assert done.stdout.startswith("built/company.yaml:")
    (project / "built" / "company.yaml").unlink()
    assert run("lint", "company").stdout.startswith("company:")
    (project / "company.guard").write_text("rule anything { Resources exists }\n")
    assert run("lint", "company", "small").returncode == 0


def test_lint_prefers_an_existing_file(project: Path) -> None:
    """The name of a file needs no suffix."""
    (project / "company").write_text("Resources: {}\n")
    done = run("lint", "company")
    assert (done.returncode, done.stdout) == (0, "")


def test_lint_suggests_the_nearest_name(project: Path) -> None:
    """A name is searched among the templates of the file and those of smtemplates."""
    done = run("lint", "companyy", cwd=project)
    assert (done.returncode, done.stderr) == (
        2,
        "smtemplates: There is no file or template companyy; did you mean company?\n",
    )


def test_findings_are_shown_in_files_that_exist(project: Path) -> None:
    """GitHub shows the rendered file, or the Python code if the file is missing or stale."""

    def place() -> str:
        done = run("lint", "company", "--findings-format", "github")
        (line,) = [line for line in done.stdout.splitlines() if "topics_have_a_name" in line]
        return line.partition(" ")[2].partition(",col=")[0].partition(",title=")[0]

    line = 1 + next(n for n, text in enumerate(FILES["parts/topic.py"].splitlines()[1:]) if "def topic" in text)
    assert place() == f"file=parts/topic.py,line={line}"
    run("render", "company")
    rendered = (project / "built" / "company.yaml").read_text().splitlines()
    assert place() == f"file=built/company.yaml,line={rendered.index('  JobTopic:') + 3}"  # its Properties
    (project / "built" / "company.yaml").write_text("stale")
    assert place().startswith("file=parts/topic.py")


def test_all_without_stacks_shows_a_table_of_a_stack(project: Path) -> None:
    """A file without stacks is not a missing file, and the message contains a table to copy."""
    (project / "smtemplates.toml").write_text("")
    done = run("plan", "--all")
    assert done.returncode == 2
    assert done.stderr.startswith("smtemplates: smtemplates.toml has no [stack.NAME] table. Add one")
    example = done.stderr.partition("\n\n")[2]
    (project / "smtemplates.toml").write_text(example)
    assert run("config", "check").stderr == "smtemplates.toml: 0 templates, 1 stack, no problems\n"


def test_config_check(project: Path) -> None:
    """Without problems it prints the numbers of templates and stacks, otherwise a line for each problem."""
    done = run("config", "check")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.splitlines()[-1] == "smtemplates.toml: 2 templates, 1 stack, no problems"
    (project / "smtemplates.toml").write_text('[template.a]\nfrom = "b"\n[stack.c]\ntemplate = "d"\n')
    done = run("config", "check")
    assert done.returncode == 2
    assert done.stderr == (
        "smtemplates: smtemplates.toml:2: [template.a] from: there is no template b. Choose from workspace, "
        "network, launch-role, service-catalog, stack-set.\n"
        "smtemplates.toml:4: [stack.c] template: There is no template d. "
        "Choose from a, workspace, network, launch-role, service-catalog, stack-set.\n"
    )
    (project / "smtemplates.toml").unlink()
    done = run("config", "check")
    assert done.returncode == 2
    assert done.stderr.startswith("smtemplates: There is no smtemplates.toml in this folder or in a folder above it.")
    done = run("config", "check", "--config", "missing.toml")
    assert (done.returncode, done.stderr) == (
        2,
        "smtemplates: Cannot read missing.toml: No such file or directory.\n",
    )


def test_a_problem_of_the_file_stops_render(project: Path) -> None:
    """Nothing is written."""
    (project / "smtemplates.toml").write_text(PROJECT.replace("from =", "form ="))
    done = run("render")
    assert done.returncode == 2
    assert "form: there is no key form; did you mean from?" in done.stderr
    assert not (project / "built").exists()


@pytest.mark.slow
def test_the_reference_of_a_template(project: Path) -> None:
    """It contains the remaining parameters, the added constructs and their files, and can be checked."""
    done = run("reference", "company", "-o", "company.md")
    assert done.returncode == 0, done.stderr
    text = (project / "company.md").read_text()
    assert text.startswith("# company\n")
    assert "| `NotebookInstanceType` | `ml.t3.medium` |" in text
    assert "`KmsKeyArn` |" not in text
    assert "### Topic\n" in text
    assert run("reference", "company", "--check", "-o", "company.md").returncode == 0
    (project / "company.md").write_text(text.replace("ml.t3.medium", "ml.t3.large"))
    done = run("reference", "company", "--check", "-o", "company.md")
    assert done.returncode == 1
    assert "+| `NotebookInstanceType` | `ml.t3.medium` |" in done.stdout
    done = run("reference", "small")
    assert done.stdout.startswith("# small\n")
    assert "The costs of these resource types are unknown: `AWS::CloudFormation::WaitConditionHandle`." in done.stdout


def test_the_explorer_of_a_template(project: Path) -> None:
    """The page has the remaining parameters, and its command deploys the template."""
    assert run("explore", "company").returncode == 0
    page = (project / "explore.html").read_text()
    assert set(re.findall(r'data-parameter="(\w+)"', page)) == {"ProjectName", "CreateNotebook", "NotebookInstanceType"}
    assert '"file":"company"' in page
    assert "<h1>Configure company</h1>" in page
    assert "JobTopic" in page
    assert "Configure a workspace" in run("explore", "-o", "-").stdout
    assert "Configure small" in run("explore", "small", "-o", "-").stdout
