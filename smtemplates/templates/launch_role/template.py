"""Launch role: Service Catalog launches the workspace with it, so users need no permissions for its resources."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from awacs.aws import Condition, Deny, Statement, StringEquals, StringNotEquals
from troposphere import AWS_REGION, GetAtt, If, Output, Parameter, Ref, Sub, iam

from smtemplates.core.assemble import Definition
from smtemplates.core.construct import (
    Construct,
    NamedCondition,
    all_of,
    guard_waivers,
    is_empty,
    is_not_empty,
    is_true,
    output,
    rule,
    split_list,
    when,
)
from smtemplates.core.iam import Grant, actions, allow, policy_document, trust_policy
from smtemplates.templates.launch_role import parameters
from smtemplates.templates.launch_role.actions import needs, types
from smtemplates.templates.launch_role.boundary import bounds, buckets_in_reach
from smtemplates.templates.launch_role.launch_packs import launch_packs
from smtemplates.templates.launch_role.scope import STACKS, arns
from smtemplates.templates.launch_role.scopes import statements
from smtemplates.templates.launch_role.workspace_actions import granted
from smtemplates.templates.workspace import template as workspace
from smtemplates.templates.workspace.execution_role import ExecutionRole
from smtemplates.templates.workspace.workflow_packs import WorkflowPacks

DESCRIPTION = "Launch role of the SageMaker workspace, for accounts in which users launch it with AWS Service Catalog"

# The CloudFormation actions that Service Catalog calls with the launch role. AWSServiceCatalogEndUserFullAccess allows
# the same for launches without a launch role, and also StackSets.
# Source: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSServiceCatalogEndUserFullAccess.html
STACK_ACTIONS = (
    "CreateChangeSet",
    "CreateStack",
    "DeleteChangeSet",
    "DeleteStack",
    "DescribeChangeSet",
    "DescribeStackEvents",
    "DescribeStacks",
    "ExecuteChangeSet",
    "ListChangeSets",
    "ListStackResources",
    "SetStackPolicy",
    "TagResource",
    "UntagResource",
    "UpdateStack",
)
TEMPLATE_ACTIONS = ("GetTemplateSummary", "ValidateTemplate")
# The ARN of the boundary, without a reference: the policies that require it are created before it.
BOUNDARY = "arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/${LaunchRoleName}Boundary"


@dataclass(frozen=True, kw_only=True)
class LaunchRole(Construct):
    """Contain the name of the launch role, an existing boundary, and the topic for stack events."""

    name: Parameter
    boundary: Parameter
    topic: Parameter
    has_topic: NamedCondition
    create: NamedCondition | None
    workspace_boundary: Parameter

    def local_name(self) -> Any:
        """Return the name of the role. If this stack creates the role, the reference waits for it."""
        return when(self.create, Ref("LaunchRole"), Ref(self.name)) if self.create else Ref("LaunchRole")


def launch_role(constructs: Sequence[Construct], *, on_demand: bool = False) -> LaunchRole:
    """Build the role that launches these constructs. With `on_demand`, an existing role can be used instead.

    Raises:
        TemplateError: the permissions of a type, or their resources, are not known.
    """
    name, boundary = parameters.role_name(), parameters.permissions_boundary()
    buckets, others = parameters.bringable_buckets(), parameters.passable_roles()
    topics = parameters.alarm_topics()
    topic, regions = parameters.notification_topic(), parameters.launch_regions()
    create = parameters.create_launch_role()
    create_role = NamedCondition("CreateLaunchRole", is_true(create)) if on_demand else None
    no_boundary = is_empty(boundary)
    create_boundary = NamedCondition("CreateBoundary", all_of(create_role, no_boundary) if create_role else no_boundary)
    bring_buckets = NamedCondition("BringBuckets", is_not_empty(buckets))
    pass_others = NamedCondition("PassOtherRoles", is_not_empty(others))
    has_topics = NamedCondition("AllowTopics", is_not_empty(topics))
    has_topic = NamedCondition("HasTopic", is_not_empty(topic))
    name_regions = NamedCondition("NameRegions", is_not_empty(regions))
    used_regions = when(name_regions, split_list(regions), [Ref(AWS_REGION)])
    boundary_arn = when(create_boundary, Sub(BOUNDARY), Ref(boundary))
    stacks = _stacks(used_regions, when(has_topic, _notify(topic)))
    used = [
        _role(name, create_role),
        *_policies(constructs, create_role, boundary_arn, stacks, when(pass_others, _pass_others(others))),
    ]
    allowed_buckets = buckets_in_reach(bring_buckets, buckets)
    in_packs = {sid for each in constructs if isinstance(each, WorkflowPacks) for sid in each.sids()}
    needed = granted(constructs, in_packs)
    packs = launch_packs(constructs, needed)
    return LaunchRole(
        title="Launch role",
        source=__name__,
        parameters={
            **({"Create launch role": create} if create_role else {}),
            "Launch role name": name,
            "Permissions boundary": boundary,
            "Existing buckets for launches": buckets,
            "Existing execution roles for launches": others,
            "Existing topics for alarms of launches": topics,
            **({"Workflow packs for launches": packs.parameter} if packs.parameter else {}),
            "Topic for stack events": topic,
            "Launch Regions": regions,
        },
        conditions=[
            *([create_role] if create_role else []),
            create_boundary,
            bring_buckets,
            pass_others,
            has_topics,
            has_topic,
            name_regions,
            *(pack.allowed for pack in packs.packs),
        ],
        rules={"BoundaryOfOnesOwnIsLeftAlone": _own_boundary(boundary, [buckets, topics], packs.parameter)},
        resources=[
            _boundary(
                [
                    *bounds(needed, packs.packs, allowed_buckets, used_regions),
                    when(has_topics, allow("NotifyTopics", actions("sns", "Publish"), split_list(topics))),
                ],
                create_boundary,
                name,
                [str(each.title) for each in used],
            ),
            *used,
        ],
        outputs=_outputs(name, create_role, boundary_arn),
        name=name,
        boundary=boundary,
        topic=topic,
        has_topic=has_topic,
        create=create_role,
        workspace_boundary=_workspace_boundary(constructs),
    )


def _outputs(name: Parameter, condition: NamedCondition | None, boundary_arn: If) -> list[Output]:
    return [
        output("LaunchRoleName", "Name of the launch role, which is the same in every account", Ref(name)),
        output("LaunchRoleArn", "ARN of the launch role", GetAtt("LaunchRole", "Arn"), condition=condition),
        output(
            "PermissionsBoundaryArn",
            "Value that users enter as PermissionsBoundaryArn when they launch the product in this account",
            boundary_arn,
            condition=condition,
        ),
    ]


def _role(name: Parameter, condition: NamedCondition | None) -> iam.Role:
    """Build the role, which Service Catalog can assume.

    The documentation shows no condition for this trust policy. A condition on a key that is not sent would deny every
    launch.

    Source: https://docs.aws.amazon.com/servicecatalog/latest/adminguide/constraints-launch.html
    """
    return iam.Role(
        "LaunchRole",
        **_under(condition),
        AssumeRolePolicyDocument=trust_policy("servicecatalog.amazonaws.com"),
        Description="Launches SageMaker workspaces with AWS Service Catalog",
        RoleName=Ref(name),
    )


def _under(condition: NamedCondition | None) -> dict[str, Any]:
    return {"Condition": condition.name} if condition else {}


def _policies(
    constructs: Iterable[Construct], condition: NamedCondition | None, boundary_arn: If, stacks: list[Any], passing: If
) -> list[iam.ManagedPolicy]:
    """Build the policies with the actions that the types need. They attach themselves to the role."""
    needed = {action for kind in types(constructs) for action in needs(kind)}
    documents: dict[str, list[Any]] = {"StacksPolicy": stacks, **statements(needed, boundary_arn)}
    documents["AccessPolicy"].append(passing)
    # an existing key can be any key, and the ID of a new key is not known before
    waivers: dict[str, Any] = {"DataPolicy": {"Metadata": guard_waivers(KMS_1=())}}
    return [
        iam.ManagedPolicy(
            f"Launch{policy}",
            **_under(condition),
            **waivers.get(policy, {}),
            PolicyDocument=policy_document(*grants),
            Roles=[Ref("LaunchRole")],
        )
        for policy, grants in documents.items()
    ]


def _stacks(regions: If, notify: If) -> list[Any]:
    """Allow managing the stacks of Service Catalog and reading its template copies, in the allowed Regions only.

    IAM requests use one Region regardless of the launch, and it is not documented where Service Catalog stores its
    copies.

    Source: https://docs.aws.amazon.com/servicecatalog/latest/adminguide/constraints-launch.html
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_aws_deny-requested-region.html
    """
    copies = StringEquals({"s3:ExistingObjectTag/servicecatalog:provisioning": "true"})
    stacks = [Sub(name) for name in arns("cloudformation", f"stack/{STACKS}", f"changeSet/{STACKS}")]
    return [
        allow("ManageStacks", actions("cloudformation", *STACK_ACTIONS), stacks),
        allow("ReadTemplates", actions("cloudformation", *TEMPLATE_ACTIONS), ["*"]),
        allow("ReadCopies", actions("s3", "GetObject"), ["*"], Condition(copies)),
        notify,
        Statement(
            Sid="NowhereElse",
            Effect=Deny,
            NotAction=[*actions("iam", "*"), *actions("s3", "GetObject")],
            Resource=["*"],
            Condition=Condition(StringNotEquals({"aws:RequestedRegion": regions})),
        ),
    ]


def _notify(topic: Parameter) -> Grant:
    return allow("TellTopic", actions("sns", "Publish"), [Ref(topic)])


def _pass_others(others: Parameter) -> Grant:
    """Allow passing existing roles, but only the listed ones: users who launch get their permissions."""
    sagemaker = StringEquals({"iam:PassedToService": "sagemaker.amazonaws.com"})
    return allow("PassOthers", actions("iam", "PassRole"), split_list(others), Condition(sagemaker))


def _own_boundary(boundary: Parameter, lists: Sequence[Parameter], packs: Parameter | None) -> dict[str, Any]:
    *names, last = [str(each.title) for each in (*lists, *([packs] if packs else []))]
    return rule(
        f"With PermissionsBoundaryArn, leave {', '.join(names)} and {last} empty. The existing policy decides what "
        "roles of launches can use.",
        *map(is_empty, lists),
        *([{"Fn::EachMemberEquals": [Ref(packs), ""]}] if packs else []),
        given=is_not_empty(boundary),
    )


def _boundary(
    statements: Sequence[Grant | If], create_boundary: NamedCondition, name: Parameter, first: Sequence[str]
) -> iam.ManagedPolicy:
    """Build the permissions boundary for launched roles. It allows the actions of the workspace's own roles.

    Users who launch choose the policies of the role, so they would get the actions of every allowed workflow pack, also
    on resources of other teams. The boundary therefore allows only packs that the platform team selects.

    Its name is fixed, and launches cannot change it: they manage only policies named SC-*. It depends on the policies
    of the launch role, so that it is deleted first: IAM does not delete a policy that is the boundary of a role.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-dependson.html
    """
    return iam.ManagedPolicy(
        "LaunchBoundary",
        Condition=create_boundary.name,
        DependsOn=[*first],
        Metadata=guard_waivers(KMS_1=()),  # the policies that allow it limit the keys
        Description="The most that roles made by launches of SageMaker workspaces may do",
        ManagedPolicyName=Sub(f"${{{name.title}}}Boundary"),
        PolicyDocument=policy_document(*statements),
    )


def _workspace_boundary(constructs: Iterable[Construct]) -> Parameter:
    """Return the parameter of the workspace that takes the permissions boundary."""
    return next(construct.boundary for construct in constructs if isinstance(construct, ExecutionRole))


def definition(without: Collection[str] = ()) -> Definition:
    """Return the launch role for the workspace without these features.

    Raises:
        UsageError: a name in `without` is not a feature of the workspace.
    """
    return Definition(DESCRIPTION, [launch_role(workspace.constructs(without))])
