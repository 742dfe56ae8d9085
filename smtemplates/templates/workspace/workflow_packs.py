"""Workflow packs: additional permissions of the execution role, which users select by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from troposphere import If, Parameter, Ref

from smtemplates.core.construct import (
    EACH_ONCE,
    Construct,
    NamedCondition,
    all_of,
    any_of,
    contains,
    is_empty,
    is_not_empty,
    is_true,
    list_parameter,
    not_,
    rule,
    string_parameter,
    when,
)
from smtemplates.templates.workspace.network import Network
from smtemplates.templates.workspace.packs import sagemaker, services, studio
from smtemplates.templates.workspace.packs.pack import RESOURCE_POLICY, STUDIO_POLICY, Pack
from smtemplates.templates.workspace.storage import Storage
from smtemplates.templates.workspace.studio_repository import StudioRepository
from smtemplates.templates.workspace.studio_settings import StudioSettings


@dataclass(frozen=True, kw_only=True)
class WorkflowPacks(Construct):
    """Contain the packs by name, and the condition that each is selected."""

    packs: Sequence[Pack]
    selected: Mapping[str, NamedCondition]
    policies: Mapping[str, NamedCondition]
    chosen: Parameter

    def grants(self, policy: str) -> list[If]:
        """Return the statements of the packs in a policy, which can also contain others."""
        return [
            when(self.selected[pack.name], permission.statement)
            for pack in self.packs
            if pack.policy == policy
            for permission in pack.permissions
        ]

    def sids(self) -> set[str]:
        """Return the names of all statements of packs."""
        return {permission.sid for pack in self.packs for permission in pack.permissions}

    def is_unused(self) -> dict[str, Any]:
        """Return a test for Rules: no pack is selected."""
        return {"Fn::EachMemberEquals": [Ref(self.chosen), ""]}


def workflow_packs(
    storage: Storage,
    network: Network,
    studio_settings: StudioSettings | None = None,
    studio_repository: StudioRepository | None = None,
) -> WorkflowPacks:
    """Build the list of packs. Packs for Studio exist only together with Studio."""
    models, workgroups, databases = _models(), _workgroups(), _databases()
    packs = [
        sagemaker.jumpstart(),
        sagemaker.feature_store(storage),
        sagemaker.model_monitor(network),
        sagemaker.autopilot(network),
        *([studio.shared_spaces(), studio.remote_ide()] if studio_settings else []),
        *([studio.docker_build(studio_repository)] if studio_repository else []),
        services.bedrock(models),
        services.data_lake(workgroups, databases),
        services.logs_insights(),
    ]
    chosen = _chosen([pack.name for pack in packs])
    # a pack without the resources that it needs is rejected by a Rule; linters evaluate conditions, but not Rules
    required = {"DockerBuild": [studio_repository.is_created] if studio_repository else []}
    given = {"Bedrock": [models], "DataLake": [workgroups, databases]}
    selected = {
        pack.name: NamedCondition(f"Use{pack.name}", _all([contains(chosen, pack.name), *needed]))
        for pack in packs
        for needed in [[*required.get(pack.name, []), *map(is_not_empty, given.get(pack.name, []))]]
    }
    policies = {
        policy: NamedCondition(
            f"Has{policy}", any_of(*(selected[pack.name] for pack in packs if pack.policy == policy))
        )
        for policy in dict.fromkeys(pack.policy for pack in packs)
        if policy not in {STUDIO_POLICY, RESOURCE_POLICY}
    }
    return WorkflowPacks(
        title="Workflow packs",
        source=__name__,
        parameters={
            "Workflow packs": chosen,
            "Models of Bedrock": models,
            "Workgroups of Athena": workgroups,
            "Databases of Glue": databases,
        },
        conditions=[*selected.values(), *policies.values()],
        rules=_rules(chosen, given, studio_settings, studio_repository),
        packs=packs,
        selected=selected,
        policies=policies,
        chosen=chosen,
    )


def _all(tests: list[Any]) -> Any:
    return all_of(*tests) if len(tests) > 1 else tests[0]


def _rules(
    chosen: Parameter,
    given: Mapping[str, Sequence[Parameter]],
    settings: StudioSettings | None,
    repository: StudioRepository | None,
) -> dict[str, Any]:
    rules = {}
    for pack, names in given.items():
        texts = " and ".join(str(name.title) for name in names)
        rules[f"{pack}NeedsNames"] = rule(
            f"The workflow pack {pack} requires {texts}. Without the pack, leave {texts} empty.",
            any_of(
                all_of(_lists(chosen, pack), *map(is_not_empty, names)),
                all_of(not_(_lists(chosen, pack)), *map(is_empty, names)),
            ),
        )
    if settings:
        rules["DomainPacksNeedDomain"] = rule(
            "The workflow packs SharedSpaces and RemoteIde require CreateDomain=true.",
            is_true(settings.create_domain),
            given=any_of(_lists(chosen, "SharedSpaces"), _lists(chosen, "RemoteIde")),
        )
    if repository:
        rules["DockerBuildNeedsRepository"] = rule(
            "The workflow pack DockerBuild requires CreateStudioRepository=true.",
            is_true(repository.create),
            given=_lists(chosen, "DockerBuild"),
        )
    return rules


def _lists(chosen: Parameter, pack: str) -> Any:
    """Return a test for Rules: the list contains a pack."""
    return {"Fn::Contains": [Ref(chosen), pack]}


def _chosen(names: Sequence[str]) -> Parameter:
    listed = ", ".join(names)
    return list_parameter(
        "WorkflowPacks",
        "Packs of additional permissions for the role that this stack creates, separated by commas: "
        f"{listed}. The reference explains each pack. Leave empty for no packs.",
        ("", *names),
        hint=f"must be empty or names from this list, separated by commas: {listed}",
    )


def _names(name: str, description: str, item: str, characters: int, most: int, hint: str) -> Parameter:
    return string_parameter(
        name,
        description,
        pattern=f"^$|^{EACH_ONCE}{item}(,{item}){{0,{most - 1}}}$",
        hint=f"must be empty or up to {most} {hint}, separated by commas, without spaces",
        max_length=most * (characters + 1),
    )


def _models() -> Parameter:
    return _names(
        "BedrockModelIds",
        "IDs of the models or inference profiles that the workflow pack Bedrock allows, separated by commas. "
        "Leave empty without this pack.",
        "[a-z][A-Za-z0-9.:-]{2,63}",
        64,
        services.MOST_MODELS,
        "IDs such as amazon.nova-lite-v1:0 or us.amazon.nova-pro-v1:0",
    )


def _workgroups() -> Parameter:
    return _names(
        "AthenaWorkgroupNames",
        "Names of the workgroups of Athena that the workflow pack DataLake allows, separated by commas. Leave empty "
        "without this pack.",
        "[A-Za-z0-9._-]{1,64}",
        64,
        services.MOST_WORKGROUPS,
        "names such as primary",
    )


def _databases() -> Parameter:
    return _names(
        "GlueDatabaseNames",
        "Names of the Glue databases that the workflow pack DataLake allows, separated by commas. Leave empty without "
        "this pack.",
        "[a-z0-9_-]{1,64}",
        64,
        services.MOST_DATABASES,
        "names such as sales",
    )
