"""The projects in examples/: they are new projects with documented changes, and the commands of their pages work."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import processes
import pytest
from deploying.local_aws import Aws
from docs.text import sections

from smtemplates.config.init.project_files import ASSETS

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
NAMES = ["company-product", "notebook", "studio"]
# The examples do not repeat these files. A new project contains them without a change.
NOT_REPEATED = {"requirements.txt", ".gitignore"}
REGION, ACCOUNT, BUCKET = "eu-west-1", "111122223333", "company-templates"
CREATED = {
    "notebook": {"churn-dev": {"Notebook", "ExecutionRole", "InputBucket"}},
    "studio": {"network": {"Vpc"}, "studio": {"Domain", "UserProfile5", "ModelPackageGroup", "EncryptionKey"}},
    "company-product": {"catalog": {"Portfolio", "Product"}},
}
# Answers to the questions of the commands, and the JSON result of a command whose output a user copies.
ANSWERS = {"deploy": ["--yes"], "publish": ["--json"]}


def files(folder: Path) -> dict[str, str]:
    """Return the committed files of a folder."""
    words = ["git", "-C", str(folder), "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(words, check=True, capture_output=True, text=True).stdout.splitlines()
    return {name: (folder / name).read_text("utf-8") for name in names}


def test_every_example_is_tested_and_listed() -> None:
    """The page about the examples contains each folder."""
    assert sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir()) == NAMES
    page = (EXAMPLES / "README.md").read_text("utf-8")
    assert sorted(re.findall(r"^\| \[([\w-]+)\]\(\1/README\.md\)", page, re.MULTILINE)) == NAMES
    assert all(f"`{name}`" in page for name in NOT_REPEATED)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_a_new_project_with_its_documented_changes(name: str) -> None:
    """All other files are the same as in a new project, so a change of `smtemplates init` reaches the examples."""
    own = files(EXAMPLES / name)
    rows = dict(re.findall(r"^\| `(.+?)` \| (.+?) \|$", own["README.md"], re.MULTILINE))
    new = {asset.path: asset.text(name) for asset in ASSETS if not asset.service and asset.path not in NOT_REPEATED}
    removed = {path for path, change in rows.items() if change.startswith("Removed")}
    assert removed == new.keys() - own.keys()
    assert rows.keys() - removed == {path for path, text in own.items() if new.get(path) != text}


def run(folder: Path, aws: Aws, command: str, **environment: str) -> str:
    """Run a command of a page with the answers to its questions, and return its standard output."""
    words = shlex.split(re.sub(r"  +#.*?(?= --confirm|$)", "", command))
    words = [sys.executable, *(words[1:] if words[0] == "python" else ["-m", *words])]
    done = processes.run(
        [*words, *next((answer for verb, answer in ANSWERS.items() if verb in words), [])],
        {**aws.environment, "PYTHONPATH": str(ROOT), **environment},
        folder,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def commands(name: str) -> Iterator[str]:
    """Yield the commands of the page of an example, except those that the shell runs."""
    for section in sections(f"examples/{name}/README.md"):
        yield from (command.text for command in section.session if not command.text.startswith("export "))


@pytest.mark.parametrize("name", NAMES)
def test_commands_of_an_example_render_deploy_and_destroy_it(name: str, aws: Aws, tmp_path: Path) -> None:
    """The commands of its page succeed on the local cloud, and create the resources that the example promises."""
    shutil.copytree(EXAMPLES / name, tmp_path / name)
    aws = replace(aws, keys=(ACCOUNT if name == "company-product" else f"{uuid.uuid4().int % 10**12:012}", "test"))
    cloudformation, environment = aws.client("cloudformation", REGION), dict[str, str]()
    created: dict[str, set[str]] = {}
    if name == "company-product":
        configuration = {"LocationConstraint": REGION}
        aws.client("s3", REGION).create_bucket(Bucket=BUCKET, CreateBucketConfiguration=configuration)
    for command in commands(name):
        if " plan " in command:
            continue  # deploy makes the same plan
        confirmed = f" --confirm {','.join(reversed(CREATED[name]))}" if " destroy " in command else ""
        output = run(tmp_path / name, aws, command + confirmed, **environment)
        if " publish " in command:
            environment["TEMPLATE_URL"] = json.loads(output)[0]["template_url"]
        if " deploy " in command:
            for stack in CREATED[name]:
                found = cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
                created[stack] = {resource["LogicalResourceId"] for resource in found}
    assert {stack: created[stack] & resources for stack, resources in CREATED[name].items()} == CREATED[name]
    left = {one["StackName"] for one in cloudformation.describe_stacks()["Stacks"]} & CREATED[name].keys()
    assert bool(left) == (name == "company-product")
