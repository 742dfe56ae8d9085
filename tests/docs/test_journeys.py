"""Follow the journeys of the README, with the wheel in an empty folder."""

from __future__ import annotations

import itertools
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import wheel
from cloud_cache import share_findings, with_local_cloud

from docs.sandbox import VALUES, run, terraform_state
from docs.steps import follow, steps
from docs.text import (
    DOCUMENTS,
    FOLLOWED,
    QUICK_START,
    TUTORIAL,
    Command,
    commands_in,
    read,
    sections,
    without_fences,
)

README = "README.md"
FEWEST_WORDS = 8  # of a sentence that two pages do not repeat
# The first page of the site has the first sentence of the README, and readers begin with one of them.
FIRST_PAGE = "docs/index.md"


def linked_pages() -> dict[str, list[str]]:
    """Return the pages that the README lists for each journey."""
    listed = read(README).partition("Common ways to begin:\n")[2].partition("\n## ")[0]
    bullets = dict(re.findall(r"^- (.+?): (.+?)(?=^- |\Z)", listed, re.MULTILINE | re.DOTALL))
    return {who: re.findall(r"/(docs/[\w/-]+\.md)[#)]", text) for who, text in bullets.items()}


def sentences(page: str) -> set[str]:
    """Return the long sentences of a page without markup."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", without_fences(read(page)))
    blocks = re.split(r"\n\s*\n|^\s*(?:[-*]|\d+\.|#+) |\|", re.sub(r"[*`]|<!--.*?-->", "", text), flags=re.MULTILINE)
    found = (each for block in blocks for each in re.split(r"(?<=[.:?])\s+", " ".join(block.split())))
    return {each for each in found if len(each.split()) >= FEWEST_WORDS}


def test_no_sentence_is_on_two_pages() -> None:
    """No reader sees a sentence twice: a fact is on one page, and the other pages have a link."""
    pages = {page: sentences(page) for page in DOCUMENTS if page != FIRST_PAGE}
    shared = [(*pair, pages[pair[0]] & pages[pair[1]]) for pair in itertools.combinations(pages, 2)]
    assert [each for each in shared if each[2]] == []


def test_a_journey_begins_with_a_page_that_is_followed() -> None:
    """A test runs the commands of the first page of each journey, in their order and in one folder."""
    linked = linked_pages()
    assert len(linked) == 3
    assert [who for who, pages in linked.items() if pages[0] not in FOLLOWED] == []


@dataclass(frozen=True)
class Reader:
    """A person with the wheel in an empty folder, whose shell keeps its variables and its working directory."""

    folder: Path
    environment: dict[str, str]

    def follow(self, text: str) -> None:
        """Create and change the files of a page, and run its commands."""
        for step in steps(text):
            if step.language == "console":
                self.run(commands_in(step.block))
            elif step.path and step.language != "text":
                follow(step, self.working_directory)

    def run(self, commands: Iterable[Command]) -> None:
        """Run commands that succeed, and print the output that the page shows."""
        for command in commands:
            code, output = run(command.text, self.folder, self.environment)
            assert code == 0, f"{command.text}\n{output}"
            if command.output:
                assert output == command.output

    def prepare_migration(self) -> None:
        """Write the files of Terraform that the page names, and create the buckets of the state."""
        state, buckets = terraform_state()
        (self.folder / "terraform.tfstate").write_text(state)
        shutil.copy(VALUES, self.folder / "terraform.tfvars")
        self.run(Command(f"aws s3 mb s3://{bucket}") for bucket in buckets)

    @property
    def working_directory(self) -> Path:
        found = re.search(r'^declare -x PWD="(.*)"$', Path(self.environment["EXPORTS"]).read_text(), re.MULTILINE)
        return Path(found[1]) if found else self.folder


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[wheel.Installation]:
    """Return an environment with the wheel, the tools of a new project and the AWS CLI, and the local cloud."""
    folder = tmp_path_factory.mktemp("installed")
    installation = wheel.install(wheel.build(folder), folder, tools=("pytest", "awscli"))
    aws = installation.programs / "aws"
    aws.write_text(f'#!/bin/sh\nexec {installation.programs}/python -m awscli "$@"\n')
    aws.chmod(0o755)
    share_findings(with_local_cloud(folder / "home" / ".cache"))
    server = installation.fork()
    yield installation
    server.stop()


@pytest.fixture
def reader(installed: wheel.Installation, tmp_path: Path) -> Iterator[Reader]:
    """Yield a person in an empty folder. At the end, stop the local cloud that the commands started."""
    exports = tmp_path / "exports"
    exports.write_text("")
    (tmp_path / "empty").mkdir()
    reader = Reader(tmp_path / "empty", {**installed.environment, "EXPORTS": str(exports)})
    yield reader
    run("smtemplates local stop", reader.folder, reader.environment)


@pytest.mark.parametrize("who", linked_pages())
def test_reader_follows_the_journey(who: str, reader: Reader) -> None:
    """The commands and changes of the pages succeed in their order, after the quick start of the README.

    An ML engineer adopts a Terraform state and deploys the stack. A platform engineer publishes and launches a product,
    publishes a new version, and deploys a fleet. A Python developer creates and deploys a project, adds a construct
    with a test, and renders the template.
    """
    (quick_start,) = (section for section in sections(README) if section.title == QUICK_START)
    if who == "A Python developer":
        reader.run(quick_start.session)
    if who == "An ML engineer with Terraform":
        reader.run([Command('eval "$(smtemplates local start)"')])
        reader.prepare_migration()
    for page in linked_pages()[who]:
        if page in FOLLOWED:
            reader.follow(read(page))


def test_reader_follows_the_tutorial(reader: Reader) -> None:
    """The commands and the change of the tutorial succeed. Here, its account is the local cloud of the rehearsal."""
    reader.follow(read(TUTORIAL).replace("$ smtemplates local stop\n", ""))
    code, output = run("smtemplates status --all", reader.folder, reader.environment)
    assert (code, output.count("not deployed")) == (0, 2), output
