"""The nastiest values that the parameters' patterns let through: nothing runs them, and nothing breaks on them."""

from __future__ import annotations

import base64
import json
import re
import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import samples
import yaml
from aws_cli import words
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from machine import NASTY, Machine, new_app, new_machine

import smtemplates
from smtemplates.evaluate import Stack, check_parameters
from smtemplates.evaluate.check import faults
from smtemplates.synth.loader import load

Choice = dict[str, str]
WORLDS: list[Choice] = [
    samples.EVERYTHING,
    {
        **samples.VPC,
        **samples.GROUPS,
        **samples.KEY,
        **samples.ROLE,
        **samples.NO_BUCKETS,
        **samples.TOPIC,
        **samples.FEATURES["notebook"],
        **samples.FEATURES["studio"],
    },
    {**samples.BUCKETS, **samples.ENDPOINT, "EndpointServing": "Instances"},
]
PAYLOADS = [
    *NASTY,
    "${AWS::Region}",
    "{{resolve:ssm:PWN}}",
    "'\"]}, {[\"'",
    ": PWN\nPWN: ",
    " -rf",
    " ..",
    "/..",
    "/.ssh",
    "file://PWN",
    *("001234", "1e3", "0x1f", "true", "null", "2024-01-01"),  # which YAML takes for something else
    "é\u202e\u2028\U0001f600",
    *string.punctuation,
    *string.whitespace,
]
MACHINES = {
    "AWS::SageMaker::NotebookInstanceLifecycleConfig": new_machine,
    "AWS::SageMaker::StudioLifecycleConfig": new_app,
}
# What looks like a pattern of files is an error; the time is always the same.
SHELL = "shopt -s failglob\ndate() { echo now; }\n"
PYTHON = """
case "$*" in
  *' venv '*) mkdir "${@: -1}" ;;
  *' pip '*) cat "${@: -1}" >>ROOT/pip.log ;;
esac"""


# Hypothesis prints what a test is given, and so the template is not a fixture here.
TEMPLATE = load(smtemplates.render(smtemplates.build()))
# What takes any text; a new parameter is among them.
TEXTS = {
    name: about
    for name, about in TEMPLATE["Parameters"].items()
    if about["Type"] in {"String", "CommaDelimitedList"} and "AllowedValues" not in about
}


def matching(about: dict[str, Any]) -> st.SearchStrategy[str]:
    """Make values that the parameter takes."""
    return st.from_regex(about["AllowedPattern"], fullmatch=True).filter(
        lambda value: bool(value) and not any(faults(about, value))
    )


def woven(name: str, about: dict[str, Any]) -> list[str]:
    """Put each payload into a value, at the first and the last place where the pattern lets it be."""
    known = [value for world in (*WORLDS, {name: about["Default"]}) if (value := world.get(name))]
    seed = known[0] if known else find(matching(about), bool, settings=settings(derandomize=True, database=None))
    found = [seed]
    for payload in PAYLOADS:
        tried = [payload, *(seed[:place] + payload + seed[place:] for place in range(len(seed) + 1))]
        for order in (tried, tried[::-1]):
            found += next(([value] for value in order if not any(faults(about, value))), [])
    return list(dict.fromkeys(found))


@cache
def hostile() -> dict[str, list[str]]:
    """Give for each text parameter what is woven for it."""
    return {name: woven(name, about) for name, about in TEXTS.items()}


@cache
def taken(place: int) -> frozenset[str]:
    """Name the text parameters that may be given together in one of the worlds.

    In the first only those that have a value there anyway: to bring a thing would undo what that world makes.
    """
    values: Choice = {}
    for name, (value, *_) in hostile().items():
        there = place > 0 or name in WORLDS[place] or TEXTS[name]["Default"]
        if there and not check_parameters(TEMPLATE, {**WORLDS[place], **values, name: value}):
            values[name] = value
    return frozenset(values)


