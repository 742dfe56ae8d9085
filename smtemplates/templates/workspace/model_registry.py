"""Registry: a model package group, readable from other accounts."""

from __future__ import annotations

from awacs.aws import Allow, Condition, Principal, Statement, StringEquals
from troposphere import AWSObject, Not, Parameter, Ref, Retain, RetainExceptOnCreate, Sub, sagemaker

from smtemplates.core.construct import Part, all_of, is_, is_on, is_set, listed, output, switch, text, when
from smtemplates.core.iam import actions, allow, deny, document, regional
from smtemplates.templates.workspace.execution_role import policy
from smtemplates.templates.workspace.project import Project

GROUP_READ = ("DescribeModelPackageGroup", "ListModelPackages")
PACKAGE_READ = ("DescribeModelPackage",)


def registry(project: Project) -> Part:
    """Offer a model package group; it outlives the stack, for one that holds versions cannot be deleted anyway."""
    create, description, readers = _parameters()
    approval = _approval()
    return Part(
        title="Registry",
        source=__name__,
        parameters={
            "Make a model package group?": create,
            "Description of the group": description,
            "Accounts that may read": readers,
            "May the execution role approve?": approval,
        },
        conditions={
            "CreateModelPackageGroup": is_on(create),
            "ShareRegistry": is_set(readers),
            "ApproveElsewhere": Not(is_on(approval)),
            "CreateRegistryPolicy": all_of(is_("CreateModelPackageGroup"), is_("LeastPrivilege")),
        },
        resources=[_group(project, description, readers), _policy(project)],
        outputs=[
            output(
                "ModelPackageGroupName",
                "Name of the model package group",
                project.unique_name(),
                condition="CreateModelPackageGroup",
            ),
            output(
                "ModelPackageGroupArn",
                "ARN of the model package group",
                Ref("ModelPackageGroup"),
                condition="CreateModelPackageGroup",
            ),
        ],
    )


def _group(project: Project, description: Parameter, readers: Parameter) -> sagemaker.ModelPackageGroup:
    """Make the group.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-deploy.html
    """
    accounts = Principal("AWS", listed(readers))

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
        Condition="CreateModelPackageGroup",
        DeletionPolicy=RetainExceptOnCreate,
        UpdateReplacePolicy=Retain,
        ModelPackageGroupDescription=Ref(description),
        ModelPackageGroupName=project.unique_name(),
        ModelPackageGroupPolicy=when(
            "ShareRegistry",
            document(
                may("ReadGroup", GROUP_READ, "model-package-group/${Group}"),
                may("ReadVersions", PACKAGE_READ, "model-package/${Group}/*"),
            ),
        ),
        Tags=project.tags(),
    )


def _arns(project: Project, *resources: str) -> list[Sub]:
    return regional("sagemaker", *resources, Group=project.unique_name())


def _policy(project: Project) -> AWSObject:
    """Let the execution role register and read versions in this group; approving one is somebody else's decision.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-approve.html
    """
    approved = {"sagemaker:ModelApprovalStatus": "Approved"}
    register = actions("sagemaker", "CreateModelPackage", "UpdateModelPackage")
    return policy(
        "RegistryPolicy",
        "CreateRegistryPolicy",
        document(
            allow(
                "Register",
                [*register, *actions("sagemaker", "DescribeModelPackage", "DescribeModelPackageGroup")],
                _arns(project, "model-package-group/${Group}", "model-package/${Group}/*"),
            ),
            when("ApproveElsewhere", deny("NoApproval", register, Condition(StringEquals(approved)))),
        ),
    )


def _approval() -> Parameter:
    return switch(
        "AllowModelApproval",
        "May the role made here set a version of a model to Approved? 'false': whoever reviews does, with a role of "
        "their own. It matters with AccessLevel LeastPrivilege only.",
        default=False,
    )


def _parameters() -> tuple[Parameter, Parameter, Parameter]:
    create = switch(
        "CreateModelPackageGroup",
        "Make a model package group, the register of a model's versions. It outlives the stack; switched off, it stays "
        "too, and cannot be made again while it is there. 'false': none.",
        default=False,
    )
    description = text(
        "ModelPackageGroupDescription",
        "What the group's models are for. It cannot be changed later. Left alone: a general sentence.",
        pattern=r"^[A-Za-z0-9 .,:;()/_-]*$",
        hint="may have letters, digits, spaces and . , : ; ( ) / _ -",
        max_length=1024,
        default="Models of this workspace",
    )
    readers = text(
        "RegistryReaderAccountIds",
        "AWS account IDs that may read the group and its versions, separated by commas. Empty: this account only.",
        pattern="^$|^[0-9]{12}(,[0-9]{12}){0,19}$",
        hint="must be empty or up to 20 account IDs like 111122223333, separated by commas, no spaces",
        max_length=260,
    )
    return create, description, readers
