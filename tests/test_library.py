"""Use the package as a library and as a wheel."""

from __future__ import annotations

import ast
import subprocess
import sys
import types
from pathlib import Path

import pytest
from troposphere import sns
from wheel import Installation

import smtemplates
from examples import run_examples
from smtemplates import deploy
from smtemplates.core import assemble, construct
from smtemplates.core.construct import Construct, NamedCondition, boolean_parameter, is_true
from smtemplates.templates.workspace import template as workspace

ROOT = Path(__file__).parent.parent


def test_two_builds_share_nothing() -> None:
    """A change to one template does not change the next template."""
    first = smtemplates.build()
    first.add_resource(sns.Topic("Extra"))
    del first.resources["InputBucket"].properties["Tags"]
    assert "Extra" not in smtemplates.build().resources
    assert smtemplates.render(smtemplates.build()) == (ROOT / "templates" / "workspace.yaml").read_text(
        encoding="utf-8"
    )


def test_two_constructs_cannot_use_one_name() -> None:
    """A name that exists already is rejected. In troposphere, the later condition would replace the earlier one."""
    parameter = boolean_parameter("A", "b", default=True)
    twice = Construct(title="Twice", source="tests", conditions=[NamedCondition("CreateNotebook", is_true(parameter))])
    with pytest.raises(smtemplates.TemplateError, match="tests adds CreateNotebook to Conditions"):
        assemble.assemble("", [*workspace.constructs(), twice])


def test_no_submodule_replaces_a_public_name() -> None:
    """The import of all submodules does not replace a public name of a package."""
    code = """
import importlib, pkgutil, types, smtemplates
names = [found.name for found in pkgutil.walk_packages(smtemplates.__path__, "smtemplates.")]
names.remove("smtemplates.__main__")
for module in [smtemplates, *map(importlib.import_module, names)]:
    for name in getattr(module, "__all__", []):
        print(module.__name__, name, isinstance(getattr(module, name), types.ModuleType))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    lines = [line.split() for line in done.stdout.splitlines()]
    assert {name for module, name, _ in lines if module == "smtemplates"} == set(smtemplates.__all__)
    assert [(module, name) for module, name, is_module in lines if is_module == "True"] == [("smtemplates", "evaluate")]


def test_public_names_of_a_construct_can_be_used() -> None:
    """A program builds a template of its own constructs with the names in `smtemplates` only."""
    parameter = boolean_parameter("A", "b", default=True)
    own = smtemplates.Construct(title="Own", source=__name__, parameters={"A": parameter}, resources=[sns.Topic("T")])
    definition = smtemplates.Definition("text", [*smtemplates.constructs(["studio"]), own])
    assert definition.template().resources.keys() - smtemplates.build(["studio"]).resources.keys() == {"T"}
    assert smtemplates.assemble("text", definition.constructs).description == "text"


def test_vocabulary_of_constructs_is_complete() -> None:
    """Every public name of the vocabulary is in its list of public names."""
    assert set(construct.__all__) == {name for name in _defined(construct) if not name.startswith("_")}


def _defined(module: types.ModuleType) -> set[str]:
    """Return the names that a module defines itself."""
    assert module.__file__
    nodes = ast.parse(Path(module.__file__).read_text("utf-8")).body
    named = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    targets = [target for node in nodes if isinstance(node, ast.Assign) for target in node.targets]
    return named | {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}


@pytest.mark.slow
def test_page_about_the_library_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The examples of the page print the results on it, except those that need an account."""
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "reference" / "python-api.md").read_text(encoding="utf-8")
    offline, heading, _ = page.partition("## Plan and deploy\n")
    assert heading
    failed, tried = run_examples(offline)
    assert (failed, tried >= 15) == (0, True)


def test_page_about_the_library_contains_every_error() -> None:
    """The table of errors contains each public exception of the package and of the deployer."""
    page = (ROOT / "docs" / "reference" / "python-api.md").read_text(encoding="utf-8")
    for module in (smtemplates, deploy):
        for name in module.__all__:
            value = getattr(module, name)
            if isinstance(value, type) and issubclass(value, Exception):
                assert f"`{module.__name__}.{name}`" in page


@pytest.mark.slow
def test_wheel_renders_the_same_bytes(installation: Installation, tmp_path: Path) -> None:
    """The package in a wheel renders the committed template."""
    done = installation.run("smtemplates", "render", "workspace", "--no-lint", "-o", "x.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "x.yaml").read_bytes() == (ROOT / "templates" / "workspace.yaml").read_bytes()


def test_wheel_contains_the_policy_rules(installation: Installation, tmp_path: Path) -> None:
    """The package in a wheel checks templates against its policy rules."""
    code = "import smtemplates; print(*{found.rule for found in smtemplates.judge('%s', cache=False)})"
    words = ("python", "-c", code % "Resources: {Topic: {Type: AWS::SNS::Topic}}")
    assert installation.run(*words, cwd=tmp_path).stdout == "SNS_1\n"
