"""Check that hostile values that the patterns of parameters accept are treated as data and are not executed."""

from __future__ import annotations

import base64
import json
import logging
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pytest
import samples
import yaml
from aws_cli import all_words
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from machine import NASTY, Machine, new_app, new_machine

import smtemplates
from smtemplates.evaluate import Stack, check_parameters
from smtemplates.evaluate.check import faults
from smtemplates.synth.loader import load

LOG = logging.getLogger(__name__)
Choice = dict[str, str]
DEPLOYMENTS: list[Choice] = [
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
    {
        "ModelImageUri": samples.ENDPOINT["ModelImageUri"],
        **samples.UNCOMPRESSED,
        "EndpointServing": "Instances",
    },
    samples.PACKAGE,
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
    *("001234", "1e3", "0x1f", "true", "null", "2024-01-01"),  # not text in YAML
    "é\u202e\u2028\U0001f600",
    *string.punctuation,
    *string.whitespace,
]
MACHINES = {
    "AWS::SageMaker::NotebookInstanceLifecycleConfig": new_machine,
    "AWS::SageMaker::StudioLifecycleConfig": new_app,
}
# A file pattern is an error, and the time is constant. Docker prints its input and its arguments, as the AWS CLI does.
SHELL = r"""
shopt -s failglob
date() { echo now; }
docker() { [ "$1" != login ] || cat; printf "%s\0" docker "$@"; }
"""
PYTHON = """
case "$*" in
  *' venv '*) mkdir "${@: -1}" ;;
  *' pip '*) cat "${@: -1}" >>ROOT/pip.log ;;
esac"""


TEMPLATE = load(smtemplates.render(smtemplates.build()))
# The parameters that accept free text, including new ones.
TEXTS = {
    name: about
    for name, about in TEMPLATE["Parameters"].items()
    if about["Type"] in {"String", "CommaDelimitedList"} and "AllowedValues" not in about
}


def matching(about: dict[str, Any]) -> st.SearchStrategy[str]:
    """Build values that the parameter accepts."""
    return st.from_regex(about["AllowedPattern"], fullmatch=True).filter(
        lambda value: bool(value) and not any(faults(about, value))
    )


def values_with_payloads(name: str, about: dict[str, Any]) -> list[str]:
    """Return values with each payload at the first and the last place that the pattern accepts."""
    known = [value for deployment in (*DEPLOYMENTS, {name: about["Default"]}) if (value := deployment.get(name))]
    first = settings(derandomize=True, database=None, phases=[Phase.generate])  # to make it shorter takes seconds
    seed = known[0] if known else find(matching(about), bool, settings=first)
    found = [seed]
    for payload in PAYLOADS:
        tried = [payload, *(seed[:place] + payload + seed[place:] for place in range(len(seed) + 1))]
        for order in (tried, tried[::-1]):
            found += next(([value] for value in order if not any(faults(about, value))), [])
    return list(dict.fromkeys(found))


@cache
def hostile() -> dict[str, list[str]]:
    """Return the hostile values of each text parameter."""
    return {name: values_with_payloads(name, about) for name, about in TEXTS.items()}


@cache
def arbitrary() -> dict[str, list[str]]:
    """Return values of each text parameter that Hypothesis builds.

    Each parameter has its own run: as one example, the values of all parameters are discarded if one does not match.
    """
    return {name: values_built_for(about) for name, about in TEXTS.items()}


def values_built_for(about: dict[str, Any]) -> list[str]:
    found = []

    @settings(max_examples=15, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(matching(about))
    def collect(value: str) -> None:
        found.append(value)

    collect()
    return found


@cache
def accepted(place: int) -> frozenset[str]:
    """Return the text parameters that can be set together in a deployment.

    In the first deployment, these are the parameters that have a value anyway, because an existing resource would
    replace a resource that this deployment creates.
    """
    values: Choice = {}
    for name, (value, *_) in hostile().items():
        there = place > 0 or name in DEPLOYMENTS[place] or TEXTS[name]["Default"]
        if there and not check_parameters(TEMPLATE, {**DEPLOYMENTS[place], **values, name: value}):
            values[name] = value
    return frozenset(values)


def masked(values: Choice) -> tuple[Choice, dict[str, str]]:
    """Replace each value, or each item of a list, by a harmless word, and return the value of each word."""
    stand_ins: dict[str, str] = {}
    found = {}
    for name, value in values.items():
        parts = value.split(",")
        own = [f"Word{name}{place}x" if part else "" for place, part in enumerate(parts)]
        stand_ins |= {word: part for word, part in zip(own, parts, strict=True) if part}
        found[name] = ",".join(own)
    return found, stand_ins


def unmasked(value: Any, stand_ins: dict[str, str]) -> Any:
    """Replace the harmless words by their values."""
    if isinstance(value, dict):
        return {unmasked(key, stand_ins): unmasked(part, stand_ins) for key, part in value.items()}
    if isinstance(value, list):
        return [unmasked(part, stand_ins) for part in value]
    if isinstance(value, str):
        return re.sub(r"Word[A-Za-z]+\d+x", lambda found: stand_ins[found[0]], value)
    return value


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], str]]:
    """Yield every text with its path."""
    if isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(part, (*path, key))
    elif isinstance(value, str):
        yield path, value


