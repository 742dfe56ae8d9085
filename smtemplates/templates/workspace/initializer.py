"""Initializer: a function for resources that CloudFormation cannot declare. It is created only if it is needed."""

from __future__ import annotations

from typing import Any

from awacs.aws import Condition, ForAllValuesStringEquals, StringEquals
from troposphere import Delete, GetAtt, Ref, Sub, awslambda, iam
from troposphere import logs as cloudwatch_logs
from troposphere.cloudformation import CustomResource

from smtemplates.core.assets import read_code
from smtemplates.core.construct import Construct, NamedCondition, all_of, any_of, when
from smtemplates.core.iam import actions, allow, policy_document, trust_policy
from smtemplates.templates.workspace.encryption import Encryption
from smtemplates.templates.workspace.execution_role import ExecutionRole
from smtemplates.templates.workspace.log_groups import LogGroups
from smtemplates.templates.workspace.project import Project
from smtemplates.templates.workspace.storage import Storage

# The function stops after 45 seconds of work and uses the rest to report the failure.
TIMEOUT_SECONDS = 60
# CloudFormation waits this long for a response, instead of one hour.
SERVICE_TIMEOUT_SECONDS = 300
# The key of the tag that the function writes to log groups.
OWNER_TAG = "smtemplates:stack"


class FoldersResource(CustomResource):
    """Declare the custom resource that creates folders in buckets, each as an empty object."""

    resource_type = "Custom::Folders"
    props = {**CustomResource.props, "Buckets": (list, True)}  # noqa: RUF012  how troposphere declares properties


class LogGroupsResource(CustomResource):
    """Declare the custom resource that creates missing log groups. It never deletes a log group.

    It sets the retention of the groups that it created and of those in `Own`. Others need `ChangeExisting`.
    """

    resource_type = "Custom::LogGroups"
    props = {  # noqa: RUF012  how troposphere declares properties
        **CustomResource.props,
        "ChangeExisting": (str, True),
        "Names": (list, True),
        "Own": (list, True),
        "RetentionInDays": (int, True),
    }


def initializer(
    project: Project, storage: Storage, encryption: Encryption, execution_role: ExecutionRole, log_groups: LogGroups
) -> Construct:
    """Build the function that creates folders in buckets, and log groups that may already exist."""
    is_needed = NamedCondition("NeedsInitializer", any_of(storage.create_folders, log_groups.manage))
    encrypt_folders = NamedCondition("EncryptFolders", all_of(storage.create_folders, encryption.has_key))
    function = awslambda.Function(
        "Initializer",
        Condition=is_needed.name,
        Code=awslambda.Code(ZipFile=read_code(__package__, "initializer.py")),
        Description="Creates folders and log groups",
        Handler="index.handler",
        LoggingConfig=awslambda.LoggingConfig(LogGroup=Ref("InitializerLogGroup")),
        MemorySize=256,
        Role=GetAtt("InitializerRole", "Arn"),
        Runtime="python3.13",
        Tags=project.tags(),
        Timeout=TIMEOUT_SECONDS,
    )
    service: dict[str, Any] = {"ServiceToken": GetAtt(function, "Arn"), "ServiceTimeout": SERVICE_TIMEOUT_SECONDS}
    return Construct(
        title="Initializer",
        source=__name__,
        conditions=[is_needed, encrypt_folders],
        resources=[
            _log_group(is_needed, project, encryption, log_groups),
            _role(is_needed, encrypt_folders, project, storage, encryption, execution_role, log_groups),
            function,
            FoldersResource(
                "Folders",
                Condition=storage.create_folders.name,
                Buckets=[{"Bucket": bucket.name(), "Keys": list(bucket.folders)} for bucket in storage.buckets()],
                **service,
            ),
            LogGroupsResource(
                "LogGroups",
                Condition=log_groups.manage.name,
                ChangeExisting=Ref(log_groups.change_existing),
                Names=log_groups.groups(),
                Own=log_groups.own_groups(),
                RetentionInDays=Ref(log_groups.retention),
                **service,
            ),
        ],
    )


def _log_group(
    is_needed: NamedCondition, project: Project, encryption: Encryption, log_groups: LogGroups
) -> cloudwatch_logs.LogGroup:
    return cloudwatch_logs.LogGroup(
        "InitializerLogGroup",
        Condition=is_needed.name,
        DeletionPolicy=Delete,
        UpdateReplacePolicy=Delete,
        KmsKeyId=encryption.key(),
        RetentionInDays=Ref(log_groups.retention),
        Tags=project.tags(),
    )


def _role(
    is_needed: NamedCondition,
    encrypt_folders: NamedCondition,
    project: Project,
    storage: Storage,
    encryption: Encryption,
    role: ExecutionRole,
    log_groups: LogGroups,
) -> iam.Role:
    """Build the role of the function, which allows only these folders and log groups."""
    write_log = allow(
        "WriteOwnLog",
        actions("logs", "CreateLogStream", "PutLogEvents"),
        [GetAtt("InitializerLogGroup", "Arn")],
    )
    statements: list[Any] = [
        write_log,
        *(when(log_groups.manage, statement) for statement in _make_log_groups(log_groups)),
    ]
    statements += [when(storage.create_folders, statement) for statement in _make_folders(storage)]
    statements.append(when(encrypt_folders, _encrypt_folders(encryption)))
    return iam.Role(
        "InitializerRole",
        Condition=is_needed.name,
        AssumeRolePolicyDocument=trust_policy("lambda.amazonaws.com"),
        Description="Creates folders and log groups",
        PermissionsBoundary=role.permissions_boundary(),
        Policies=[iam.Policy(PolicyName="Initialize", PolicyDocument=policy_document(*statements))],
        Tags=project.tags(),
    )


def _make_log_groups(log_groups: LogGroups) -> list[Any]:
    """Allow creating these groups with a tag, and setting their retention. The tag names the stack that set it.

    Only a list of groups shows their current retention. The ARNs of groups have no ':*' in calls for tags, and have it
    in other calls. The condition has no effect on calls without tags.

    Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html
    Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_LogGroup.html
    Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
    """
    return [
        allow("FindLogGroups", actions("logs", "DescribeLogGroups"), ["*"]),
        allow(
            "MakeLogGroups",
            actions("logs", "CreateLogGroup", "ListTagsForResource", "PutRetentionPolicy", "TagResource"),
            log_groups.group_arns(),
            Condition(ForAllValuesStringEquals({"aws:TagKeys": [OWNER_TAG]})),
        ),
    ]


def _make_folders(storage: Storage) -> list[Any]:
    buckets = storage.buckets()
    folders = [bucket.arn(f"/{folder}") for bucket in buckets for folder in bucket.folders]
    return [
        allow("FindFolders", actions("s3", "ListBucketVersions"), [bucket.arn() for bucket in buckets]),
        allow(
            "MakeFolders",
            actions("s3", "DeleteObjectVersion", "GetObject", "GetObjectVersion", "PutObject"),
            folders,
        ),
    ]


def _encrypt_folders(encryption: Encryption) -> Any:
    return allow(
        "EncryptFolders",
        actions("kms", "Decrypt", "GenerateDataKey"),
        [encryption.key_arn()],
        Condition(StringEquals({"kms:ViaService": Sub("s3.${AWS::Region}.${AWS::URLSuffix}")})),
    )
