"""What people read fits 80 columns, and has colour only at a terminal, and only for those who want it.

Two things may be longer. A value that is to be copied, such as an ARN, a URL or a command, is never broken. And what
is not a table is not broken either: a sentence, which a terminal wraps, and a finding, which editors and grep take
line by line.
"""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import subprocess
import uuid
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docs.text import PROGRAMS, commands_of, examples
from docs.world import PRODUCT, World
from smtemplates.console.columns import folded

pytestmark = pytest.mark.server

WIDTH = 80
COLOUR = re.compile(r"\033\[\d+m")
STAGED = "--create-staging-bucket"
COMMANDS = [(name, own) for name, whole in PROGRAMS.items() for own in commands_of(whole)]


def run(world: World, command: str) -> tuple[str, str]:
    """Run a command as another program would, and give what it prints and says."""
    done = subprocess.run(
        shlex.split(command),
        cwd=world.folder,
        env=world.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def at_terminal(world: World, command: str, **environment: str) -> str:
    """Run a command at a terminal, and give what that gets."""
    master, slave = pty.openpty()
    given = {**world.environment, "TERM": "xterm", **environment}
    with subprocess.Popen(shlex.split(command), cwd=world.folder, env=given, stdin=slave, stdout=slave, stderr=slave):
        os.close(slave)
        told = b""
        try:
            while chunk := os.read(master, 65536):
                told += chunk
        except OSError:  # the end, on Linux
            pass
    os.close(master)
    return told.decode()


@pytest.fixture(scope="module")
def stack(reader: World) -> Iterator[str]:
    """Deploy the workspace under a name as long as Service Catalog's."""
    name = f"SC-123456789012-pp-{uuid.uuid4().hex[:13]}"
    run(reader, f"scripts/deploy.py deploy {name} {STAGED} --yes --set CreateNotebook=true")
    yield name
    run(reader, f"scripts/deploy.py destroy {name} --confirm {name} --delete-data")


def too_long(text: str, *copied: str) -> list[str]:
    """List the lines that are too long, but for a value alone on its line."""
    values = {line.strip() for value in copied for line in value.splitlines()}
    wide = [line for line in text.splitlines() if len(line) > WIDTH]
    return [line for line in wide if line.strip() not in values and " " in line.strip()]


@given(st.lists(st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=1, max_size=120)))
def test_folding_loses_nothing(words: list[str]) -> None:
    """Whatever is folded keeps its words, each whole, and fits as well as they let it."""
    lines = folded("  " + " ".join(words), 6)
    assert " ".join(lines).split() == words
    assert [line for line in lines if len(line) > WIDTH and " " in line.strip()] == []


def test_plans_fit(reader: World, stack: str) -> None:
    """A plan that creates, updates and replaces fits, however much there is to say of a resource."""
    key = "arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555"
    vpc = "--set VpcId=vpc-0123456789abcdef0 --set SubnetIds=subnet-0123456789abcdef0"
    for more in (f"{stack}-2", f"{stack} {vpc} --set CreateDomain=true --set KmsKeyArn={key}"):
        printed, _ = run(reader, f"scripts/deploy.py plan {more} {STAGED}")
        assert too_long(printed) == []
    assert "will be replaced" in printed
    assert "AWS::SageMaker::StudioLifecycleConfig" in printed


def test_status_and_outputs_fit(reader: World, stack: str) -> None:
    """Names stand beside their values where those fit, and above them otherwise; each value is there unbroken."""
    outputs = json.loads(run(reader, f"scripts/deploy.py outputs {stack} --json")[0])
    printed, _ = run(reader, f"scripts/deploy.py outputs {stack}")
    assert too_long(printed, *outputs.values()) == []
    for name, value in outputs.items():
        assert f"\n{name} " in f"\n{printed}" or f"\n{name}\n" in f"\n{printed}"
        assert all(line.rstrip() in printed for line in value.splitlines())
    parameters = json.loads(run(reader, f"scripts/deploy.py status {stack} --json")[0])["parameters"]
    printed, _ = run(reader, f"scripts/deploy.py status {stack}")
    assert too_long(printed, *parameters.values()) == []
    assert parameters["NotebookPackages"] in printed


def test_other_tables_fit(reader: World, stack: str) -> None:
    """So do drift, a product's versions, what publishing and pruning would do, and what destroying deletes."""
    reader.give("scripts/publish.py versions --catalog ml-catalog")
    old = reader.catalog.add(PRODUCT, "1.0.0-a-rather-long-name-of-a-version-2", Guidance="DEPRECATED")
    for command in (
        f"deploy.py drift {stack}",
        f"publish.py versions --product {PRODUCT}",
        f"publish.py version 9.9.9 --product {PRODUCT} {STAGED} --plan",
        f"publish.py prune --product {PRODUCT} --plan",
    ):
        printed, _ = run(reader, f"scripts/{command}")
        assert printed
        assert too_long(printed) == [], command
    reader.catalog.products[PRODUCT].remove(old)
    name = f"{stack}-gone"
    _, made = run(reader, f"scripts/deploy.py deploy {name} {STAGED} --yes")
    _, gone = run(reader, f"scripts/deploy.py destroy {name} --confirm {name} --delete-data")
    for told in (made, gone):
        rows = [line for line in told.splitlines() if line.startswith("  ")]
        assert rows
        assert too_long("\n".join(rows)) == []
        assert not re.search(r"[\033\r]|\[#", told), "progress is for terminals"


def test_colour_is_for_terminals(reader: World, stack: str) -> None:
    """A plan is coloured at a terminal, unless NO_COLOR is set, and never in a pipe."""
    command = f"scripts/deploy.py plan {stack} {STAGED} --set CreateMlflow=true"
    assert COLOUR.search(at_terminal(reader, command))
    assert COLOUR.search(at_terminal(reader, command, NO_COLOR=""))
    assert not COLOUR.search(at_terminal(reader, command, NO_COLOR="1"))
    assert not re.search(r"[\033\r]", "".join(run(reader, command)))
    assert not COLOUR.search(at_terminal(reader, "scripts/render", NO_COLOR="1"))


@pytest.mark.parametrize("name", PROGRAMS)
def test_help_fits(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Help fits, that of each command too, but for its first paragraph, where argparse keeps alternatives together."""
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    for parser in (PROGRAMS[name], *commands_of(PROGRAMS[name]).values()):
        _, _, told = parser.format_help().partition("\n\n")
        assert told
        assert [line for line in told.splitlines() if len(line) > WIDTH] == []


@pytest.mark.parametrize(("name", "own"), COMMANDS)
def test_every_command_has_examples_of_its_own(name: str, own: str) -> None:
    """Whoever asks a command for help sees it at work, and none of the others; the program's help shows them all."""
    shown, others = examples(name, own).session, commands_of(PROGRAMS[name]).keys() - {own}
    words = {word for command in shown for word in command.text.replace(")", " ").split()}
    assert own in words
    assert not others & words
    assert set(shown) <= set(examples(name).session)
