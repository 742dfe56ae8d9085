"""Model registry: a model package group that other accounts can read."""

from __future__ import annotations

from dataclasses import dataclass

from awacs.aws import Allow, Condition, Principal, Statement, StringEquals
from troposphere import AWSObject, Parameter, Ref, Retain, RetainExceptOnCreate, Sub, sagemaker

from smtemplates.core.construct import (
    Construct,
    NamedCondition,
    all_of,
    boolean_parameter,
    is_not_empty,
    is_true,
    not_,
    output,
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
    """Contain the condition that the stack has a model package group."""

    create: NamedCondition


def model_registry(project: Project, execution_role: ExecutionRole) -> ModelRegistry:
    """Build an optional model package group. It is retained: a group with versions cannot be deleted."""
    create, description, readers = _parameters()
    approval = _approval()
    is_created = NamedCondition("CreateModelPackageGroup", is_true(create))
    is_shared = NamedCondition("ShareRegistry", is_not_empty(readers))
    approve_elsewhere = NamedCondition("ApproveElsewhere", not_(is_true(approval)))
    has_policy = NamedCondition("CreateRegistryPolicy", all_of(is_created, execution_role.least_privilege))
    return ModelRegistry(
        title="Registry",
        source=__name__,
        switches={"Create model package group": create},
        parameters={
            "Description of the model package group": description,
            "Accounts that can read the registry": readers,
            "Allow model approval": approval,
        },
        conditions=[is_created, is_shared, approve_elsewhere, has_policy],
        rules=region_rule(create, "Model package groups", sagemaker.ModelPackageGroup),
        resources=[
            _group(is_created, is_shared, project, description, readers),
            _policy(has_policy, approve_elsewhere, project),
        ],
        outputs=[
            output(
                "ModelPackageGroupName",
                "Name of the model package group",
                project.unique_name(),
                condition=is_created,
            ),
            output(
                "ModelPackageGroupArn",
                "ARN of the model package group",
                Ref("ModelPackageGroup"),
                condition=is_created,
            ),
        ],
        create=is_created,
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
            Resource=_arns(project, resource),
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


def _arns(project: Project, *resources: str) -> list[Sub]:
    return regional_arns("sagemaker", *resources, Group=project.unique_name())


def _policy(has_policy: NamedCondition, approve_elsewhere: NamedCondition, project: Project) -> AWSObject:
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
                _arns(project, "model-package-group/${Group}", "model-package/${Group}/*"),
            ),
            when(approve_elsewhere, deny("NoApproval", register, Condition(StringEquals(approved)))),
        ),
    )


def _approval() -> Parameter:
    return boolean_parameter(
        "AllowModelApproval",
        "Allow the execution role to approve model versions. If false, a reviewer must approve them with a "
        "different role. It applies only with AccessLevel LeastPrivilege.",
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
