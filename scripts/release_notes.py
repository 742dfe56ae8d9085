"""Read and extend the changelog, and compare its versions with those of the package and the templates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from smtemplates.errors import UsageError
from smtemplates.synth.loader import load

UNRELEASED = "unreleased"
FIRST = "### What you must do"
_HEADING = re.compile(rf"^## (?P<version>\d+\.\d+\.\d+) \((?P<date>{UNRELEASED}|\d{{4}}-\d\d-\d\d)\)$", re.MULTILINE)
_VERSION = re.compile(r'(?m)^__version__ = "(?P<version>[^"]+)"$')
NEW_SECTION = """\
## {version} (unreleased)

{first}

Nothing.

### New and changed

"""


@dataclass(frozen=True)
class Section:
    """The section of a version in the changelog. `date` is its release date or "unreleased", `text` all below it."""

    version: str
    date: str
    text: str

    @property
    def duties(self) -> str:
        """The part of the text below "What you must do"."""
        _, found, after = self.text.partition(f"{FIRST}\n")
        return re.split(r"(?m)^### ", after, maxsplit=1)[0] if found else ""


def numbers(version: str) -> tuple[int, ...]:
    """Return a version such as 0.10.0 as numbers, so that versions can be compared.

    Raises:
        UsageError: the text is not a version.
    """
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise UsageError(f"{version!r} is not a version such as 0.3.0.")
    return tuple(map(int, version.split(".")))


def sections(text: str) -> list[Section]:
    """Return the sections of a changelog, the newest first."""
    found = list(_HEADING.finditer(text))
    ends = [heading.start() for heading in found[1:]] + [len(text)]
    return [
        Section(heading["version"], heading["date"], text[heading.end() : end].strip() + "\n")
        for heading, end in zip(found, ends, strict=True)
    ]


def section(root: Path, version: str) -> Section:
    """Return the section of a version in the changelog of a checkout.

    Raises:
        UsageError: the changelog does not contain the version.
    """
    found = sections((root / "CHANGELOG.md").read_text("utf-8"))
    for each in found:
        if each.version == version:
            return each
    raise UsageError(f"CHANGELOG.md has no section {version}. It has {', '.join(each.version for each in found)}.")


def package_version(root: Path) -> str:
    """Return the version of the package in a checkout, which is also the version of its wheel."""
    (found,) = _VERSION.findall((root / "smtemplates" / "__init__.py").read_text("utf-8"))
    return str(found)


def problems(root: Path, tag: str | None) -> Iterator[str]:
    """Yield a sentence for each version that differs, and for each part of the changelog that a release needs."""
    version = package_version(root)
    newest = sections((root / "CHANGELOG.md").read_text("utf-8"))[0]
    if newest.version != version:
        yield f"The newest section of CHANGELOG.md is {newest.version}, but the version of the package is {version}."
    if not newest.text.startswith(FIRST):
        yield f'The section {newest.version} of CHANGELOG.md must begin with "{FIRST}".'
    if tag is not None and tag != f"v{version}":
        yield f"The tag is {tag}, but the version of the package is {version}."
    if tag is not None and newest.date == UNRELEASED:
        yield f'Replace "{UNRELEASED}" in the heading of CHANGELOG.md by the date of the release.'
    for path in sorted((root / "templates").glob("*.yaml")):
        release = load(path.read_text("utf-8")).get("Metadata", {}).get("smtemplates", {}).get("Release")
        if release != version:
            yield f"templates/{path.name} is of release {release}. Run scripts/regenerate."


def start(root: Path, version: str) -> list[Path]:
    """Record the released templates, begin the next version, and return the files that were written.

    Raises:
        UsageError: the version is not newer, or the changelog calls the last one unreleased.
    """
    last = package_version(root)
    if numbers(version) <= numbers(last):
        raise UsageError(f"{version} is not newer than {last}.")
    if section(root, last).date == UNRELEASED:
        raise UsageError(f"CHANGELOG.md calls {last} unreleased. Release it first.")
    texts = {
        root / "tests" / "released" / last / path.name: path.read_text("utf-8")
        for path in sorted((root / "templates").glob("*.yaml"))
    }
    package, changelog = root / "smtemplates" / "__init__.py", root / "CHANGELOG.md"
    texts[package] = _VERSION.sub(f'__version__ = "{version}"', package.read_text("utf-8"))
    before, heading, after = changelog.read_text("utf-8").partition(f"## {last} ")
    texts[changelog] = before + NEW_SECTION.format(version=version, first=FIRST) + heading + after
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(texts)
