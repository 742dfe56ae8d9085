"""Figures of the tests that existed before the work on speed, in that commit and in HEAD, and of the later tests.

The commit HEAD is compared, without changes that are not committed. Each commit has a clone with its own environment
and its own cache in .venv-bench. Their preparation is not measured. A test is in both commits if its ID is the same. If
the file or the parameters of a function have changed, its remaining tests in both commits are compared together.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

from benching import NotMeasuredError
from benching.measure import ROOT, Command, Make, Measure, Row, variables
from benching.tools import BASE, TOOLS, install

TARGET = 0.45
LATER = 0.25  # of the time of the tests that existed before
LOCKS = ("uv", "dev", "images", "npm")
ENVIRONMENTS = ("local-cloud", "deploy", "checkov", "sdk-2", "sdk-3")
_PROCESSORS = os.cpu_count() or 1


@dataclass(frozen=True)
class Clone:
    """A clone of one commit. `workers` are the processes with tests that its scripts/test starts."""

    title: str
    commit: str
    workers: int

    @property
    def folder(self) -> Path:
        """Return the folder of the clone."""
        return TOOLS / f"tests-{self.title}"

    @property
    def environment(self) -> Mapping[str, str]:
        """Return the changes of the environment: a cache without the findings of other runs."""
        return {"XDG_CACHE_HOME": str(self.folder.with_suffix(".cache"))}

    def prepare(self) -> None:
        """Check out the commit, and install its environments."""
        folder = str(self.folder)
        if not self.folder.exists():
            install(["git", "clone", "--quiet", "--shared", "--no-checkout", str(ROOT), folder], quiet=True)
        (commit,) = self._lines(["git", "-C", str(ROOT), "rev-parse", self.commit])
        install(["git", "-C", folder, "fetch", "--quiet", str(ROOT), commit], quiet=True)
        install(["git", "-C", folder, "checkout", "--quiet", "--force", "--detach", commit], quiet=True)
        venvs = f".venv/bin/python scripts/venvs.py {' '.join(ENVIRONMENTS)}"
        variables = f"PATH=$PWD/.venv/bin:$PATH UV_CACHE_DIR={TOOLS}/uv"
        self._lines(["bash", "-c", f"export {variables} && . scripts/venv {' '.join(LOCKS)} && {venvs}"])

    def files(self) -> list[str]:
        """Return the files with tests."""
        listed = self._lines(["git", "ls-files", "tests"])
        return [file for file in listed if Path(file).match("test_*.py")]

    def tests(self, files: Iterable[str]) -> list[str]:
        """Return the IDs of the tests in files, of which some may not exist in this commit."""
        existing = [file for file in files if (self.folder / file).is_file()]
        words = [".venv/bin/pytest", "--collect-only", "-q", "-o", "addopts=", *self._own_cache, *existing]
        return [line for line in self._lines(words) if "::" in line] if existing else []

    def run(self, title: str, tests: Sequence[str], folder: Path, summaries: dict[str, str]) -> Command:
        """Return the command that runs tests, and enters the last line of its output into `summaries`."""
        listed = folder / f"{title}.txt"
        listed.write_text("\n".join(tests), encoding="utf-8")

        def clear() -> None:
            for entry in self.folder.with_suffix(".cache").glob("smtemplates/*.json"):
                entry.unlink()

        return Command(
            title,
            [
                ".venv/bin/pytest",
                *self._own_cache,
                "-n",
                str(self.workers),
                "--dist",
                "worksteal",
                f"@{listed}",
            ],
            codes=(0, 1),  # tests that fail are counted in the remark
            environment=self.environment,
            folder=self.folder,
            before=clear,
            after=lambda line: summaries.update({title: line.strip("= ")}),
            once=True,
        )

    @property
    def _own_cache(self) -> list[str]:
        """Return the option for the files that pytest and a test keep between runs."""
        return ["-o", f"cache_dir={self.folder.with_suffix('.cache')}/pytest"]

    def _lines(self, words: Sequence[str]) -> list[str]:
        folder = self.folder if self.folder.exists() else ROOT
        done = subprocess.run(
            words, cwd=folder, env=variables(self.environment), capture_output=True, text=True, check=False
        )
        if done.returncode:
            last = [words[0], *(done.stderr or done.stdout).strip().splitlines()][-1]
            raise NotMeasuredError(f"The clone of {self.commit[:7]} could not be prepared: {last}")
        return done.stdout.splitlines()


@dataclass(frozen=True)
class Comparison:
    """The tests of both commits in the files that match a pattern, and of these files one in `sample`."""

    patterns: Sequence[str]
    sample: int
    base: Clone = Clone("base", BASE, _PROCESSORS * 2)
    head: Clone = Clone("HEAD", "HEAD", (_PROCESSORS * 3 + 1) // 2)
    summaries: dict[str, str] = field(default_factory=dict)

    @cached_property
    def found(self) -> tuple[list[str], list[str]]:
        """Return the IDs of all tests in the base commit and in HEAD."""
        for clone in (self.base, self.head):
            clone.prepare()
        files = sorted({*self.base.files(), *self.head.files()})
        matching = [file for file in files if any(fnmatchcase(file, pattern) for pattern in self.patterns)]
        if not matching:
            raise NotMeasuredError(f"No file with tests matches {' or '.join(self.patterns)}.")
        selected = matching[:: self.sample]
        return self.base.tests(selected), self.head.tests(selected)

    @cached_property
    def same(self) -> tuple[list[str], list[str]]:
        """Return the IDs of the tests of the base commit that still exist, in that commit and in HEAD."""
        return same_tests(*self.found)

    def rows(self) -> tuple[Row, Row]:
        """Return the rows of the tests in both commits, and of the tests that exist in HEAD only."""

        def before(folder: Path) -> Command:
            return self.base.run(f"pytest in {BASE[:7]}", self.same[0], folder, self.summaries)

        def now(folder: Path) -> Command:
            return self.head.run("pytest in HEAD", self.same[1], folder, self.summaries)

        def later(folder: Path) -> Command:
            kept = {*self.same[1]}
            tests = [test for test in self.found[1] if test not in kept]
            if not tests:
                raise NotMeasuredError("These files have no later tests.")
            return self.head.run("later tests in HEAD", tests, folder, self.summaries)

        return self._row("tests", now, before, TARGET), self._row("tests-later", later, now, LATER)

    def _row(self, name: str, measured: Make, reference: Make, target: float) -> Row:
        measure = Measure.ALL_CPU
        return Row(name, measured, reference, target, measure=measure, most_pairs=1, warm_up=False, remark=self._remark)

    def _remark(self) -> str:
        base, head = self.found
        identical = len({*base} & {*head})
        results = "; ".join(f"{title}: {line}" for title, line in self.summaries.items())
        return (
            f"{identical} of {len(base)} tests of {BASE[:7]} have the same ID in HEAD, and "
            f"{len(self.same[0]) - identical} have a function with the same name. {results}"
        )


def same_tests(*commits: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the IDs of two commits that are the same, and the others whose function has the same name in both."""
    both = {*commits[0]} & {*commits[1]}
    functions = [{_function(test) for test in tests if test not in both} for tests in commits]
    shared = functions[0] & functions[1]
    base, head = ([test for test in tests if test in both or _function(test) in shared] for tests in commits)
    return base, head


def _function(test: str) -> str:
    return test.partition("[")[0].rpartition("::")[2]
