"""The sections of the reference, each from the template that it is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from smtemplates.aws_data.costs import COSTS, GOES, IDLE_FREE, ON_DELETION, STAYS
from smtemplates.errors import TemplateError
from smtemplates.evaluate import Stack
from smtemplates.pages import diagram
from smtemplates.reference.examples import ACCOUNT, REGION, STACK, by_logical_id, named
from smtemplates.reference.markdown import block, code, prose, table
from smtemplates.reference.policies import policies
from smtemplates.reference.wording import everything, makes, switch, when_made

LONG = 100  # characters; a longer example stands below its table

Template = Mapping[str, Any]
Areas = Mapping[str, str]


def pictures(template: Template, area_of: Areas) -> Iterator[str]:
    """Draw what is made with no parameter at all, and with every switch on."""
    for title, given in (("With no parameter", {}), ("With everything on", everything(template))):
        if not Stack(template, given).resources:
            continue
        drawn = diagram.mermaid(diagram.diagram(template, area_of, given))
        yield f"{title}:\n\n{block(drawn, 'mermaid')}"
    yield f"{diagram.LEGEND}\n"


def parameters(template: Template, workspace: Template) -> Iterator[str]:
    """Write the parameters by the console's groups, then what the Rules refuse; what the workspace has is not new."""
    known, handed_on = workspace.get("Parameters", {}), []
    for group in template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]:
        declared = {name: template["Parameters"][name] for name in group["Parameters"]}
        if all(known.get(name) == about for name, about in declared.items()):
            handed_on.append(group["Label"]["default"])
            continue
        yield f"#### {group['Label']['default']}\n"
        rows = (
            (code(name), code(str(about.get("Default", ""))), _allowed(about), prose(about["Description"]))
            for name, about in declared.items()
        )
        yield table(("Parameter", "Default", "Allowed", "What it means"), rows)
    if handed_on:
        yield (
            "And, with the same defaults, meaning and refusals, [those of workspace.yaml](#parameters), which are "
            f"handed on: {', '.join(handed_on)}. What depends on the Region is refused there.\n"
        )
    if sentences := [
        assertion["AssertDescription"]
        for name, rule in template.get("Rules", {}).items()
        if workspace.get("Rules", {}).get(name) != rule
        for assertion in rule["Assertions"]
    ]:
        yield "#### What is refused before anything is made\n"
        yield "".join(f"- {prose(sentence)}\n" for sentence in sentences)


def resources(template: Template, area_of: Areas) -> Iterator[str]:
    """Write the resources by area, each with when it is made and what deletion does to it."""
    for area in dict.fromkeys(area_of[name] for name in template["Resources"]):
        yield f"#### {area}\n"
        rows = (
            (code(name), code(body["Type"]), when_made(template, body.get("Condition")), after_deletion(body))
            for name, body in template["Resources"].items()
            if area_of[name] == area
        )
        yield table(("Resource", "Type", "Made", "When the stack is deleted, it"), rows)


def outputs(template: Template) -> Iterator[str]:
    """Write the outputs with an example each, long ones below the table."""
    yield (
        f"Examples are of a stack {code(STACK)} in account {code(ACCOUNT)} and Region {code(REGION)}, with no "
        "parameter but those that the output needs.\n"
    )
    whole = named(template, everything(template)).outputs
    rows, long = [], []
    for name, body in template.get("Outputs", {}).items():
        condition = body.get("Condition")
        alone = named(template, makes(template, condition)).outputs
        value = str((alone if name in alone else whole).get(name, ""))
        short = len(value) <= LONG and "\n" not in value
        shown = code(value) if short else "below"
        exported = "; exported" if "Export" in body else ""
        rows.append((code(name), f"{prose(body['Description'])}{exported}", when_made(template, condition), shown))
        long += [] if short else [(name, value)]
    yield table(("Output", "What it is", "There", "Example"), rows)
    for name, value in long:
        yield f"<details><summary><code>{name}</code></summary>\n\n{block(value)}\n</details>\n"


def permissions(template: Template) -> Iterator[str]:
    """Write every policy of a stack that has everything."""
    written = list(policies(by_logical_id(template, everything(template))))
    if not written:
        yield "It has no policy.\n"
        return
    yield (
        "With every switch on; resources go by their logical IDs. A policy that names nobody is a role's own. Where no "
        f"account or Region is named it is the stack's; in conditions they are {code(ACCOUNT)} and {code(REGION)}.\n"
    )
    yield from written


def costs(template: Template) -> Iterator[str]:
    """Write for each switch what it makes, what of that costs money while idle, and what outlives the stack."""
    found: dict[str, dict[str, Any]] = {}
    for name, body in template["Resources"].items():
        found.setdefault(switch(template, body.get("Condition")), {})[name] = body
    rows = ((choice, ", ".join(map(code, made)), *_summed(made)) for choice, made in found.items())
    yield table(("Switch", "Makes", "Costs money while idle", "When the stack is deleted"), rows)
    types = {body["Type"] for body in template["Resources"].values()}
    pages = sorted({COSTS[type_].page for type_ in types if type_ in COSTS})
    if pages:
        links = ", ".join(f"<{page}>" for page in pages)
        yield f"Units are from AWS's pages: {links}. Work costs money besides.\n"


def after_deletion(body: Mapping[str, Any]) -> str:
    """Say what becomes of a resource when its stack is deleted."""
    kept = body.get("DeletionPolicy", "Delete").startswith("Retain")
    return STAYS if kept else ON_DELETION.get(body["Type"], GOES)


def _summed(made: Mapping[str, Mapping[str, Any]]) -> tuple[str, str]:
    """Say of resources, kind by kind, what they cost while idle, and what becomes of those that do not simply go."""
    cost: dict[str, str] = {}
    outlives: dict[str, str] = {}
    for name, body in made.items():
        type_, after = body["Type"], after_deletion(body)
        if type_ in COSTS:
            cost[diagram.kind(type_)] = COSTS[type_].unit
        elif type_ not in IDLE_FREE:
            raise TemplateError(f"{name}: say in smtemplates/aws_data/costs.py what {type_} costs while idle.")
        if after != GOES:
            outlives[diagram.kind(type_)] = after
    return _by_kind(cost) or "nothing", _by_kind(outlives) or GOES


def _by_kind(said: Mapping[str, str]) -> str:
    return "<br>".join(f"{kind}: {sentence}" for kind, sentence in said.items())


def _allowed(about: Mapping[str, Any]) -> str:
    if "AllowedValues" in about:
        return ", ".join(code(str(value)) for value in about["AllowedValues"])
    return prose(str(about.get("ConstraintDescription", "anything")).removeprefix("must be "))
