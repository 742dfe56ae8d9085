"""The expectation of the policies of the workflow packs, which exist only with the resources and names they need."""

from __future__ import annotations

from functools import partial

from expectations import Choice, Expectation

from constructs.execution_role import creates_role
from constructs.studio_repository import creates_repository

NAMES = {"Bedrock": ("BedrockModelIds",), "DataLake": ("AthenaWorkgroupNames", "GlueDatabaseNames")}
PACKS = {
    "PacksPolicy": ("JumpStart", "FeatureStore", "ModelMonitor", "Autopilot"),
    "ServicePacksPolicy": ("Bedrock", "DataLake", "LogsInsights"),
}


def selects(choice: Choice, pack: str) -> bool:
    """Return whether a pack is selected, with the resources and names that it needs."""
    needed = [choice.is_set(name) for name in NAMES.get(pack, ())]
    if pack == "DockerBuild":
        needed.append(creates_repository(choice))
    return pack in choice["WorkflowPacks"] and all(needed)


def has_policy(choice: Choice, policy: str) -> bool:
    """Return whether the role has a policy for packs."""
    selected = [selects(choice, pack) for pack in PACKS[policy]]
    return creates_role(choice) and any(selected)


EXPECTATION = Expectation(resources={policy: partial(has_policy, policy=policy) for policy in PACKS})
