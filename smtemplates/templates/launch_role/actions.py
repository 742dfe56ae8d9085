"""The actions that a launch of the workspace needs, derived from its resource types.

The provider schemas name the actions that CloudFormation calls for a type, for every option of the type. They are
stored as an asset, because rendering does not import cfn-lint, and `scripts/regenerate` updates it. Actions that are
never called for the workspace's use of a type are listed below, with the reason.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cache

from smtemplates.core.assets import read_asset
from smtemplates.core.construct import Construct
from smtemplates.errors import TemplateError

# CloudFormation invokes the function of a custom resource with the credentials of the stack operation (inferred).
# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-custom-resources-lambda.html
CUSTOM = ("lambda:InvokeFunction",)

_NO_REPLICA = "buckets have no replication, and topics need no role"
_ON_NETWORK = "the function does not use a VPC or a file system"
_SIGNED = "the function does not use code signing, reserved concurrency or versions"
_INLINE = "the function's code is in the template, and its variables are not encrypted with a customer managed key"
_SCALING = "only a SageMaker variant is scaled, without a schedule"
_OTHERS = "policies are attached only to roles"
_TABLES = "buckets have no metadata tables, analytics, inventory, metrics, website, CORS, lock or notifications"
_PLAIN_LOGS = "log groups have no delivery, index, data protection, resource policy or bearer tokens"
_NO_EFS = "the domain has no home file system"
_NO_SSO = "profiles are created only for IAM; IAM Identity Center creates its own"
_NO_APP = "the template does not start apps"
_NO_POLICY = "the repository has no policy"
NO_ACTION = "not an action of IAM: another action of the list authorizes the call"

UNUSED: Mapping[tuple[str, str], str] = {
    ("AWS::ApplicationAutoScaling::ScalableTarget", "*ScheduledAction"): _SCALING,
    ("AWS::ApplicationAutoScaling::ScalableTarget", "lambda:*"): _SCALING,
    ("AWS::ApplicationAutoScaling::ScalableTarget", "iam:PassRole"): "scaling works with its service-linked role",
    ("AWS::ECR::Repository", "ecr:DeleteRepositoryPolicy"): _NO_POLICY,
    ("AWS::ECR::Repository", "ecr:SetRepositoryPolicy"): _NO_POLICY,
    ("AWS::IAM::*Policy", "iam:*Group*"): _OTHERS,
    ("AWS::IAM::*Policy", "iam:*User*"): _OTHERS,
    ("AWS::Lambda::Function", "ec2:*"): _ON_NETWORK,
    ("AWS::Lambda::Function", "elasticfilesystem:*"): _ON_NETWORK,
    ("AWS::Lambda::Function", "s3files:*"): _ON_NETWORK,
    ("AWS::Lambda::Function", "kms:*"): _INLINE,
    ("AWS::Lambda::Function", "s3:*"): _INLINE,
    ("AWS::Lambda::Function", "lambda:AssociateRuntimeAlias"): NO_ACTION,
    ("AWS::Lambda::Function", "lambda:GetCodeSigningConfig"): _SIGNED,
    ("AWS::Lambda::Function", "lambda:*FunctionConcurrency"): _SIGNED,
    ("AWS::Lambda::Function", "lambda:DeleteFunctionCodeSigningConfig"): _SIGNED,
    ("AWS::Lambda::Function", "lambda:PutFunctionCodeSigningConfig"): _SIGNED,
    ("AWS::Lambda::Function", "lambda:PublishVersion"): _SIGNED,
    ("AWS::Lambda::Function", "lambda:PutFunction*Config"): "recursion and scaling stay at their defaults",
    ("AWS::Lambda::Function", "lambda:PutRuntimeManagementConfig"): "AWS keeps the runtime up to date by default",
    ("AWS::Lambda::Function", "lambda:GetLayerVersion"): "the function has no layers",
    ("AWS::Lambda::Function", "lambda:PassCapacityProvider"): "the function runs on Lambda's own capacity",
    ("AWS::Logs::LogGroup", "firehose:*"): _PLAIN_LOGS,
    ("AWS::Logs::LogGroup", "s3:*"): _PLAIN_LOGS,
    ("AWS::Logs::LogGroup", "logs:CreateLogDelivery"): _PLAIN_LOGS,
    ("AWS::Logs::LogGroup", "logs:*IndexPolicy"): _PLAIN_LOGS,
    ("AWS::Logs::LogGroup", "logs:*ResourcePolicy"): _PLAIN_LOGS,
    ("AWS::Logs::LogGroup", "logs:PutDataProtectionPolicy"): _PLAIN_LOGS,
    ("AWS::Logs::LogGroup", "logs:DeleteDataProtectionPolicy"): _PLAIN_LOGS,
    ("AWS::Logs::LogGroup", "logs:Put*Authentication"): _PLAIN_LOGS,
    ("AWS::Logs::LogGroup", "logs:PutLogGroupDeletionProtection"): _PLAIN_LOGS,
    ("AWS::S3::Bucket", "iam:PassRole"): _NO_REPLICA,
    ("AWS::S3::Bucket", "s3:DeleteObject"): "neither CloudFormation nor the template empties a bucket",
    ("AWS::S3::Bucket", "s3:DeleteBucketAnalyticsConfiguration"): NO_ACTION,
    ("AWS::S3::Bucket", "s3:DeleteBucketCors"): NO_ACTION,
    ("AWS::S3::Bucket", "s3:DeleteBucketEncryption"): NO_ACTION,
    ("AWS::S3::Bucket", "s3:DeleteBucketLifecycle"): NO_ACTION,
    ("AWS::S3::Bucket", "s3:DeleteBucketMetricsConfiguration"): NO_ACTION,
    ("AWS::S3::Bucket", "s3:DeleteBucketReplication"): NO_ACTION,
    ("AWS::S3::Bucket", "s3:DeleteBucketWebsite"): _TABLES,
    ("AWS::S3::Bucket", "s3:*Acl"): "buckets and objects have no access control lists",
    ("AWS::S3::Bucket", "s3:*Abac"): "the buckets do not use access control by tags",
    ("AWS::S3::Bucket", "s3:*BucketMetadata*"): _TABLES,
    ("AWS::S3::Bucket", "s3:Put*Accelerate*"): _TABLES,
    ("AWS::S3::Bucket", "s3:Put*Analytics*"): _TABLES,
    ("AWS::S3::Bucket", "s3:PutBucketCORS"): _TABLES,
    ("AWS::S3::Bucket", "s3:PutBucketNotification"): _TABLES,
    ("AWS::S3::Bucket", "s3:*ObjectLockConfiguration"): _TABLES,
    ("AWS::S3::Bucket", "s3:PutBucketWebsite"): _TABLES,
    ("AWS::S3::Bucket", "s3:PutIntelligentTiering*"): _TABLES,
    ("AWS::S3::Bucket", "s3:PutInventory*"): _TABLES,
    ("AWS::S3::Bucket", "s3:PutMetrics*"): _TABLES,
    ("AWS::S3::Bucket", "s3:Put*Replication*"): _NO_REPLICA,
    ("AWS::S3::Bucket", "s3:UpdateBucketMetadata*"): _TABLES,
    ("AWS::S3::Bucket", "s3tables:*"): _TABLES,
    ("AWS::SNS::*", "iam:*"): _NO_REPLICA,
    ("AWS::SNS::Topic", "sns:PutDataProtectionPolicy"): "the topic has no data protection policy",
    ("AWS::SageMaker::Domain", "efs:*"): _NO_EFS,
    ("AWS::SageMaker::Domain", "*App"): _NO_APP,
    (
        "AWS::SageMaker::Domain",
        "sagemaker:DescribeUserProfile",
    ): "profiles are separate resources, whose handlers call it",
    ("AWS::SageMaker::UserProfile", "sagemaker:DescribeImage*"): "profiles use the images of the domain",
    ("AWS::SageMaker::UserProfile", "identitystore:*"): _NO_SSO,
    ("AWS::SageMaker::UserProfile", "sso:*"): _NO_SSO,
}
"""The reason why an action of a type's schema is never called for the workspace. Type and action are patterns."""


