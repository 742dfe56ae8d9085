"""The reference: templates/README.md, written from the same objects as the templates."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from troposphere import encode_to_dict

from smtemplates.aws_data.regions import UNKNOWN_REGIONS
from smtemplates.core.assemble import Definition
from smtemplates.core.assets import read_asset
from smtemplates.errors import Error
from smtemplates.evaluate import Stack
from smtemplates.pages import diagram, places
from smtemplates.pages.drawing import WORKSPACE, workspace_file
from smtemplates.pages.picture import picture as draw
from smtemplates.pages.places import PLACES
from smtemplates.reference import sections
from smtemplates.reference.controls import CONTROLS
from smtemplates.reference.examples import PSEUDO
from smtemplates.reference.markdown import block, code, table
from smtemplates.reference.wording import everything
from smtemplates.synth.loader import load
from smtemplates.synth.renderer import render
from smtemplates.templates.registry import TEMPLATES, definition
from smtemplates.templates.workspace import encryption
from smtemplates.templates.workspace import template as workspace

PICTURE = "workspace.svg"
INTRODUCTION = """\
# Reference

Written by `python -m smtemplates reference` from the code that renders the templates: change that, not this file.
"""
# What a template's chapter begins with: a title, and the file that follows it.
GUIDES = {
    "launch-role": ("Looking after the launch role", "launching.md"),
    "service-catalog": ("Looking after the catalog", "launching.md"),
    "stack-set": ("Rolling out a fleet", "fleet.md"),
}
Section = tuple[str, Iterator[str]]


def text() -> str:
    """Write the whole reference. This imports cfn-lint, for what its schemas tell about Regions.

    Raises:
        TemplateError: nothing says what a type of resource costs.
    """
    written, taken = [INTRODUCTION], Counter[str]()
    first: dict[str, Any] = {}
    for name in TEMPLATES:
        built = definition(name)
        description = built.description
        template, area_of = _read(built)
        found = _sections(template, area_of, first)
        if name in GUIDES:
            title, file = GUIDES[name]
            found.insert(0, (title, iter([_asset(file)])))
        first = first or template
        written += [f"## {name}.yaml\n", f"{description}.\n", _contents([title for title, _ in found], taken)]
        for title, body in found:
            written += [f"### {title}\n", *body]
    return "\n".join(written)


def overview() -> diagram.Diagram:
    """Return the diagram of the workspace with all features."""
    template, area_of = _read(workspace.definition())
    return diagram.diagram(template, area_of, everything(template))


def missing_places() -> list[str]:
    """Return a sentence for each group of the workspace that has resources but no place in the picture."""
    return places.missing_places((each.title for each in workspace.constructs() if each.resources), PLACES)


def files() -> dict[Path, str]:
    """Return the text of each generated file: the reference, the picture, and the groups that pages show.

    Raises:
        TemplateError: a row of data is missing, such as the place of a group.
    """
    return {
        Path("templates", "README.md"): text(),
        Path("templates", PICTURE): picture(),
        Path("smtemplates", "pages", "assets", WORKSPACE): workspace_file(overview()),
    }


def picture() -> str:
    """Return the README's picture as SVG.

    Raises:
        TemplateError: a group of the workspace has no place in the picture. The message names all such groups.
    """
    return draw(overview())


def _read(built: Definition) -> tuple[dict[str, Any], dict[str, str]]:
    """Give a template as users get it, and the area of each resource."""
    template = load(render(built.template()))
    return template, {str(resource.title): each.title for each in built.constructs for resource in each.resources}


def _sections(template: Mapping[str, Any], area_of: Mapping[str, str], workspace: Mapping[str, Any]) -> list[Section]:
    """List a template's sections; where the `workspace` is not written yet, this is it, and has some of its own."""
    own = not workspace
    found: list[Section] = [
        ("What it makes", sections.pictures(template, area_of)),
        ("Costs while idle, and what outlives the stack", sections.costs(template)),
        ("Parameters", sections.parameters(template, workspace)),
        ("Resources", sections.resources(template, area_of)),
        ("Outputs", sections.outputs(template)),
        ("Permissions", sections.permissions(template)),
        ("Regions", _regions(template)),
    ]
    if own and CONTROLS:
        found.append(("Security controls", _controls()))
    if own:
        found.append(("What the policy of your own KMS key must allow", _key_policy(encryption.required_key_policy)))
        found.append(("Training with the SageMaker SDK 3", _snippet("model_trainer.py")))
    return found


