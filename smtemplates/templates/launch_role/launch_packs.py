"""The workflow packs that roles of launches can use, as far as the permissions boundary of the launch role decides.

A pack is selected twice: the platform team allows it in the boundary, and the product or the user selects it. Users who
launch choose the models, workgroups and databases of a pack, unless the product fixes these parameters. So the boundary
limits a pack to the launch Regions and, where the names of the resources are known, to these resources.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from awacs.aws import ArnLike, Condition, StringLike
from troposphere import Parameter, Sub, encode_to_dict

from smtemplates.core.construct import Construct, NamedCondition, contains, list_parameter
from smtemplates.templates.launch_role.scope import STACKS, Scope, arns
from smtemplates.templates.workspace.packs.pack import Pack
from smtemplates.templates.workspace.workflow_packs import WorkflowPacks

_DOMAIN = "${!sagemaker:DomainId}"
_SAMPLES = ("jumpstart-*cache-prod-*", "sagemaker-example-files-prod-*", "sagemaker-sample-*")


@dataclass(frozen=True, kw_only=True)
class LaunchPack:
    """Contain a pack that the boundary can allow: the condition that it does, its actions, and its own statements.

    The actions are those that roles without packs do not have. Statements of the boundary contain them for all packs,
    except for those in `rows`.
    """

    allowed: NamedCondition
    actions: frozenset[str]
    rows: Sequence[Scope]


@dataclass(frozen=True, kw_only=True)
class LaunchPacks:
    """Contain the parameter for the packs, which does not exist without packs, and the packs."""

    parameter: Parameter | None
    packs: Sequence[LaunchPack]


def launch_packs(constructs: Iterable[Construct], without_packs: Iterable[str]) -> LaunchPacks:
    """Build the list of packs for the boundary. `without_packs` are the actions that it always allows."""
    packs = [pack for each in constructs if isinstance(each, WorkflowPacks) for pack in each.packs]
    always, rows = set(without_packs), _rows()
    actions = {pack.name: frozenset(_actions(pack) - always) for pack in packs}
    # SharedSpaces has only actions that roles without packs use for private spaces
    limited = [pack.name for pack in packs if actions[pack.name] or pack.name in rows]
    if not limited:
        return LaunchPacks(parameter=None, packs=())
    parameter = _parameter(limited)
    return LaunchPacks(
        parameter=parameter,
        packs=[
            LaunchPack(
                allowed=NamedCondition(f"Allow{name}", contains(parameter, name)),
                actions=actions[name],
                rows=rows.get(name, ()),
            )
            for name in limited
        ],
    )


def _actions(pack: Pack) -> set[str]:
    return {action for each in pack.permissions for action in encode_to_dict(each.statement)["Action"]}


def _parameter(names: Sequence[str]) -> Parameter:
    listed = ", ".join(names)
    return list_parameter(
        "LaunchWorkflowPacks",
        "Workflow packs that the permissions boundary lets roles of launches use, separated by commas: "
        f"{listed}. Users select them with the parameter WorkflowPacks of the product. Unless the product fixes "
        "BedrockModelIds, AthenaWorkgroupNames and GlueDatabaseNames, they can enter any names. A boundary has at "
        "most 6,144 characters: with many packs, enter few and short values in LaunchRegions and BringableBucketArns. "
        "Leave empty to allow no pack except SharedSpaces, which is always allowed.",
        ("", *names),
        hint=f"must be empty or names from this list, separated by commas: {listed}",
    )


def _rows() -> dict[str, list[Scope]]:
    """Return the statements of packs whose resources are known by their names or tags, with patterns for actions."""
    profiles = [Sub(arn) for arn in arns("bedrock", "inference-profile/*")]
    user = "*:user-profile/${sagemaker:DomainId}/${sagemaker:UserProfileName}"
    catalog = ("catalog", "database/sagemaker_featurestore", "table/sagemaker_featurestore/*")
    buckets = [f"arn:${{AWS::Partition}}:s3:::{name}" for name in _SAMPLES]
    return {
        "JumpStart": [Scope(sid="ReadSamples", actions=["s3:GetObject", "s3:ListBucket"], resources=buckets)],
        "FeatureStore": [
            Scope(
                sid="CatalogFeatures",
                actions=["glue:*ateTable", "glue:CreateDatabase", "glue:GetDatabase", "glue:GetTable"],
                resources=arns("glue", *catalog),
            )
        ],
        "RemoteIde": [
            Scope(
                sid="ConnectToOwnSpaces",
                actions=["sagemaker:StartSession"],
                resources=arns("sagemaker", f"space/{_DOMAIN}/*"),
                condition=Condition(StringLike({"sagemaker:ResourceTag/sagemaker:user-profile-arn": user})),
            )
        ],
        "DockerBuild": [
            Scope(
                sid="PushImages",
                actions=["ecr:*LayerUpload", "ecr:DescribeImages", "ecr:PutImage", "ecr:UploadLayerPart"],
                resources=arns("ecr", f"repository/{STACKS.lower()}"),
            )
        ],
        # An inference profile calls its models in other Regions. The other statements allow calls in launch Regions.
        "Bedrock": [
            Scope(
                sid="InvokeByProfile",
                actions=["bedrock:InvokeModel*"],
                resources=["arn:${AWS::Partition}:bedrock:*::foundation-model/*"],
                condition=Condition(ArnLike({"bedrock:InferenceProfileArn": profiles})),
                shared=True,
            )
        ],
    }
