"""What launching the workspace needs: computed from its types, so that it never lags behind them.

The provider schemas name what CloudFormation calls for a type, for every option of that type. `scripts/regenerate`
keeps them as an asset, for rendering does not import cfn-lint. What the workspace's use of a type never calls is left
out below, with the reason.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cache

from smtemplates.core.assets import read_asset
from smtemplates.core.construct import Construct
from smtemplates.errors import TemplateError

# CloudFormation invokes a custom resource's function; that it does so as whoever made the stack is not seen live.
# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-custom-resources-lambda.html
CUSTOM = ("lambda:InvokeFunction",)

_NO_REPLICA = "buckets have no replication, and a rule's or topic's target needs no role"
_ON_NETWORK = "the function is in no VPC and mounts no file system"
_SIGNED = "the function is not signed, reserves no concurrency, and publishes no version"
_INLINE = "the function's code stands in the template, and its variables are not encrypted with a key of ours"
_SCALING = "only a SageMaker variant is scaled, on no schedule"
_OTHERS = "policies are attached to roles alone"
_TABLES = "buckets have no metadata tables, analytics, inventory, metrics, website, CORS, lock or notifications"
_PLAIN_LOGS = "log groups have no delivery, index, data protection, resource policy or bearer tokens"
_NO_EFS = "the domain makes no home file system"
_NO_SSO = "profiles are made for IAM only; IAM Identity Center makes its own"
_NO_IMAGE = "apps use SageMaker's own images, and the template starts none"
NO_ACTION = "not an action of IAM: another one of the list decides on the call"

UNUSED: Mapping[tuple[str, str], str] = {
    ("AWS::ApplicationAutoScaling::ScalableTarget", "*ScheduledAction"): _SCALING,
    ("AWS::ApplicationAutoScaling::ScalableTarget", "lambda:*"): _SCALING,
    ("AWS::ApplicationAutoScaling::ScalableTarget", "iam:PassRole"): "scaling works with its service-linked role",
    ("AWS::Events::Rule", "iam:PassRole"): _NO_REPLICA,
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
    ("AWS::S3::Bucket", "s3:DeleteObject"): "CloudFormation empties no bucket, and nor does the template",
    ("AWS::S3::Bucket", "s3:DeleteBucketAnalyticsConfiguration"): NO_ACTION,
    ("AWS::S3::Bucket", "s3:DeleteBucketCors"): NO_ACTION,
    ("AWS::S3::Bucket", "s3:DeleteBucketEncryption"): NO_ACTION,
    ("AWS::S3::Bucket", "s3:DeleteBucketLifecycle"): NO_ACTION,
    ("AWS::S3::Bucket", "s3:DeleteBucketMetricsConfiguration"): NO_ACTION,
    ("AWS::S3::Bucket", "s3:DeleteBucketReplication"): NO_ACTION,
    ("AWS::S3::Bucket", "s3:DeleteBucketWebsite"): _TABLES,
    ("AWS::S3::Bucket", "s3:*Acl"): "buckets and objects have no access control lists",
    ("AWS::S3::Bucket", "s3:*Abac"): "access is not decided by a bucket's tags",
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
    ("AWS::SageMaker::Domain", "*App"): _NO_IMAGE,
    ("AWS::SageMaker::Domain", "sagemaker:DescribeUserProfile"): "profiles are resources of their own, which read it",
    ("AWS::SageMaker::*", "sagemaker:DescribeImage*"): _NO_IMAGE,
    ("AWS::SageMaker::UserProfile", "identitystore:*"): _NO_SSO,
    ("AWS::SageMaker::UserProfile", "sso:*"): _NO_SSO,
}
"""Why the workspace's use of a type never calls what its schema names; both are patterns."""


@cache
def handler_permissions() -> dict[str, list[str]]:
    """Return the permissions that the provider schemas name for the handlers of each type.

    All callers share the result: `scripts/regenerate` updates it before it builds the templates.
    """
    return dict(json.loads(read_asset(__package__, "handler_permissions.json")))


def types(constructs: Iterable[Construct]) -> set[str]:
    """Name the types of resources in these areas."""
    return {str(resource.resource_type) for construct in constructs for resource in construct.resources}


def unused(kind: str, action: str) -> str:
    """Say why an action of a type's schema is never called, or nothing."""
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
    """Return a sentence for each type of which the provider schema names no permissions."""
    return [
        f"The provider schema of {kind} names no permissions, so a launch role for it cannot be built. "
        "Use another type, or leave the resource out of the workspace."
        for kind in sorted(kinds)
        if not _called(kind)
    ]


def _called(kind: str) -> set[str]:
    if kind.startswith("Custom::"):
        return set(CUSTOM)
    return {action for action in handler_permissions().get(kind, ()) if not unused(kind, action)}