def _contents(titles: Sequence[str], taken: Counter[str]) -> str:
    """Link to a chapter's sections; the anchor of a title that was there before ends in a number."""
    lines = []
    for title in titles:
        anchor = "".join(letter for letter in title.lower().replace(" ", "-") if letter.isalnum() or letter == "-")
        lines.append(f"- [{title}](#{anchor}{f'-{taken[anchor]}' if taken[anchor] else ''})\n")
        taken[anchor] += 1
    return "".join(lines)


def _regions(template: Mapping[str, Any]) -> Iterator[str]:
    from smtemplates.reference.regions import lacking  # noqa: PLC0415  it imports cfn-lint, which takes its time

    lacks = lacking(template)
    absent = {region: _absent(template, region) for region in lacks}
    unknown = [region for region in lacks if absent[region] is None]
    whole = [region for region in lacks if not lacks[region] and region not in {*unknown, *UNKNOWN_REGIONS}]
    yield f"By the schemas that cfn-lint carries, every type of resource is in {', '.join(map(code, whole))}.\n"
    guessed = [code(region) for region in UNKNOWN_REGIONS if region not in unknown]
    yield f"It has none for {', '.join(guessed)}: what is there is not known, and cfn-lint takes what us-east-1 has.\n"
    if unknown:
        yield f"The mappings do not know {', '.join(map(code, unknown))}: the template cannot be deployed there.\n"
    if any(lacks.values()):
        yield table(
            ("Region", "Lacks", "Render it there with"),
            (
                (code(region), "<br>".join(map(code, types)), _left_out(template, types))
                for region, types in lacks.items()
                if types
            ),
        )
    together: dict[tuple[str, ...], list[str]] = {}
    for region, names in absent.items():
        if names:
            together.setdefault(names, []).append(region)
    if together:
        yield "Outputs about what a Region does not have are absent there:\n"
        yield table(
            ("Regions", "Absent outputs"),
            ((", ".join(map(code, found)), ", ".join(map(code, names))) for names, found in together.items()),
        )


def _left_out(template: Mapping[str, Any], types: Sequence[str]) -> str:
    """Say how to render a template without the areas that have these types, where they are features."""
    built_by = {
        str(resource.title): workspace.feature_of(each.source)
        for each in workspace.constructs()
        for resource in each.resources
    }
    features = {built_by.get(name) for name, body in template["Resources"].items() if body["Type"] in types}
    if not all(features):
        return "nothing: the template needs it"
    return code(f"--without {','.join(sorted(filter(None, features)))}")


def _absent(template: Mapping[str, Any], region: str) -> tuple[str, ...] | None:
    """Give the outputs that a Region lacks though nobody turned them off, or nothing where mappings do not know it."""
    try:
        there = set(Stack(template, pseudo={"AWS::Region": region}).outputs)
    except Error:
        return None
    return tuple(sorted(set(Stack(template).outputs) - there))


def _controls() -> Iterator[str]:
    yield "What no live account has shown is said in the last column; where that is empty, a test shows all of it.\n"
    yield table(
        ("Control", "How it is met", "The test that holds it", "Not seen live"),
        ((each.asks, each.answer, code(each.test), each.unseen) for each in CONTROLS),
    )


def _snippet(name: str) -> Iterator[str]:
    yield block(_asset(name), "python")


def _asset(name: str) -> str:
    return read_asset(__package__, name)


def _key_policy(required: Callable[[], dict[str, Any]]) -> Iterator[str]:
    document = {"Resources": {"Key": {"Type": "AWS::KMS::Key", "Properties": encode_to_dict(required())}}}
    plain = Stack(document, pseudo=PSEUDO).resources["Key"]["Properties"]
    yield "Give a key as `KmsKeyArn` only if its policy has at least these statements:\n"
    yield block(json.dumps(plain, indent=2), "json")
