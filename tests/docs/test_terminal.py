"""Test output and help: they fit 80 columns, and have colour only at a terminal without NO_COLOR.

Two kinds of lines can be longer:
- A value that users copy, such as an ARN, a URL or a command, is never broken.
- Sentences and findings are not broken either. Terminals wrap them, and editors and grep read them line by line.
"""

from __future__ import annotations

import json
import re
import shlex
import uuid
from collections.abc import Iterator

import processes
import pytest
from hypothesis import given
from hypothesis import strategies as st
from terminals import terminal

from docs.sandbox import PRODUCT, Sandbox
from docs.text import PROGRAMS, every_help, examples, help_of
from smtemplates.console.columns import folded

pytestmark = pytest.mark.server

WIDTH = 80
COLOUR = re.compile(r"\033\[\d+m")
STAGED = "--create-staging-bucket"
COMMANDS = [each for each in every_help() if each[1]]


def run(sandbox: Sandbox, command: str) -> tuple[str, str]:
    """Run a command without a terminal, and return its standard output and standard error."""
    done = processes.run(shlex.split(command), sandbox.environment, sandbox.folder)
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def run_at_terminal(sandbox: Sandbox, command: str, **variables: str) -> str:
    """Run a command at a terminal, and return everything that it writes there."""
    environment = {**sandbox.environment, "TERM": "xterm", **variables}
    with terminal(shlex.split(command), environment, sandbox.folder) as opened:
        return opened.read_all()


@pytest.fixture(scope="module")
def stack(sandbox: Sandbox) -> Iterator[str]:
    """Deploy the workspace. The name of the stack is as long as the names that Service Catalog chooses."""
    name = f"SC-123456789012-pp-{uuid.uuid4().hex[:13]}"
    run(sandbox, f"scripts/deploy.py deploy {name} {STAGED} --yes --set CreateNotebook=true")
    yield name
    run(sandbox, f"scripts/deploy.py destroy {name} --confirm {name} --delete-data")


def too_long(text: str, *copied: str) -> list[str]:
    """Return the lines that are too long, except values that are alone on their line."""
    values = {line.strip() for value in copied for line in value.splitlines()}
    wide = [line for line in text.splitlines() if len(line) > WIDTH]
    return [line for line in wide if line.strip() not in values and " " in line.strip()]


@given(st.lists(st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=1, max_size=120)))
def test_folding_keeps_all_words(words: list[str]) -> None:
    """Folding does not break a word. A line is too long only if it consists of a single word."""
    lines = folded("  " + " ".join(words), 6)
    assert " ".join(lines).split() == words
    assert [line for line in lines if len(line) > WIDTH and " " in line.strip()] == []


def test_plans_fit(sandbox: Sandbox, stack: str) -> None:
    """Plans that create, update and replace resources fit, also for resources with many changes."""
    key = "arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555"
    vpc = "--set VpcId=vpc-0123456789abcdef0 --set SubnetIds=subnet-0123456789abcdef0"
    for more in (f"{stack}-2", f"{stack} {vpc} --set CreateDomain=true --set KmsKeyArn={key}"):
        printed, _ = run(sandbox, f"scripts/deploy.py plan {more} {STAGED}")
        assert too_long(printed) == []
    assert "will be replaced" in printed
    assert "AWS::SageMaker::StudioLifecycleConfig" in printed


def test_status_and_outputs_fit(sandbox: Sandbox, stack: str) -> None:
    """A name is on the line of its value if both fit, otherwise on the line above it. Values are not broken."""
    outputs = json.loads(run(sandbox, f"scripts/deploy.py outputs {stack} --json")[0])
    del outputs["schema"]
    printed, _ = run(sandbox, f"scripts/deploy.py outputs {stack}")
    assert too_long(printed, *outputs.values()) == []
    for name, value in outputs.items():
        assert f"\n{name} " in f"\n{printed}" or f"\n{name}\n" in f"\n{printed}"
        assert all(line.rstrip() in printed for line in value.splitlines())
    parameters = json.loads(run(sandbox, f"scripts/deploy.py status {stack} --json")[0])["parameters"]
    printed, _ = run(sandbox, f"scripts/deploy.py status {stack}")
    assert too_long(printed, *parameters.values()) == []
    assert parameters["NotebookPackages"] in printed


