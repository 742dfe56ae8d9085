"""Initializer: the function that makes what CloudFormation cannot declare; it is only there when that is wanted."""

from __future__ import annotations

from typing import Any

from awacs.aws import Condition, StringEquals
from troposphere import Delete, GetAtt, Or, Ref, Sub, awslambda, iam
from troposphere import logs as cloudwatch_logs
from troposphere.cloudformation import CustomResource

from smtemplates.core.assets import read_asset
from smtemplates.core.construct import Part, all_of, is_, when
from smtemplates.core.iam import actions, allow, document, trust
from smtemplates.templates.workspace.encryption import Encryption
from smtemplates.templates.workspace.execution_role import Roles
from smtemplates.templates.workspace.log_groups import Logs
from smtemplates.templates.workspace.project import Project
from smtemplates.templates.workspace.storage import Storage

# The function gives up after 45 s of work and needs the rest to say so.
TIMEOUT_SECONDS = 60
# CloudFormation gives up then, instead of after an hour, should the function never answer.
SERVICE_TIMEOUT_SECONDS = 300


class Folders(CustomResource):
    """Declare the custom resource that puts empty objects, one a folder, into buckets."""

    resource_type = "Custom::Folders"
    props = {**CustomResource.props, "Buckets": (list, True)}  # noqa: RUF012  how troposphere declares properties


class LogGroups(CustomResource):
    """Declare the custom resource that makes log groups where they are missing, and never deletes one."""

    resource_type = "Custom::LogGroups"
    props = {**CustomResource.props, "Names": (list, True), "RetentionInDays": (int, True)}  # noqa: RUF012  likewise


def initializer(project: Project, storage: Storage, encryption: Encryption, roles: Roles, logs: Logs) -> Part:
    """Make folders in buckets, and log groups that may exist already."""
    function = awslambda.Function(
        "Initializer",
        Condition="NeedsInitializer",
        Code=awslambda.Code(ZipFile=read_asset(__package__, "initializer.py")),
        Description=Sub("Makes folders and log groups for stack ${AWS::StackName}"),
        Handler="index.handler",
        LoggingConfig=awslambda.LoggingConfig(LogGroup=Ref("InitializerLogGroup")),
        MemorySize=256,
        Role=GetAtt("InitializerRole", "Arn"),
        Runtime="python3.13",
        Tags=project.tags(),
        Timeout=TIMEOUT_SECONDS,
    )
    service: dict[str, Any] = {"ServiceToken": GetAtt(function, "Arn"), "ServiceTimeout": SERVICE_TIMEOUT_SECONDS}
    return Part(
        title="Initializer",
        source=__name__,
        conditions={
            "NeedsInitializer": Or(is_(storage.create_folders), is_(logs.manage)),
            "EncryptFolders": all_of(is_(storage.create_folders), is_(encryption.has_key)),
        },
        resources=[
            _log_group(project, encryption, logs),
            _role(project, storage, encryption, roles, logs),
            function,
            Folders(
                "Folders",
                Condition=storage.create_folders,
                Buckets=[{"Bucket": bucket.name(), "Keys": list(bucket.folders)} for bucket in storage.buckets()],
                **service,
            ),
            LogGroups(
                "LogGroups",
                Condition=logs.manage,
                Names=logs.groups(),
                RetentionInDays=Ref(logs.retention),
                **service,
            ),
        ],
    )


def _log_group(project: Project, encryption: Encryption, logs: Logs) -> cloudwatch_logs.LogGroup:
    return cloudwatch_logs.LogGroup(
        "InitializerLogGroup",
        Condition="NeedsInitializer",
        DeletionPolicy=Delete,
        UpdateReplacePolicy=Delete,
        KmsKeyId=encryption.key(),
        RetentionInDays=Ref(logs.retention),
        Tags=project.tags(),
    )


def _role(project: Project, storage: Storage, encryption: Encryption, roles: Roles, logs: Logs) -> iam.Role:
    """Let the function touch these folders and these log groups, and nothing else."""
    write_log = allow(
        "WriteOwnLog",
        actions("logs", "CreateLogStream", "PutLogEvents"),
        [GetAtt("InitializerLogGroup", "Arn")],
    )
    statements: list[Any] = [write_log, *(when(logs.manage, statement) for statement in _make_log_groups(logs))]
    statements += [when(storage.create_folders, statement) for statement in _make_folders(storage)]
    statements.append(when("EncryptFolders", _encrypt_folders(encryption)))
    return iam.Role(
        "InitializerRole",
        Condition="NeedsInitializer",
        AssumeRolePolicyDocument=trust("lambda.amazonaws.com"),
        Description=Sub("Makes folders and log groups for stack ${AWS::StackName}"),
        PermissionsBoundary=roles.permissions_boundary(),
        Policies=[iam.Policy(PolicyName="Initialize", PolicyDocument=document(*statements))],
        Tags=project.tags(),
    )


def _make_log_groups(logs: Logs) -> list[Any]:
    """Set these groups' retention, where the present one, which only a list of groups shows, does not forbid it.

    Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html
    """
    return [
        allow("FindLogGroups", actions("logs", "DescribeLogGroups"), ["*"]),
        allow("MakeLogGroups", actions("logs", "CreateLogGroup", "PutRetentionPolicy"), logs.group_arns()),
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
