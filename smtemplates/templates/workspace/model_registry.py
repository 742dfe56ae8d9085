"""Model registry: a model package group, created by this stack or existing."""

from __future__ import annotations

from dataclasses import dataclass

from troposphere import If, Parameter, Ref, Retain, RetainExceptOnCreate, Sub, sagemaker

from smtemplates.core.construct import (
    NamedCondition,
    all_of,
    any_of,
    boolean_parameter,
    equals,
    is_empty,
    is_not_empty,
    is_true,
    not_,
    output,
    placeholder,
    rule,
    string_parameter,
    when,
)
from smtemplates.core.iam import Grant, actions, allow, regional_arns
from smtemplates.core.regions import region_rule
from smtemplates.templates.workspace import model_approval
from smtemplates.templates.workspace.bucket import Bucket
from smtemplates.templates.workspace.encryption import Encryption
from smtemplates.templates.workspace.execution_role import ExecutionRole
from smtemplates.templates.workspace.project import Project
from smtemplates.templates.workspace.registry_sharing import DEPLOY, RegistrySharing
from smtemplates.templates.workspace.role_user import RoleUser
from smtemplates.templates.workspace.storage import Storage


@dataclass(frozen=True, kw_only=True)
class ModelRegistry(RoleUser):
    """Represent the model package group, created by this stack or existing.

    Use `name` only where `has_group` is true.
    """

    has_group: NamedCondition
    name: If


def model_registry(
    project: Project,
    storage: Storage,
    encryption: Encryption,
    execution_role: ExecutionRole,
    registry_sharing: RegistrySharing,
) -> ModelRegistry:
    """Build an optional model package group, or use an existing one.

    A group that the stack creates is retained, because a group with versions cannot be deleted.
    """
    create, description = _parameters()
    readers = registry_sharing.accounts
    existing, approval = _existing(), _approval()
    is_created = NamedCondition("CreateModelPackageGroup", is_true(create))
    has_group = NamedCondition("HasModelPackageGroup", any_of(is_created, is_not_empty(existing)))
    approve_elsewhere = NamedCondition("ApproveElsewhere", not_(is_true(approval)))
    has_grants = NamedCondition("AllowRegistry", all_of(has_group, execution_role.least_privilege))
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
            "Allow model approval": approval,
        },
        conditions=[is_created, has_group, approve_elsewhere, has_grants],
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
            # Without a key, SageMaker encrypts the results of training with the AWS managed key of the account.
            # Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_OutputDataConfig.html
            "DeployAccessNeedsGroupAndKey": rule(
                "RegistryAccess=Deploy requires CreateModelPackageGroup=true, RegistryReaderAccountIds and a KMS key "
                "(CreateKmsKey or KmsKeyArn). Other accounts cannot read models that are encrypted with an AWS managed "
                "key.",
                is_true(create),
                is_not_empty(readers),
                encryption.is_given(),
                given=equals(registry_sharing.access, DEPLOY),
            ),
        },
        resources=[
            _group(is_created, project, description, registry_sharing),
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
        grants=_grants(approve_elsewhere, name, storage.models),
        has_grants=has_grants,
        has_group=has_group,
        name=name,
    )


def _group(
    is_created: NamedCondition, project: Project, description: Parameter, sharing: RegistrySharing
) -> sagemaker.ModelPackageGroup:
    return sagemaker.ModelPackageGroup(
        "ModelPackageGroup",
        Condition=is_created.name,
        DeletionPolicy=RetainExceptOnCreate,
        UpdateReplacePolicy=Retain,
        ModelPackageGroupDescription=Ref(description),
        ModelPackageGroupName=project.unique_name(),
        ModelPackageGroupPolicy=sharing.group_policy(project.unique_name()),
        Tags=project.tags(),
    )


def _arns(group: If | Sub, *resources: str) -> list[Sub]:
    return regional_arns("sagemaker", *resources, Group=group)


def _grants(approve_elsewhere: NamedCondition, group: If, models: Bucket) -> list[Grant | If]:
    """Allow the role to register and read versions, but not to approve them.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-approve.html
    """
    register = ("CreateModelPackage", "UpdateModelPackage")
    return [
        allow(
            "Register",
            actions("sagemaker", *register, "DescribeModelPackage", "DescribeModelPackageGroup"),
            _arns(group, "model-package-group/${Group}", "model-package/${Group}/*"),
        ),
        *(when(approve_elsewhere, statement) for statement in model_approval.denials(models)),
    ]


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
        "different role. The role can then change only versions that need a new approval, and cannot write to "
        "models/approved/ in the model bucket. It applies only to a role of this stack with least privilege.",
        default=False,
    )


def _parameters() -> tuple[Parameter, Parameter]:
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
    return create, description
