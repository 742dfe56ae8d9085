"""Model registry: a model package group, created by this stack or existing."""

from __future__ import annotations

from dataclasses import dataclass

from awacs.aws import Allow, Condition, Principal, Statement, StringEquals
from troposphere import AWSObject, If, Parameter, Ref, Retain, RetainExceptOnCreate, Sub, sagemaker

from smtemplates.core.construct import (
    Construct,
    NamedCondition,
    all_of,
    any_of,
    boolean_parameter,
    is_empty,
    is_not_empty,
    is_true,
    not_,
    output,
    placeholder,
    rule,
    split_list,
    string_parameter,
    when,
)
from smtemplates.core.iam import actions, allow, deny, policy_document, regional_arns
from smtemplates.core.regions import region_rule
from smtemplates.templates.workspace.execution_role import ExecutionRole, execution_role_policy
from smtemplates.templates.workspace.project import Project

GROUP_READ = ("DescribeModelPackageGroup", "ListModelPackages")
PACKAGE_READ = ("DescribeModelPackage",)


@dataclass(frozen=True, kw_only=True)
class ModelRegistry(Construct):
    """Represent the model package group, created by this stack or existing.

    Use `name` only where `has_group` is true.
    """

    has_group: NamedCondition
    name: If


def model_registry(project: Project, execution_role: ExecutionRole) -> ModelRegistry:
    """Build an optional model package group, or use an existing one.

    A group that the stack creates is retained, because a group with versions cannot be deleted.
    """
    create, description, readers = _parameters()
    existing, approval = _existing(), _approval()
    is_created = NamedCondition("CreateModelPackageGroup", is_true(create))
    has_group = NamedCondition("HasModelPackageGroup", any_of(is_created, is_not_empty(existing)))
    is_shared = NamedCondition("ShareRegistry", is_not_empty(readers))
    approve_elsewhere = NamedCondition("ApproveElsewhere", not_(is_true(approval)))
    has_policy = NamedCondition("CreateRegistryPolicy", all_of(has_group, execution_role.least_privilege))
    name = when(is_created, project.unique_name(), Ref(existing))
    existing_arn = Sub(
        "arn:${AWS::Partition}:sagemaker:${AWS::Region}:${AWS::AccountId}:model-package-group/"
        f"{placeholder(existing)}"
    )
    return ModelRegistry(
        title="Registry",
        source=__name__,
        switches={"Create model package group": create},
        parameters={
            "Existing model package group": existing,
            "Description of the model package group": description,
            "Accounts that can read the registry": readers,
            "Allow model approval": approval,
        },
        conditions=[is_created, has_group, is_shared, approve_elsewhere, has_policy],
        rules={
            **region_rule(create, "Model package groups", sagemaker.ModelPackageGroup),
            "OneModelPackageGroup": rule(
                "Enter ExistingModelPackageGroupName or set CreateModelPackageGroup to true, but not both.",
                is_empty(existing),
                given=is_true(create),
            ),
            "ExistingGroupKeepsItsPolicy": rule(
                "With ExistingModelPackageGroupName, leave RegistryReaderAccountIds empty. The stack does not change "
                "the policy of an existing group.",
                is_empty(readers),
                given=is_not_empty(existing),
            ),
        },
        resources=[
            _group(is_created, is_shared, project, description, readers),
            _policy(has_policy, approve_elsewhere, name),
        ],
        outputs=[
            output("ModelPackageGroupName", "Name of the model package group", name, condition=has_group),
            output(
                "ModelPackageGroupArn",
                "ARN of the model package group",
                when(is_created, Ref("ModelPackageGroup"), existing_arn),
                condition=has_group,
            ),
        ],
        has_group=has_group,
        name=name,
    )


def _group(
    is_created: NamedCondition,
    is_shared: NamedCondition,
    project: Project,
    description: Parameter,
    readers: Parameter,
) -> sagemaker.ModelPackageGroup:
    """Build the model package group.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-deploy.html
    """
    accounts = Principal("AWS", split_list(readers))

    def may(sid: str, what: tuple[str, ...], resource: str) -> Statement:
        return Statement(
            Sid=sid,
            Effect=Allow,
            Principal=accounts,
            Action=actions("sagemaker", *what),
            Resource=_arns(project.unique_name(), resource),
        )

    return sagemaker.ModelPackageGroup(
        "ModelPackageGroup",
        Condition=is_created.name,
        DeletionPolicy=RetainExceptOnCreate,
        UpdateReplacePolicy=Retain,
        ModelPackageGroupDescription=Ref(description),
        ModelPackageGroupName=project.unique_name(),
        ModelPackageGroupPolicy=when(
            is_shared,
            policy_document(
                may("ReadGroup", GROUP_READ, "model-package-group/${Group}"),
                may("ReadVersions", PACKAGE_READ, "model-package/${Group}/*"),
            ),
        ),
        Tags=project.tags(),
    )


def _arns(group: If | Sub, *resources: str) -> list[Sub]:
    return regional_arns("sagemaker", *resources, Group=group)


def _policy(has_policy: NamedCondition, approve_elsewhere: NamedCondition, group: If) -> AWSObject:
    """Build the policy that allows the role to register and read versions, but not to approve them.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-approve.html
    """
    approved = {"sagemaker:ModelApprovalStatus": "Approved"}
    register = actions("sagemaker", "CreateModelPackage", "UpdateModelPackage")
    return execution_role_policy(
        "RegistryPolicy",
        has_policy,
        policy_document(
            allow(
                "Register",
                [*register, *actions("sagemaker", "DescribeModelPackage", "DescribeModelPackageGroup")],
                _arns(group, "model-package-group/${Group}", "model-package/${Group}/*"),
            ),
            when(approve_elsewhere, deny("NoApproval", register, Condition(StringEquals(approved)))),
        ),
    )


def _existing() -> Parameter:
    return string_parameter(
        "ExistingModelPackageGroupName",
        "Name of an existing model package group in this account and Region, which the role can use instead of a group "
        "of this stack. The stack does not change the group. Leave empty to use no existing group.",
        # Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModelPackageGroup.html
        pattern="^$|^[A-Za-z0-9](-*[A-Za-z0-9]){0,62}$",
        hint="must be empty or a name of up to 63 letters, digits and hyphens, without a hyphen at the start or end",
        max_length=63,
    )


def _approval() -> Parameter:
    return boolean_parameter(
        "AllowModelApproval",
        "Allow the execution role to approve model versions. If false, a reviewer must approve them with a "
        "different role. It applies only to a role of this stack with least privilege.",
        default=False,
    )


def _parameters() -> tuple[Parameter, Parameter, Parameter]:
    create = boolean_parameter(
        "CreateModelPackageGroup",
        "Create a model package group, which registers the versions of a model. It is retained when the stack is "
        "deleted or this is set to false. It cannot be created again while it exists. If false, no group is "
        "created.",
        default=False,
    )
    description = string_parameter(
        "ModelPackageGroupDescription",
        "Description of the models in the group. It cannot be changed after creation.",
        pattern=r"^[A-Za-z0-9 .,:;()/_-]*$",
        hint="can contain letters, digits, spaces and . , : ; ( ) / _ -",
        max_length=1024,
        default="Models of this workspace",
    )
    readers = string_parameter(
        "RegistryReaderAccountIds",
        "IDs of AWS accounts that can read the group and its versions, separated by commas. Leave empty to allow "
        "only this account.",
        pattern="^$|^[0-9]{12}(,[0-9]{12}){0,19}$",
        hint="must be empty or up to 20 account IDs such as 111122223333, separated by commas, without spaces",
        max_length=260,
    )
    return create, description, readers
