"""The commands of version 0.1.0 do the same as the commands of today, with one line about each former name."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import processes
import pytest
from deploying.local_aws import ROOT, SAMPLE
from publishing.conftest import BUCKET, Publisher, aws, publisher, service

import smtemplates
from smtemplates.config.templates import resolve
from smtemplates.pages.explorer import explore
from smtemplates.synth.loader import load

__all__ = ["aws", "publisher", "service"]  # one local cloud for all commands
Done = subprocess.CompletedProcess[str]
Run = Callable[..., Done]

MODULE = ["-m", "smtemplates"]
DEPLOY, PUBLISH = [[str(ROOT / "scripts" / name)] for name in ("deploy.py", "publish.py")]
RENAMED = re.compile(r"^.* is now .*\. The old name works until version 0\.3\.\n", re.MULTILINE)
# The parts of results that differ in each run.
DIFFERENT = {
    r"(former|modern)-[0-9a-f]{8}": "STACK",
    r"(scripts/)?(deploy|publish)\.py|python -m smtemplates( publish)?|smtemplates(?=: )": "PROGRAM",
    r"prod-\w{13}|pa-\w{13}": "ID",
    r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}\b|\b[0-9a-f]{32,}\b": "ID",
    r"(?<=otebook-)[0-9a-f]{8}\b": "ID",
    r"(?<=-)[a-z0-9]{10,13}\b|(?<=-)[A-Z0-9]{12,13}\b": "ID",
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:[\d.]+)?(\+00:00|Z)?|\b\d+ s\b": "TIME",
    r"my\.template|\./my\.template": "FILE",
}


def compared(text: str) -> str:
    """Return a text without the parts that differ in each run."""
    for pattern, replacement in DIFFERENT.items():
        text = re.sub(pattern, replacement, text)
    return text


def check_same(former: Done, today: Done, renamed: Sequence[str] = ()) -> None:
    """Check that two commands have the same exit code and output, and that only the former one names former names."""
    lines = RENAMED.findall(former.stderr)
    assert [line.partition(" is now ")[0] for line in lines] == list(renamed)
    assert RENAMED.findall(today.stderr) == []
    assert former.returncode == today.returncode, former.stderr + today.stderr
    assert compared(former.stdout) == compared(today.stdout)
    assert compared(RENAMED.sub("", former.stderr)) == compared(today.stderr)


def runner(folder: Path, environment: Mapping[str, str]) -> Run:
    """Return a function that runs a command in a folder."""

    def run(start: Sequence[str], words: str, **values: str) -> Done:
        return processes.run([sys.executable, *start, *words.format(**values).split()], environment, folder)

    return run


@pytest.fixture
def run(publisher: Publisher, tmp_path: Path) -> Run:
    """Return a function that runs a command against the local cloud, in a folder with two templates."""
    (tmp_path / "my.template").write_bytes(SAMPLE.read_bytes())
    return runner(tmp_path, {**publisher.environment, "PYTHONPATH": str(ROOT)})


def test_former_commands_without_aws(run: Run, tmp_path: Path) -> None:
    """`render`, `lint` and `explore` print the same. tests/test_reference.py compares the reference and its check."""
    rendered = run(MODULE, "render workspace -o - --format json --no-lint --without studio")
    assert json.loads(rendered.stdout) == load(smtemplates.render(smtemplates.build(without=["studio"])))
    linted = run(MODULE, "lint my.template --region eu-west-1,us-east-1 --no-policy --no-cache")
    assert (linted.returncode, linted.stdout.count("my.template:")) == (1, 3), linted.stdout
    page = run(MODULE, "explore -o page.html")
    assert page.returncode == 0, page.stderr
    assert (tmp_path / "page.html").read_text() == explore(resolve("workspace").body, "workspace")


def test_former_life_of_a_stack(run: Run) -> None:
    """A stack is planned, reviewed, created, updated, read and destroyed with both spellings."""
    stacks = [
        f"{name}-{uuid.uuid4().hex[:8]}" for name in ("former", "modern")
    ]  # of one length, because lines are folded

    def both(former: str, today: str = "", renamed: Sequence[str] = ()) -> list[Done]:
        done = [
            run(start, words, stack=stack)
            for start, words, stack in zip((DEPLOY, MODULE), (former, today or former), stacks, strict=True)
        ]
        check_same(done[0], done[1], renamed)
        return done

    settings = "--set Prefix=abc --json"
    planned = both(
        f"plan {{stack}} --template my.template --keep {settings}",
        f"plan {{stack}} --template ./my.template --keep-change-set {settings}",
        ["--keep", "--template my.template"],
    )
    done = []
    for start, stack, plan in zip((DEPLOY, MODULE), stacks, planned, strict=True):
        found = json.loads(plan.stdout)
        reviewed = f"--change-set {found['change_set_id']} --template-digest {found['template_digest']}"
        done.append(run(start, f"deploy {stack} {reviewed} --yes --timeout 5"))
    check_same(done[0], done[1])
    assert done[0].returncode == 0, done[0].stderr
    update = "deploy {{stack}} --template {file} --set CreateNotebook=true --tag a=b --yes"
    (former, _) = both(
        update.format(file="my.template"), update.format(file="./my.template"), ["--template my.template"]
    )
    assert former.returncode == 0, former.stderr
    for words in (
        "status {stack} --json",
        "status {stack} --watch",
        "outputs {stack} --env",
        "drift {stack} --detailed-exitcode",
        "rollback {stack} --yes",
        "destroy {stack} --delete-data --confirm {stack} --region us-east-1",
    ):
        former, _ = both(words)
        assert former.returncode == 0, former.stderr


def test_former_publication(run: Run, publisher: Publisher) -> None:
    """A version is published, listed and pruned, and links are printed, with both spellings."""
    products = [publisher.product, f"prod-{uuid.uuid4().hex[:13]}"]
    publisher.catalog.products[products[1]] = []
    today = [*MODULE, "publish"]

    def both(former: str, other: str = "", renamed: Sequence[str] = ()) -> None:
        done = [
            run(start, words, product=product)
            for start, words, product in zip((PUBLISH, today), (former, other or former), products, strict=True)
        ]
        check_same(done[0], done[1], renamed)
        assert done[0].returncode == 0, done[0].stderr

    place = f"--product {{product}} --staging-bucket {BUCKET} --template ./my.template --yes"
    for version, prefix in (("1.0.0", ""), ("1.1.0", "--even-if-cosmetic ")):
        words = f"version {version} {prefix}{place}"
        both(f"{words} --keep 1", f"{words} --keep-versions 1", ["--keep"])
    both("versions --product {product} --json")
    both("prune --product {product} --delete --plan")
    both("prune --product {product} --yes")
    link = f"link --staging-bucket {BUCKET} --template ./my.template --markdown --region"
    both(f"{link} eu-west-1 us-east-1", f"{link} eu-west-1,us-east-1", ["--region eu-west-1 us-east-1"])
