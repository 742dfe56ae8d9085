"""The sections of the reference, each written from a template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from smtemplates.aws_data import network_prices
from smtemplates.aws_data.costs import COSTS, DELETED, IDLE_FREE, ON_DELETION, RETAINED, missing_costs
from smtemplates.errors import TemplateError
from smtemplates.evaluate import Stack
from smtemplates.pages import diagram
from smtemplates.reference.conditions import description, main_setting, satisfying
from smtemplates.reference.examples import ACCOUNT, REGION, STACK, example_stack, stack_with_logical_ids
from smtemplates.reference.iam_policies import policy_tables
from smtemplates.reference.markdown import block, code, prose, table
from smtemplates.synth.declarations import parameter_groups
from smtemplates.templates.network.endpoint_services import SERVICES

if TYPE_CHECKING:
    from smtemplates.reference.parameter_changes import Effect

LONG = 100  # characters. Longer examples are shown below their table.

Template = Mapping[str, Any]
ConstructTitles = Mapping[str, str]


def architecture(template: Template, construct_of: ConstructTitles, options: Mapping[str, str]) -> Iterator[str]:
    """Yield diagrams of the stack with default parameters and with all `options` enabled."""
    for title, parameters in (
        ("With default parameters", {}),
        ("With all options enabled", options),
    ):
        if not Stack(template, parameters).resources:
            continue
        drawn = diagram.mermaid(diagram.diagram(template, construct_of, parameters))
        yield f"{title}:\n\n{block(drawn, 'mermaid')}"
    yield f"{diagram.LEGEND}\n"


def parameters(template: Template, workspace: Template) -> Iterator[str]:
    """Yield the parameters by console group, and the messages of the Rules. Those of the workspace are not repeated."""
    known, passed_on = workspace.get("Parameters", {}), []
    yield "The CloudFormation console shows the parameters in these groups.\n"
    for title, names in parameter_groups(template).items():
        declared = {name: template["Parameters"][name] for name in names}
        if all(known.get(name) == body for name, body in declared.items()):
            passed_on.append(title)
            continue
        yield f"#### {title}\n"
        rows = (
            (code(name), code(str(body.get("Default", ""))), _allowed_values(body), prose(body.get("Description", "")))
            for name, body in declared.items()
        )
        yield table(("Parameter", "Default", "Allowed values", "Description"), rows)
    if passed_on:
        yield (
            "The parameters of the following groups are passed to each workspace. Their defaults, descriptions and "
            f"validation rules are those of [workspace.yaml](#parameters): {', '.join(passed_on)}. Rules that depend "
            "on the Region are evaluated in the Region of each workspace.\n"
        )
    if messages := [
        assertion.get("AssertDescription", name)
        for name, rule in template.get("Rules", {}).items()
        if workspace.get("Rules", {}).get(name) != rule
        for assertion in rule["Assertions"]
    ]:
        yield "#### Validation rules\n"
        yield "Invalid combinations are rejected with one of these messages before any resource is created:\n"
        yield "".join(f"- {prose(message)}\n" for message in messages)


def parameter_changes(effects: Sequence[Effect]) -> Iterator[str]:
    """Yield the effects of a change of each parameter on existing resources."""
    if not effects:
        yield "A change of a parameter does not replace a resource, or delete one that contains data.\n"
        return
    yield (
        "A change of these parameters does more than update existing resources in place. A plan shows the effects "
        "before you deploy.\n"
    )
    outcomes = ("replaced", "deleted", "deployed again")
    rows = (
        (code(name), *(_affected(effects, name, outcome) for outcome in outcomes))
        for name in dict.fromkeys(effect.parameter for effect in effects)
    )
    yield table(("Parameter", "Replaced", "Deleted, with data", "Deployed again"), rows)


def _affected(effects: Sequence[Effect], parameter: str, outcome: str) -> str:
    found = [effect for effect in effects if (effect.parameter, effect.outcome) == (parameter, outcome)]
    return ", ".join(f"{code(effect.logical_id)}{' (retained)' if effect.retained else ''}" for effect in found)


def resources(template: Template, construct_of: ConstructTitles) -> Iterator[str]:
    """Yield the resources by construct, with the condition of each resource and the effect of deleting the stack."""
    yield "The tables show when a resource is created, and what happens to it when the stack is deleted.\n"
    for title in dict.fromkeys(construct_of[name] for name in template["Resources"]):
        yield f"#### {title}\n"
        rows = (
            (code(name), code(body["Type"]), description(template, body.get("Condition")), on_deletion(body))
            for name, body in template["Resources"].items()
            if construct_of[name] == title
        )
        yield table(("Resource", "Type", "Created", "When the stack is deleted"), rows)


def interface_endpoints() -> Iterator[str]:
    """Yield the services with an interface endpoint, and the calls that need each of them."""
    price = network_prices.interface_endpoints(1, 1)
    yield f"Each endpoint costs {price} per Availability Zone and month. {network_prices.VALIDITY}\n"
    yield table(
        ("Service", "By default", "Needed for", "Source"),
        (
            (code(each.name), "yes" if each.default else "no", prose(each.needed_for), f"<{each.source}>")
            for each in SERVICES
        ),
    )
    yield (
        "Endpoints are left out in Regions without the service: "
        + ", and ".join(
            f"{code(each.name)} in {', '.join(map(code, each.lacking))}" for each in SERVICES if each.lacking
        )
        + ". CloudFormation cannot check other endpoints before it creates them. If the Region does not have one, the "
        "deployment fails and names the service. Remove it from the list. This command prints all services:\n\n"
    )
    yield block("aws ec2 describe-vpc-endpoint-services --query ServiceNames --region eu-west-1\n", "console")


def outputs(template: Template, options: Mapping[str, str]) -> Iterator[str]:
    """Yield the outputs with an example of each, or one with all `options` enabled. Long examples follow the table."""
    yield (
        f"The examples show a stack {code(STACK)} in account {code(ACCOUNT)} and Region {code(REGION)}. Only the "
        "parameters that an output requires are specified.\n"
    )
    complete = example_stack(template, options).outputs
    examples: dict[tuple[tuple[str, str], ...], dict[str, Any]] = {}
    rows, long = [], []
    for name, body in template.get("Outputs", {}).items():
        condition = body.get("Condition")
        required = tuple(satisfying(template, condition).items())
        if required not in examples:
            examples[required] = example_stack(template, dict(required)).outputs
        minimal = examples[required]
        value = str((minimal if name in minimal else complete).get(name, ""))
        short = len(value) <= LONG and "\n" not in value
        shown = code(value) if short else "see below"
        exported = " (exported)" if "Export" in body else ""
        rows.append(
            (code(name), f"{prose(body.get('Description', ''))}{exported}", description(template, condition), shown)
        )
        long += [] if short else [(name, value)]
    yield table(("Output", "Description", "Available", "Example"), rows)
    for name, value in long:
        yield f"<details><summary><code>{name}</code></summary>\n\n{block(value)}\n</details>\n"


def permissions(template: Template, options: Mapping[str, str], introduction: str = "") -> Iterator[str]:
    """Yield every IAM policy of a stack with all `options` enabled, after an introduction."""
    tables = list(policy_tables(stack_with_logical_ids(template, options)))
    if not tables:
        yield "This template contains no IAM policies.\n"
        return
    if introduction:
        yield introduction
    yield (
        "The tables show a stack with all options enabled. Resources are shown by their logical IDs. A table without "
        "principals shows a policy that is attached to a role. ARNs are shown without the account and Region of the "
        f"stack. In conditions, the account is {code(ACCOUNT)} and the Region is {code(REGION)}.\n"
    )
    yield from tables


def costs(template: Template, *, complete: bool = True) -> Iterator[str]:
    """Yield the resources by parameter setting, with their costs while idle and the effect of deleting the stack.

    If it is not `complete`, the costs of some resource types may be unknown.

    Raises:
        TemplateError: resource types have no cost. The message lists all of them.
    """
    types = {body["Type"] for body in template["Resources"].values()}
    if (missing := missing_costs(types)) and complete:
        raise TemplateError("\n".join(missing))
    by_setting: dict[str, dict[str, Any]] = {}
    for name, body in template["Resources"].items():
        by_setting.setdefault(main_setting(template, body.get("Condition")), {})[name] = body
    rows = ((setting, ", ".join(map(code, created)), *_summary(created)) for setting, created in by_setting.items())
    yield table(("Setting", "Creates", "Cost while idle", "When the stack is deleted"), rows)
    pages = sorted({COSTS[type_].page for type_ in types if type_ in COSTS})
    if pages:
        links = ", ".join(f"<{page}>" for page in pages)
        yield f"Source of the units: {links}. Usage is charged in addition.\n"
    if unknown := sorted(types - COSTS.keys() - IDLE_FREE):
        yield f"The costs of these resource types are unknown: {', '.join(map(code, unknown))}.\n"


def on_deletion(body: Mapping[str, Any]) -> str:
    """Return the effect of deleting the stack on a resource."""
    retained = body.get("DeletionPolicy", "Delete").startswith("Retain")
    return RETAINED if retained else ON_DELETION.get(body["Type"], DELETED)


def _summary(created: Mapping[str, Mapping[str, Any]]) -> tuple[str, str]:
    """Return the costs of resources while idle, and all effects of deleting the stack other than plain deletion."""
    cost: dict[str, str] = {}
    effects: dict[str, str] = {}
    known = all(body["Type"] in COSTS or body["Type"] in IDLE_FREE for body in created.values())
    for body in created.values():
        type_, effect = body["Type"], on_deletion(body)
        if type_ in COSTS:
            cost[diagram.kind(type_)] = COSTS[type_].unit
        if effect != DELETED:
            effects[diagram.kind(type_)] = effect
    return _by_kind(cost) or ("nothing" if known else "unknown"), _by_kind(effects) or DELETED


def _by_kind(sentences: Mapping[str, str]) -> str:
    return "<br>".join(f"{kind}: {sentence}" for kind, sentence in sentences.items())


def _allowed_values(body: Mapping[str, Any]) -> str:
    if "AllowedValues" in body:
        return ", ".join(code(str(value)) for value in body["AllowedValues"])
    return prose(str(body.get("ConstraintDescription", "any value")).removeprefix("must be "))