@dataclass(frozen=True)
class Harmless:
    """A stack with harmless words instead of hostile values, and the texts that programs read in it."""

    stack: Stack

    @cached_property
    def words(self) -> dict[str, list[str]]:
        """The words of each command."""
        return words_of(self.stack)

    @cached_property
    def texts(self) -> dict[tuple[Any, ...], str]:
        """Every text of the stack, by its path."""
        return dict(leaves(self.stack.template()))

    @cached_property
    def documents(self) -> dict[tuple[Any, ...], Any]:
        """Every document in JSON or YAML, by its path."""
        return {path: found for path, text in self.texts.items() if (found := document(text)) is not None}


@cache
def harmless_stack(place: int, values: frozenset[tuple[str, str]], true: frozenset[str]) -> Harmless:
    """Evaluate a deployment with harmless words and with these true conditions."""
    # conditions may depend on a part of a value, so they are kept
    decided = {name: {"Fn::Equals": ["", "" if name in true else "no"]} for name in TEMPLATE["Conditions"]}
    return Harmless(samples.deployed({**TEMPLATE, "Conditions": decided}, DEPLOYMENTS[place], dict(values)))


# --- programs that run or parse the texts of a stack


def words_of(stack: Stack, folder: Path | None = None) -> dict[str, list[str]]:
    """Return the words into which bash splits each command of a stack."""
    commands = {name: text for name, text in stack.outputs.items() if name.endswith("Command")}
    return dict(zip(commands, all_words([SHELL + text for text in commands.values()], folder), strict=True))


def run_commands(stack: Stack, harmless: Harmless, stand_ins: dict[str, str], folder: Path) -> None:
    """Check that bash splits each command into the same words as with harmless values."""
    found = words_of(stack, folder)
    for name, words in harmless.words.items():
        assert found[name] == unmasked(words, stand_ins), stack.outputs[name]
    assert not list(folder.iterdir())


def run_scripts(stack: Stack, folder: Path) -> None:
    """Start each machine, and check that its git and its pip get the values as arguments."""
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
            # names of packages, no options or paths
            assert machine.calls("pip") == packages
            assert [word for word in packages if not word[0].isalnum()] == []
            if repository:
                assert machine.calls("git") == ["clone", "--", repository, "clone"]
                hidden = {path.name for path in machine.ours.parent.iterdir() if path.name.startswith(".")}
                assert hidden <= {".smtemplates", ".local"}, repository


def start(machine: Machine, stack: Stack, lifecycle: dict[str, Any]) -> None:
    python = machine.home / "anaconda3/envs/python3/bin/python"
    python = python if python.exists() else machine.root / "opt/conda/bin/python"
    machine.stub("python", PYTHON.replace("ROOT", str(machine.root)))
    (machine.root / "bin/python").replace(python)
    machine.stub("git", f'printf "%s\\n" "$@" >>{machine.root}/git.log; mkdir clone')
    if "StudioSettings" in stack.resources:
        value = stack.resources["StudioSettings"]["Properties"]["Value"]
        (machine.root / "settings").write_text(f"{value}\n", encoding="utf-8")
    (script,) = (code for _, text in leaves(lifecycle) if (code := decoded(text)))
    done = machine.start(script)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def decoded(text: str) -> str:
    """Return the script that a text contains in base64, or ''."""
    try:
        code = base64.b64decode(text, validate=True).decode()
    except ValueError:
        return ""
    return code if code.startswith("#!") else ""


def document(text: str) -> Any:
    """Parse a document in JSON or YAML, or return None."""
    try:
        if text[:1] in {"{", "[", '"'}:
            return json.loads(text)
        found = yaml.safe_load(text) if "\n" in text else None
    except (json.JSONDecodeError, yaml.YAMLError):
        return None
    return found if isinstance(found, dict) else None


