"""The package as a library, and as a wheel."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from troposphere import sns

import smtemplates
from smtemplates.core import assemble
from smtemplates.core.construct import Construct, NamedCondition, boolean_parameter, is_true
from smtemplates.synth.loader import load
from smtemplates.templates.workspace import template as workspace

ROOT = Path(__file__).parent.parent


def test_the_example_in_the_readme_works(capsys: pytest.CaptureFixture[str]) -> None:
    """Ten lines add a resource and render again, as the README says."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(import smtemplates\n.*?)```", readme, flags=re.DOTALL)
    assert len(example.splitlines()) <= 10
    exec(compile(example, "README.md", "exec"), {})  # noqa: S102  it is our own README
    text = capsys.readouterr().out
    assert set(load(text)["Resources"]) - set(smtemplates.build().resources) == {"JobQueue"}
    assert smtemplates.lint(text) == []


def test_the_smallest_area_joins_the_others() -> None:
    """The area that contributors are shown is all it takes: it joins, renders and lints clean."""
    shown = (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", shown, flags=re.DOTALL)
    namespace: dict[str, Any] = {"__name__": "smtemplates.topic"}
    exec(compile(example, "CONTRIBUTING.md", "exec"), namespace)  # noqa: S102  it is our own example
    template = assemble.assemble(workspace.DESCRIPTION, [*workspace.constructs(), namespace["topic"]()])
    assert smtemplates.lint(smtemplates.render(template)) == []


def test_two_builds_share_nothing() -> None:
    """What a caller adds to one template does not show up in the next."""
    first = smtemplates.build()
    first.add_resource(sns.Topic("Extra"))
    del first.resources["InputBucket"].properties["Tags"]
    assert "Extra" not in smtemplates.build().resources
    assert smtemplates.render(smtemplates.build()) == (ROOT / "templates" / "workspace.yaml").read_text(
        encoding="utf-8"
    )


def test_two_constructs_cannot_use_the_same_name() -> None:
    """A name that is taken is refused; troposphere alone would let the later condition win."""
    parameter = boolean_parameter("A", "b", default=True)
    twice = Construct(title="Twice", source="tests", conditions=[NamedCondition("CreateNotebook", is_true(parameter))])
    with pytest.raises(smtemplates.TemplateError, match="tests adds CreateNotebook to Conditions"):
        assemble.assemble("", [*workspace.constructs(), twice])


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the package into a wheel and unpack that elsewhere."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)],
        capture_output=True,
        check=True,
    )
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


def _python(installed: Path, *words: str, text: str = "") -> bytes:
    environment = {"PYTHONPATH": str(installed)}
    command = [sys.executable, *words]
    done = subprocess.run(command, cwd=installed, env=environment, input=text.encode(), capture_output=True, check=True)
    return done.stdout


def test_a_wheel_renders_the_same_bytes(installed: Path) -> None:
    """Installed from a wheel, the package renders the committed template."""
    rendered = _python(installed, "-m", "smtemplates", "render", "workspace", "--no-lint", "-o", "-")
    assert rendered == (ROOT / "templates" / "workspace.yaml").read_bytes()


def test_a_wheel_holds_the_policy(installed: Path) -> None:
    """Installed from a wheel, the package judges by its own rules."""
    code = "import smtemplates; print(*{found.rule for found in smtemplates.judge(input(), cache=False)})"
    assert _python(installed, "-c", code, text="Resources: {Topic: {Type: AWS::SNS::Topic}}") == b"SNS_1\n"
