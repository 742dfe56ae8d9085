"""Releases: the versions that must be equal, the notes, the files, and the workflow that publishes them."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
import release
import release_notes

import smtemplates
from smtemplates.errors import UsageError
from smtemplates.synth.loader import load

ROOT = release.ROOT
VERSION = smtemplates.__version__
WORKFLOW = load((ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8"))
CHANGELOG = """\
# Changelog

## {version} ({date})

### What you must do

Nothing.

### New and changed

- `Topic` is new.

## 0.0.1 (2025-01-31)

- The first release.
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a folder with the files of a checkout that a release reads, ready for the release of this version."""
    for name in ("templates", "smtemplates"):
        (tmp_path / name).mkdir()
    shutil.copy(ROOT / "smtemplates" / "__init__.py", tmp_path / "smtemplates")
    for name in ("one", "two"):
        text = f"Metadata: {{smtemplates: {{Release: {VERSION}}}}}\nResources: {{}}\n"
        (tmp_path / "templates" / f"{name}.yaml").write_text(text)
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG.format(version=VERSION, date="2026-12-01"))
    return tmp_path


def change(path: Path, before: str, after: str) -> None:
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))


def test_all_versions_of_this_checkout_are_equal() -> None:
    """The package, the newest section of the changelog and the templates have the same version."""
    assert list(release_notes.problems(ROOT, None)) == []
    assert release_notes.package_version(ROOT) == VERSION


@pytest.mark.parametrize(
    ("file", "before", "after", "sentence"),
    [
        ("smtemplates/__init__.py", f'"{VERSION}"', '"9.0.0"', f"the tag is v{VERSION}, but the version"),
        ("CHANGELOG.md", f"## {VERSION}", "## 9.0.0", "the newest section of CHANGELOG.md is 9.0.0"),
        ("CHANGELOG.md", "2026-12-01", "unreleased", "by the date of the release"),
        ("CHANGELOG.md", "### What you must do", "### Notes", 'must begin with "### What you must do"'),
        ("templates/two.yaml", VERSION, "9.0.0", "templates/two.yaml is of release 9.0.0"),
        ("templates/one.yaml", "smtemplates", "others", "templates/one.yaml is of release None"),
    ],
)
def test_each_missing_part_of_a_release_is_reported(
    checkout: Path, file: str, before: str, after: str, sentence: str
) -> None:
    """A complete checkout has no problem. Each incomplete one has a sentence."""
    assert list(release_notes.problems(checkout, f"v{VERSION}")) == []
    change(checkout / file, before, after)
    assert any(sentence in found[:1].lower() + found[1:] for found in release_notes.problems(checkout, f"v{VERSION}"))


def test_notes_are_the_section_of_a_version(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The notes begin with the duties of users and end before the next version. Unknown versions are an error."""
    section = release_notes.section(checkout, VERSION)
    assert section.text == "### What you must do\n\nNothing.\n\n### New and changed\n\n- `Topic` is new.\n"
    assert section.duties == "\nNothing.\n\n"
    assert release_notes.section(checkout, "0.0.1").text == "- The first release.\n"
    with pytest.raises(UsageError, match=r"no section 0\.0\.2\. It has .*, 0\.0\.1\."):
        release_notes.section(checkout, "0.0.2")
    assert release.main(["notes"]) == 0
    assert capsys.readouterr().out == release_notes.section(ROOT, VERSION).text


def test_the_next_version_begins_with_the_recorded_templates(checkout: Path) -> None:
    """The templates are copied, and the package and the changelog have the new version. Nothing else is written."""
    written = release_notes.start(checkout, "9.1.0")
    names = [f"tests/released/{VERSION}/{name}.yaml" for name in ("one", "two")]
    assert {path.relative_to(checkout).as_posix() for path in written} == {
        *names,
        "smtemplates/__init__.py",
        "CHANGELOG.md",
    }
    assert (checkout / names[0]).read_text() == (checkout / "templates" / "one.yaml").read_text()
    assert release_notes.package_version(checkout) == "9.1.0"
    found = release_notes.sections((checkout / "CHANGELOG.md").read_text())
    assert [(section.version, section.date) for section in found] == [
        ("9.1.0", "unreleased"),
        (VERSION, "2026-12-01"),
        ("0.0.1", "2025-01-31"),
    ]
    assert found[0].duties.strip() == "Nothing."
    assert release.last_release(checkout, "9.1.0").name == VERSION


@pytest.mark.parametrize("version", [VERSION, "0.1.9", "1.0", "v9.1.0"])
def test_a_version_that_is_not_newer_is_rejected(checkout: Path, version: str) -> None:
    """Nothing is written."""
    with pytest.raises(UsageError):
        release_notes.start(checkout, version)
    assert release_notes.package_version(checkout) == VERSION


def test_an_unreleased_version_must_be_released_first(checkout: Path) -> None:
    """Otherwise the recorded templates could still change."""
    change(checkout / "CHANGELOG.md", "2026-12-01", "unreleased")
    with pytest.raises(UsageError, match="Release it first"):
        release_notes.start(checkout, "9.1.0")