@cache
def handler_permissions() -> dict[str, list[str]]:
    """Return the permissions that the provider schemas name for the handlers of each type.

    All callers share the result: `scripts/regenerate` updates it before it builds the templates.
    """
    return dict(json.loads(read_asset(__package__, "handler_permissions.json")))


def types(constructs: Iterable[Construct]) -> set[str]:
    """Return the resource types of these constructs."""
    return {str(resource.resource_type) for construct in constructs for resource in construct.resources}


def unused(kind: str, action: str) -> str:
    """Return the reason why an action of a type's schema is never called, or ''."""
    found = (why for (of, named), why in UNUSED.items() if fnmatchcase(kind, of) and fnmatchcase(action, named))
    return next(found, "")


def needs(kind: str) -> list[str]:
    """Return the actions that CloudFormation calls for a type as the workspace uses it.

    Raises:
        TemplateError: no permissions are known for the type.
    """
    called = _called(kind)
    if not called:
        raise TemplateError(
            f"There are no permissions for {kind} in {__package__.replace('.', '/')}/assets/handler_permissions.json. "
            "Run scripts/regenerate, which reads them from the provider schema."
        )
    return sorted(called)


def missing_permissions(kinds: Iterable[str]) -> list[str]:
    """Return a sentence for each type whose provider schema does not name permissions."""
    return [
        f"The provider schema of {kind} does not name permissions, so a launch role for it cannot be built. "
        "Use another type, or leave the resource out of the workspace."
        for kind in sorted(kinds)
        if not _called(kind)
    ]


def _called(kind: str) -> set[str]:
    if kind.startswith("Custom::"):
        return set(CUSTOM)
    return {action for action in handler_permissions().get(kind, ()) if not unused(kind, action)}
