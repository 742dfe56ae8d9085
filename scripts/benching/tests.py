"""Figures of the tests that existed before the work on speed, in that commit and in HEAD.

The commit HEAD is compared, without changes that are not committed. Each commit has a clone with its own environment.
The clones are in .venv-bench, and their preparation is not measured.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path

from benching.measure import ROOT, Command, Make, Row
from benching.tools import BASE, TOOLS, install

PARTS: dict[str, tuple[str, ...]] = {
    "tests": (),
    "tests-valid": ("tests/test_valid.py", "tests/test_lint.py"),
    "tests-rules": ("tests/policy/test_rules.py",),
    "tests-reference": ("tests/test_reference.py",),
    "tests-aws-cli": ("tests/test_commands.py",),
}
"""The files of each row; without files, all that exist in both commits."""
TARGET = 0.45


def _git(*words: str) -> list[str]:
    done = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


@cache
def _files() -> tuple[str, ...]:
    """Return the files with tests that exist in both commits."""
    both = set.intersection(*({*_git("ls-tree", "-r", "--name-only", commit, "tests")} for commit in (BASE, "HEAD")))
    return tuple(sorted(file for file in both if Path(file).match("test_*.py")))


def _prepare(clone: Path, commit: str) -> None:
    """Check out a commit in its clone, and install its environment, unless this was done before."""
    if not clone.exists():
        install(["git", "clone", "--quiet", "--shared", "--no-checkout", str(ROOT), str(clone)], quiet=True)
    (head,) = _git("rev-parse", commit)
    install(["git", "-C", str(clone), "fetch", "--quiet", str(ROOT), head], quiet=True)
    install(["git", "-C", str(clone), "checkout", "--quiet", "--detach", head], quiet=True)
    install(["bash", "-c", f"cd '{clone}' && . scripts/venv uv dev images npm"], quiet=True)


def _run(commit: str, files: Sequence[str], workers: int) -> Make:
    def command(_folder: Path) -> Command:
        clone = TOOLS / f"tests-{'HEAD' if commit == 'HEAD' else commit[:12]}"
        parallel = ["-n", str(workers), "--dist", "worksteal"] if not files else []
        words = [".venv/bin/pytest", "-q", "-p", "no:cacheprovider", *parallel, *(files or _files())]
        title = f"pytest {' '.join(files) or 'on all files'} of {commit[:7]}"
        environment = {"PYTHONDONTWRITEBYTECODE": ""}  # as in CI
        return Command(title, words, (0,), environment, clone, partial(_prepare, clone, commit))

    return command


_PROCESSORS = os.cpu_count() or 1
# As many workers as scripts/test of each commit starts.
ROWS = tuple(
    Row(
        name,
        _run("HEAD", files, (_PROCESSORS * 3 + 1) // 2),
        _run(BASE, files, _PROCESSORS * 2),
        TARGET,
        most_pairs=1,
        warm_up=False,
    )
    for name, files in PARTS.items()
)