def masked(values: Choice) -> tuple[Choice, dict[str, str]]:
    """Put a harmless word in the place of each value, or of each member if it is a list; tell what each stands for."""
    stand_ins: dict[str, str] = {}
    found = {}
    for name, value in values.items():
        parts = value.split(",")
        own = [f"Word{name}{place}x" if part else "" for place, part in enumerate(parts)]
        stand_ins |= {word: part for word, part in zip(own, parts, strict=True) if part}
        found[name] = ",".join(own)
    return found, stand_ins


def unmasked(value: Any, stand_ins: dict[str, str]) -> Any:
    """Put the values back."""
    if isinstance(value, dict):
        return {unmasked(key, stand_ins): unmasked(part, stand_ins) for key, part in value.items()}
    if isinstance(value, list):
        return [unmasked(part, stand_ins) for part in value]
    if isinstance(value, str):
        return re.sub(r"Word[A-Za-z]+\d+x", lambda found: stand_ins[found[0]], value)
    return value


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], str]]:
    """Go through every text."""
    if isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(part, (*path, key))
    elif isinstance(value, str):
        yield path, value


# --- what a stack's texts are run as


def run_commands(stack: Stack, harmless: Stack, stand_ins: dict[str, str], folder: Path) -> None:
    """Let bash take each command apart: as many words as with harmless values, each value whole in its own."""
    for name, command in stack.outputs.items():
        if name.endswith("Command"):
            heard = words(SHELL + command, folder)
            assert heard == unmasked(words(SHELL + harmless.outputs[name], folder), stand_ins), command
    assert not list(folder.iterdir())


def run_scripts(stack: Stack, folder: Path) -> None:
    """Start each machine; its git and its pip note what they are told, and are told all of it."""
    packages = stack.parameters["NotebookPackages"].split()
    repository = stack.parameters["NotebookGitRepository"]
    for name, body in stack.resources.items():
        if body["Type"] in MACHINES:
            (folder / name).mkdir()
            machine = MACHINES[body["Type"]](folder / name)
            start(machine, stack, body["Properties"])
            assert not list(machine.root.rglob("PWN*")), name
            config = (machine.root / "etc/xdg/sagemaker/config.yaml").read_text(encoding="utf-8")
            assert config.strip() == stack.outputs["SageMakerSdkConfig"].strip()
            # a name, not an option or a path
            assert machine.told("pip") == packages
            assert [word for word in packages if not word[0].isalnum()] == []
            if repository:
                assert machine.told("git") == ["clone", "--", repository, "clone"]
                hidden = {path.name for path in machine.ours.parent.iterdir() if path.name.startswith(".")}
                assert hidden <= {".smtemplates", ".local"}, repository


def start(machine: Machine, stack: Stack, lifecycle: dict[str, Any]) -> None:
    python = machine.home / "anaconda3/envs/python3/bin/python"
    python = python if python.exists() else machine.root / "opt/conda/bin/python"
    machine.stub("python", PYTHON.replace("ROOT", str(machine.root)))
    (machine.root / "bin/python").replace(python)
    machine.stub("git", f'printf "%s\\n" "$@" >>{machine.root}/git.log; mkdir clone')
    if "StudioSettings" in stack.resources:
        settled = stack.resources["StudioSettings"]["Properties"]["Value"]
        (machine.root / "settings").write_text(f"{settled}\n", encoding="utf-8")
    (script,) = (code for _, text in leaves(lifecycle) if (code := decoded(text)))
    done = machine.start(script)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def decoded(text: str) -> str:
    """Give the script that a text is in base64, or nothing."""
    try:
        code = base64.b64decode(text, validate=True).decode()
    except ValueError:
        return ""
    return code if code.startswith("#!") else ""


def document(text: str) -> Any:
    """Parse what is a document in JSON or YAML."""
    try:
        if text[:1] in {"{", "[", '"'}:
            return json.loads(text)
        found = yaml.safe_load(text) if "\n" in text else None
    except (json.JSONDecodeError, yaml.YAMLError):
        return None
    return found if isinstance(found, dict) else None


