"""Install the packages of a lock file with two processes of pip, because pip handles one package at a time.

usage: install_lock.py LOCK COMMAND...   (the command of pip without -r)
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path


def main(lock: Path, command: Sequence[str]) -> int:
    """Run a command for each half of a lock file, and return the exit code of the command that failed, or 0."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, f"{number}.txt") for number in range(2)]
        for file, text in zip(files, halves(lock.read_text(encoding="utf-8")), strict=True):
            file.write_text(text, encoding="utf-8")
        running = [subprocess.Popen([*command, "-r", str(file)]) for file in files if file.stat().st_size]
        try:
            codes = [process.wait() for process in running]
        finally:
            for process in running:
                process.terminate()  # without effect on a process that has ended
                process.wait()
    return next((code for code in codes if code), 0)


def halves(text: str) -> tuple[str, str]:
    """Split a lock file. Each half contains whole requirements with their hashes, and no comments."""
    requirements: list[str] = []
    for line in text.splitlines(keepends=True):
        if line[:1].isalnum():
            requirements.append(line)
        elif line[:1].isspace() and not line.lstrip().startswith("#"):
            requirements[-1] += line
    middle = len(requirements) // 2
    return "".join(requirements[:middle]), "".join(requirements[middle:])


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