@pytest.mark.slow
def test_two_builds_have_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second build is of a copy, with other times and permissions. The checksums cover all files."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1764547200")
    one, other, copy = tmp_path / "one", tmp_path / "other", tmp_path / "copy"
    assert release.main(["build", "-o", str(one)]) == 0
    umask = os.umask(0o077)
    try:
        ignored = shutil.ignore_patterns("__pycache__")
        for name in ("smtemplates", "templates"):
            shutil.copytree(ROOT / name, copy / name, copy_function=shutil.copyfile, ignore=ignored)
        for name in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copyfile(ROOT / name, copy / name)
        monkeypatch.setattr(release, "ROOT", copy)
        release.build(other)
    finally:
        os.umask(umask)
    sums = (one / "attachments" / release.SUMS).read_text()
    assert sums == (other / "attachments" / release.SUMS).read_text()
    built = [path for folder in ("packages", "attachments") for path in (one / folder).iterdir()]
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in built if path.name != release.SUMS}
    assert sorted(line.split("  ") for line in sums.splitlines()) == sorted(
        [digest, name] for name, digest in found.items()
    )
    names = {f"smtemplates-{VERSION}.tar.gz", f"smtemplates-{VERSION}-py3-none-any.whl"}
    assert found.keys() == names | {path.name for path in (ROOT / "templates").glob("*.yaml")}
    check_packages(one / "packages")
    publish(tmp_path, one)
    with pytest.raises(UsageError, match="is not empty"):
        release.build(one)


def check_packages(folder: Path) -> None:
    """Check that both archives have the version, and contain the license and no files of the tests."""
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        metadata = archive.read(f"smtemplates-{VERSION}.dist-info/METADATA").decode()
        assert f"\nVersion: {VERSION}\n" in metadata
        assert not [name for name in archive.namelist() if not name.startswith(("smtemplates/", "smtemplates-"))]
    with tarfile.open(next(folder.glob("*.tar.gz"))) as sources:
        top = {name.split("/")[1] for name in sources.getnames() if "/" in name}
    assert top == {"smtemplates", "pyproject.toml", "README.md", "LICENSE", "PKG-INFO"}


def publish(folder: Path, built: Path) -> None:
    """Run the commands of the jobs that receive the built files, with a `gh` that writes down its arguments."""
    work, programs = folder / "work", folder / "bin"
    (work / "files").mkdir(parents=True)
    programs.mkdir()
    for name in ("packages", "attachments"):
        shutil.copytree(built / name, work / "files", dirs_exist_ok=True)
    (work / "notes.md").write_text("notes")
    gh = programs / "gh"
    gh.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" >{folder}/arguments\n")
    gh.chmod(0o755)
    for job in ("attest", "attach"):
        for step in WORKFLOW["jobs"][job]["steps"]:
            if "run" in step:
                variables = {"PATH": f"{programs}:{os.defpath}", "GITHUB_REF_NAME": f"v{VERSION}"}
                subprocess.run(["/bin/bash", "-e", "-c", step["run"]], cwd=work, env=variables, check=True)
    words = (folder / "arguments").read_text().split()
    assert words[:4] == ["release", "create", f"v{VERSION}", "--verify-tag"]
    assert {word.removeprefix("files/") for word in words if word.startswith("files/")} == {
        path.name for path in (work / "files").iterdir()
    }


def test_the_workflow_publishes_only_tested_and_attested_files() -> None:
    """Jobs that can sign or publish run no code of the repository, and wait for the jobs before them."""
    jobs: dict[str, dict[str, Any]] = WORKFLOW["jobs"]
    assert WORKFLOW["on"] == {"push": {"tags": ["v*"]}}
    assert WORKFLOW["permissions"] == {}
    needs = {name: job.get("needs") for name, job in jobs.items()}
    assert needs == {"test": None, "build": None, "attest": ["test", "build"], "publish": "attest", "attach": "publish"}
    writing = {name for name, job in jobs.items() if "write" in job["permissions"].values()}
    assert writing == {"attest", "publish", "attach"}
    for name in writing:
        assert not re.search(r"checkout@|scripts/", json.dumps(jobs[name]))
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert jobs["publish"]["environment"] == "release"


def test_commands_of_the_workflow_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command of scripts/release in the workflow is accepted, and the artifacts are the folders that it writes."""
    called: list[Any] = []

    def check(tag: str | None, *, offline: bool) -> int:
        called.append((tag, offline))
        return 0

    monkeypatch.setattr(release, "check", check)
    monkeypatch.setattr(release, "build", called.append)
    steps = WORKFLOW["jobs"]["build"]["steps"]
    for step in steps:
        if match := re.match(r"scripts/release ([^>]*)", step.get("run", "")):
            words = match[1].replace('"$GITHUB_REF_NAME"', f"v{VERSION}").split()
            assert release.main(words) == 0
    assert called == [(f"v{VERSION}", False), Path("release")]
    paths = [step["with"]["path"] for step in steps if "upload-artifact" in step.get("uses", "")]
    assert paths == ["release/packages/", "release/attachments/", "notes.md"]


def test_the_address_of_the_repository_is_the_one_of_pyproject() -> None:
    """Every other place that needs the address has the same one."""
    (address,) = re.findall(r'(?m)^Repository = "https://github\.com/(\w[\w-]*/smtemplates)"$', read("pyproject.toml"))
    files = subprocess.run(["git", "-C", str(ROOT), "ls-files"], check=True, capture_output=True, text=True).stdout
    for name in files.splitlines():
        if name.endswith((".md", ".yml", ".yaml", ".toml", ".py", ".html")) or "CODEOWNERS" in name:
            found = set(re.findall(r"github\.com/([\w-]+/smtemplates)\b", read(name)))
            assert found <= {address}, name


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")