def parse(stack: Stack, harmless: Harmless, stand_ins: dict[str, str]) -> None:
    """Check that each document in the stack equals the document with harmless values, except for the values."""
    resolved = stack.template()
    now = dict(leaves(resolved))
    for path, text in harmless.texts.items():
        assert not decoded(text) or stack.resources[path[1]]["Type"] in MACHINES, f"no machine runs this script: {path}"
    for path, before in harmless.documents.items():
        assert document(now[path]) == unmasked(before, stand_ins), path
    assert {path[1] for path in harmless.documents} >= {"Dashboard", "SageMakerSdkConfig"}
    # CloudFormation would replace it
    assert "{{resolve:" not in json.dumps(resolved)


def widens_no_policy(harmless: Harmless, stand_ins: dict[str, str]) -> None:
    """Check that no value adds a wildcard or a variable to a resource or principal of a policy."""
    for path, text in harmless.texts.items():
        if {"Resource", "NotResource", "Principal"}.intersection(path):
            given = [part for word, part in stand_ins.items() if word in text]
            assert not any(sign in part for part in given for sign in ("*", "?", "${")), path


def with_harmless(place: int, values: Choice) -> tuple[Stack, Harmless, dict[str, str]]:
    """Evaluate a deployment with these values, and with harmless words instead of them."""
    stack = samples.deployed(TEMPLATE, DEPLOYMENTS[place], values)
    harmless, stand_ins = masked(values)
    true = frozenset(name for name, holds in stack.conditions.items() if holds)
    return stack, harmless_stack(place, frozenset(harmless.items()), true), stand_ins


def check(place: int, values: Choice, folder: Path) -> None:
    """Run and parse all texts of a stack with these values."""
    assert check_parameters(TEMPLATE, {**DEPLOYMENTS[place], **values}) == []
    stack, harmless, stand_ins = with_harmless(place, values)
    (folder / "commands").mkdir(parents=True)
    run_commands(stack, harmless, stand_ins, folder / "commands")
    parse(stack, harmless, stand_ins)
    widens_no_policy(harmless, stand_ins)
    run_scripts(stack, folder)


@pytest.mark.slow
def test_every_text_parameter_is_tested() -> None:
    """Each text parameter has an effect in a deployment."""
    reached = set()
    for place in range(len(DEPLOYMENTS)):
        _, harmless, _ = with_harmless(place, {name: hostile()[name][0] for name in accepted(place)})
        text = json.dumps(harmless.stack.template())
        reached |= {name for name in accepted(place) if f"Word{name}0x" in text}
    missing = sorted(set(TEXTS) - reached)
    assert not missing, (
        f"tests/test_hostile_values.py: no deployment uses {', '.join(missing)}. Add one to DEPLOYMENTS, for example: "
        f'{{**samples.EVERYTHING, "{missing[0]}": "a value"}}'
    )


@pytest.mark.slow
@pytest.mark.parametrize("place", range(len(DEPLOYMENTS)), ids=["created", "existing", "endpoint", "data", "package"])
def test_hostile_values_are_data(tmp_path: Path, place: int) -> None:
    """All texts with a payload, in each parameter that accepts it, are run and parsed."""
    values = {name: hostile()[name] for name in accepted(place)}
    for turn in range(max(map(len, values.values()))):
        check(place, {name: some[turn % len(some)] for name, some in values.items()}, tmp_path / str(turn))


def test_decimals_are_rejected_or_harmless(tmp_path: Path) -> None:
    """The deployer rejects 5000.5 for a whole number. CloudFormation accepts it, and scripts and alarms can use it."""
    numbers = {name: f"{about['Default']}.5" for name, about in TEMPLATE["Parameters"].items() if "MinValue" in about}
    for name, value in numbers.items():
        assert f"Parameter {name} must be a whole number" in check_parameters(TEMPLATE, {name: value})[0]
    stack = samples.deployed(TEMPLATE, DEPLOYMENTS[0], numbers)
    assert stack.resources["EndpointLatencyAlarm"]["Properties"]["Threshold"] == "5000000"
    run_scripts(stack, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("place", range(len(DEPLOYMENTS)), ids=["created", "existing", "endpoint", "data", "package"])
def test_any_value_that_matches_is_data(tmp_path: Path, place: int) -> None:
    """All texts with any values that the patterns accept are run and parsed."""
    for turn in range(place, 15, len(DEPLOYMENTS)):
        values = {name: arbitrary()[name][turn] for name in accepted(place)}
        LOG.warning("%s", values)  # pytest shows it if the test fails
        check(place, values, tmp_path / str(turn))
