"""Prepare releases: compare the templates with the last release, build the files of a release, and print its notes.

.github/RELEASING.md describes the steps of a release.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import release_notes
import tomli
from release_changes import Change, declared_changes, undocumented
from release_updates import created_ids, update

from smtemplates.console.files import write
from smtemplates.errors import Error, UsageError
from smtemplates.local_cloud.lifecycle import CLIENT, running
from smtemplates.synth.loader import load

ROOT = Path(__file__).resolve().parent.parent
SUMS = "SHA256SUMS"
EXAMPLES = """\
examples:
  scripts/release check                list all changes since the last release that can break users
  scripts/release check --offline      the same without updating stacks on the local cloud
  scripts/release check --tag v0.2.0   check also that everything is ready for this tag
  scripts/release build -o release     build the wheel, the source archive, and the checksums of all files
  scripts/release notes                print the section of this version in CHANGELOG.md
  scripts/release start 0.3.0          record the templates of the last release, and begin the next version

exit codes: 0 ready, 1 something is missing, 2 bad input
"""


def last_release(root: Path, version: str) -> Path:
    """Return the folder with the templates of the last release before a version.

    Raises:
        UsageError: no earlier release is recorded.
    """
    folders = [path for path in (root / "tests" / "released").iterdir() if path.is_dir()]
    earlier = [path for path in folders if release_notes.numbers(path.name) < release_notes.numbers(version)]
    if not earlier:
        raise UsageError(f"tests/released contains no release before {version}.")
    return max(earlier, key=lambda path: release_notes.numbers(path.name))


def offline_changes(root: Path, last: Path) -> Iterator[Change]:
    """Yield the changes of all templates since a release that are found without a deployment."""
    for path in sorted(last.glob("*.yaml")):
        current = root / "templates" / path.name
        if not current.exists():
            yield Change(path.stem, path.stem, "does not exist any more")
            continue
        yield from declared_changes(path.stem, load(path.read_text("utf-8")), load(current.read_text("utf-8")))


def deployed_changes(root: Path, last: Path, url: str) -> Iterator[Change]:
    """Yield the resources that updates of complete stacks replace or delete on a local cloud."""
    created = created_ids(url)
    full = tomli.loads((root / "tests" / "released" / "full.toml").read_text("utf-8"))
    with tempfile.TemporaryDirectory() as scratch:
        for path in sorted(last.glob("*.yaml")):
            print(f"updating a complete stack of {path.stem} ...", file=sys.stderr)
            values = {name: created.get(value, value) for name, value in full[path.stem].items()}
            done = update(url, path, root / "templates" / path.name, values, scratch=Path(scratch))
            yield from done.changes(path.stem)
            if not done.release_changes_nothing:
                yield Change(path.stem, "Release", "in the Metadata changes resources")


def check(tag: str | None, *, offline: bool) -> int:
    """Print the breaking changes and the missing parts of a release, and return the exit code."""
    version = release_notes.package_version(ROOT)
    last, section = last_release(ROOT, version), release_notes.section(ROOT, version)
    missing = list(release_notes.problems(ROOT, tag))
    changes = list(offline_changes(ROOT, last))
    if not offline:
        with running() as url:
            os.environ.update({**CLIENT, "AWS_ENDPOINT_URL": url})
            changes += deployed_changes(ROOT, last, url)
    unknown = undocumented(changes, section.duties)
    for change in sorted(set(changes)):
        print(f"{change}{' (not in the changelog)' if change in unknown else ''}")
    if unknown:
        missing.append(f'Describe these changes in CHANGELOG.md, in "What you must do" of version {version}.')
    for sentence in missing:
        print(f"release: {sentence}", file=sys.stderr)
    if not missing:
        print(f"{version} is ready: {len(set(changes))} changes since {last.name} can break users", file=sys.stderr)
    return int(bool(missing))


def build(folder: Path) -> None:
    """Write the wheel and the source archive into `packages`, and the templates and checksums into `attachments`.

    The files have the time of the commit, so that everyone can build the same bytes.

    Raises:
        UsageError: the folder is not empty.
    """
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty. Specify another folder with -o.")
    packages, attachments = folder / "packages", folder / "attachments"
    attachments.mkdir(parents=True)
    words = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(packages), str(ROOT)]
    subprocess.run(words, check=True, stdout=sys.stderr, env={**os.environ, "SOURCE_DATE_EPOCH": _source_date()})
    for path in sorted((ROOT / "templates").glob("*.yaml")):
        shutil.copyfile(path, attachments / path.name)
    files = sorted([*packages.iterdir(), *attachments.iterdir()], key=lambda path: path.name)
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    write(attachments / SUMS, "".join(lines))
    print(*lines, sep="", end="")


def _source_date() -> str:
    """Return the time of all files in the archives, in seconds since 1970: that of the commit, unless it is set.

    Source: https://reproducible-builds.org/docs/source-date-epoch/
    """
    words = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    given = os.environ.get("SOURCE_DATE_EPOCH")
    return given or subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command, and return the exit code."""
    style = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="scripts/release", description=__doc__, epilog=EXAMPLES, formatter_class=style, allow_abbrev=False
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    checking = commands.add_parser(
        "check", help="list the changes that can break users, and the missing parts of a release"
    )
    checking.add_argument("--tag", help="the tag to release, such as v0.2.0")
    checking.add_argument("--offline", action="store_true", help="do not update stacks on the local cloud")
    building = commands.add_parser("build", help="build the files of a release, with the same bytes on every machine")
    building.add_argument("-o", "--output", type=Path, default=Path("release"), help="folder (default: release)")
    notes = commands.add_parser("notes", help="print the section of a version in CHANGELOG.md")
    starting = commands.add_parser("start", help="record the released templates, and begin the next version")
    notes.add_argument("version", nargs="?", help="default: the version of the package")
    starting.add_argument("version", help="the next version, such as 0.3.0")
    options = parser.parse_args(arguments)
    if options.command == "check":
        return check(options.tag, offline=options.offline)
    if options.command == "build":
        build(options.output)
    elif options.command == "notes":
        print(release_notes.section(ROOT, options.version or release_notes.package_version(ROOT)).text, end="")
    else:
        for path in release_notes.start(ROOT, options.version):
            print(f"{path.relative_to(ROOT)}: written", file=sys.stderr)
        print("Now run scripts/regenerate.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Error as error:
        print(f"release: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
