"""Resource policies: the permissions of the execution role for single resources of the stack.

Each policy is created after its resources. All have logical IDs of version 0.1.0: during an update, CloudFormation
creates policies before it deletes others, so with new IDs a role could briefly need more than ten.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

from collections.abc import Sequence

from troposphere import If

from smtemplates.core.construct import Construct, NamedCondition, all_of, any_of, not_, when
from smtemplates.core.iam import policy_document
from smtemplates.templates.workspace.execution_role import ExecutionRole, execution_role_policy
from smtemplates.templates.workspace.model_registry import ModelRegistry
from smtemplates.templates.workspace.notebook import Notebook
from smtemplates.templates.workspace.packs.pack import RESOURCE_POLICY
from smtemplates.templates.workspace.role_user import RoleUser
from smtemplates.templates.workspace.workflow_packs import WorkflowPacks


def notebook_policy(
    execution_role: ExecutionRole, workflow_packs: WorkflowPacks, notebook: Notebook | None = None
) -> Construct:
    """Build the policy for the notebook instance, and for the repository to which a workflow pack pushes images."""
    in_packs = [
        NamedCondition(f"Allow{pack.name}", all_of(execution_role.create_role, workflow_packs.selected[pack.name]))
        for pack in workflow_packs.packs
        if pack.policy == RESOURCE_POLICY
    ]
    users = [notebook] if notebook else []
    needed = [*(user.has_grants for user in users), *in_packs]
    grants = [*_grants(users), *workflow_packs.grants(RESOURCE_POLICY)]
    if not grants:
        return Construct(title="Notebook", source=__name__)
    if len(needed) > 1:
        condition = NamedCondition(f"Create{RESOURCE_POLICY}", any_of(*needed))
        conditions = [*in_packs, condition]
    else:  # a condition of the statements would repeat that of the policy
        (condition,), conditions, grants = needed, in_packs, [grant.data["Fn::If"][1] for grant in grants]
    return Construct(
        title="Notebook",
        source=__name__,
        conditions=conditions,
        resources=[execution_role_policy(RESOURCE_POLICY, condition, policy_document(*grants))],
    )


def registry_policy(model_registry: ModelRegistry | None = None, mlflow: RoleUser | None = None) -> Construct:
    """Build the policy for the model package group and the MLflow app.

    Without a group, the policy for the app keeps its own logical ID.
    """
    policies, conditions = [], []
    if model_registry:
        tracking = _grants([mlflow] if mlflow else [])
        document = policy_document(*model_registry.grants, *tracking)
        policies.append(execution_role_policy("RegistryPolicy", model_registry.has_grants, document))
    if mlflow:
        alone = mlflow.has_grants
        if model_registry:
            alone = NamedCondition("TrackOnly", all_of(mlflow.has_grants, not_(model_registry.has_grants)))
            conditions.append(alone)
        policies.append(execution_role_policy("TrackingPolicy", alone, policy_document(*mlflow.grants)))
    return Construct(
        title=mlflow.title if mlflow else "Registry", source=__name__, conditions=conditions, resources=policies
    )


def _grants(users: Sequence[RoleUser]) -> list[If]:
    return [when(user.has_grants, grant) for user in users for grant in user.grants]