def test_other_tables_fit(sandbox: Sandbox, stack: str) -> None:
    """The tables of drift, versions, publishing, pruning, deploying and destroying fit."""
    sandbox.prepare("scripts/publish.py versions --catalog ml-catalog")
    old = sandbox.catalog.add(PRODUCT, "1.0.0-a-rather-long-name-of-a-version-2", Guidance="DEPRECATED")
    for command in (
        f"deploy.py drift {stack}",
        f"publish.py versions --product {PRODUCT}",
        f"publish.py version 9.9.9 --product {PRODUCT} {STAGED} --plan",
        f"publish.py prune --product {PRODUCT} --plan",
    ):
        printed, _ = run(sandbox, f"scripts/{command}")
        assert printed
        assert too_long(printed) == [], command
    sandbox.catalog.products[PRODUCT].remove(old)
    name = f"{stack}-gone"
    _, deployed = run(sandbox, f"scripts/deploy.py deploy {name} {STAGED} --yes")
    _, destroyed = run(sandbox, f"scripts/deploy.py destroy {name} --confirm {name} --delete-data")
    for progress in (deployed, destroyed):
        rows = [line for line in progress.splitlines() if line.startswith("  ")]
        assert rows
        assert too_long("\n".join(rows)) == []
        assert not re.search(r"[\033\r]|\[#", progress), "a progress bar without a terminal"


def test_only_terminals_receive_colour(sandbox: Sandbox, stack: str) -> None:
    """A plan has colour at a terminal, unless NO_COLOR is set, and never in a pipe."""
    command = f"scripts/deploy.py plan {stack} {STAGED} --set CreateMlflow=true"
    assert COLOUR.search(run_at_terminal(sandbox, command))
    assert COLOUR.search(run_at_terminal(sandbox, command, NO_COLOR=""))
    assert not COLOUR.search(run_at_terminal(sandbox, command, NO_COLOR="1"))
    assert not re.search(r"[\033\r]", "".join(run(sandbox, command)))
    assert not COLOUR.search(run_at_terminal(sandbox, "scripts/render", NO_COLOR="1"))


@pytest.mark.parametrize(("name", "command"), every_help())
def test_help_fits(monkeypatch: pytest.MonkeyPatch, name: str, command: str) -> None:
    """The help of programs and commands fits, except its first paragraph: argparse does not break alternatives."""
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    _, _, text = help_of(name, command).partition("\n\n")
    assert text
    assert [line for line in text.splitlines() if len(line) > WIDTH] == []


@pytest.mark.parametrize(("name", "command"), every_help())
def test_help_has_whole_sentences(name: str, command: str) -> None:
    """The description begins with a capital letter or a name and ends with a period. The exit codes come last."""
    description = help_of(name, command).split("\n\n")[1]
    assert re.match(r"[A-Z]", description)
    assert description.endswith(".")
    assert help_of(name, command).split("\n\n")[-1].startswith("exit codes: 0 done")


@pytest.mark.parametrize(("name", "command"), COMMANDS)
def test_help_of_a_command_shows_only_its_examples(name: str, command: str) -> None:
    """The examples use the command, after the commands that prepare it."""
    shown = examples(name, command).session
    assert all(f"{command} " in f"{example.text.replace(')', ' ')} " for example in shown[:1])


@pytest.mark.parametrize("name", PROGRAMS)
def test_help_of_a_program_is_short(name: str) -> None:
    """The list of commands with the most useful examples fits on a page of paper."""
    assert len(help_of(name).splitlines()) <= 60
    assert 3 <= len(examples(name).session) <= 8