def parse(stack: Stack, harmless: Stack, stand_ins: dict[str, str]) -> None:
    """Parse each document that the stack holds: the same as with harmless values, but for these."""
    now = dict(leaves(stack.template()))
    parsed = set()
    for path, text in leaves(harmless.template()):
        assert not decoded(text) or harmless.resources[path[1]]["Type"] in MACHINES, f"no machine runs this: {path}"
        if (before := document(text)) is not None:
            assert document(now[path]) == unmasked(before, stand_ins), path
            parsed.add(path[1])
    assert parsed >= {"Dashboard", "SageMakerSdkConfig"}
    # CloudFormation would look that up
    assert "{{resolve:" not in json.dumps(stack.template())


def widens_no_policy(harmless: Stack, stand_ins: dict[str, str]) -> None:
    """Demand that no value adds a wildcard or a variable to whom or what a policy names."""
    for path, text in leaves(harmless.resources):
        if {"Resource", "NotResource", "Principal"}.intersection(path):
            given = [part for word, part in stand_ins.items() if word in text]
            assert not any(sign in part for part in given for sign in ("*", "?", "${")), path


def beside(place: int, values: Choice) -> tuple[Stack, Stack, dict[str, str]]:
    """Evaluate a world with these values, and with harmless words in their places."""
    stack = samples.deployed(TEMPLATE, WORLDS[place], values)
    harmless, stand_ins = masked(values)
    # conditions may look into a value, so these are the same
    decided = {name: {"Fn::Equals": ["", "" if holds else "no"]} for name, holds in stack.conditions.items()}
    return stack, samples.deployed({**TEMPLATE, "Conditions": decided}, WORLDS[place], harmless), stand_ins


def stand(place: int, values: Choice, folder: Path) -> None:
    """Run and parse all that a stack with these values holds."""
    assert check_parameters(TEMPLATE, {**WORLDS[place], **values}) == []
    stack, harmless, stand_ins = beside(place, values)
    (folder / "commands").mkdir(parents=True)
    run_commands(stack, harmless, stand_ins, folder / "commands")
    parse(stack, harmless, stand_ins)
    widens_no_policy(harmless, stand_ins)
    run_scripts(stack, folder)


def test_every_text_parameter_reaches_something() -> None:
    """Some world takes it, and something there holds its value; where none does, add one that does."""
    reached = set()
    for place in range(len(WORLDS)):
        _, harmless, _ = beside(place, {name: hostile()[name][0] for name in taken(place)})
        held = json.dumps(harmless.template())
        reached |= {name for name in taken(place) if f"Word{name}0x" in held}
    assert reached == set(TEXTS)


@pytest.mark.parametrize("place", range(len(WORLDS)), ids=["made", "brought", "served"])
def test_what_patterns_let_through_is_data(tmp_path: Path, place: int) -> None:
    """Each payload, in each text parameter that lets it through somewhere, is run and parsed."""
    values = {name: hostile()[name] for name in taken(place)}
    for turn in range(max(map(len, values.values()))):
        stand(place, {name: some[turn % len(some)] for name, some in values.items()}, tmp_path / str(turn))


def test_decimals_are_refused_and_do_no_harm(tmp_path: Path) -> None:
    """The deployer refuses 5000.5 for a whole number; CloudFormation takes it, and no script or alarm misreads it."""
    numbers = {name: f"{about['Default']}.5" for name, about in TEMPLATE["Parameters"].items() if "MinValue" in about}
    for name, value in numbers.items():
        assert f"Parameter {name} must be a whole number" in check_parameters(TEMPLATE, {name: value})[0]
    stack = samples.deployed(TEMPLATE, WORLDS[0], numbers)
    assert stack.resources["EndpointLatencyAlarm"]["Properties"]["Threshold"] == "5000000"
    run_scripts(stack, tmp_path)


@settings(max_examples=15, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(
    place=st.sampled_from(range(len(WORLDS))),
    anything=st.fixed_dictionaries({name: matching(about) for name, about in TEXTS.items()}),
)
def test_anything_that_matches_is_data(tmp_path_factory: pytest.TempPathFactory, place: int, anything: Choice) -> None:
    """So is whatever else the patterns describe."""
    stand(place, {name: anything[name] for name in taken(place)}, tmp_path_factory.mktemp("any"))
