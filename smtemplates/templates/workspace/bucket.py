"""Bucket: one bucket of the workspace, created by this stack or existing, with its policy and outputs."""

from __future__ import annotations

from dataclasses import dataclass

from awacs.aws import Action, Bool, Condition, Deny, Principal, Statement
from troposphere import AWSObject, GetAtt, If, Output, Parameter, Ref, Retain, RetainExceptOnCreate, Sub, s3

from smtemplates.core.construct import NamedCondition, guard_waivers, output, when
from smtemplates.core.iam import policy_document
from smtemplates.templates.workspace.encryption import Encryption
from smtemplates.templates.workspace.project import Project
from smtemplates.templates.workspace.registry_sharing import RegistrySharing

ABORT_UPLOADS_DAYS = 7


@dataclass(frozen=True, kw_only=True)
class BucketOptions:
    """Contain the settings that the buckets of this stack share."""

    expiration: Parameter
    tiering: Parameter
    noncurrent: Parameter
    log_bucket: Parameter
    keep_versions: NamedCondition
    expire_objects: NamedCondition
    tier_objects: NamedCondition
    expire_versions: NamedCondition
    has_log_bucket: NamedCondition


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """Represent one bucket of the workspace: created under `logical_id`, or existing with the name in `existing`."""

    logical_id: str
    existing: Parameter
    create: NamedCondition
    folders: tuple[str, ...]

    def name(self) -> If:
        """Return the name of the bucket."""
        return when(self.create, Ref(self.logical_id), Ref(self.existing))

    def arn(self, path: str = "") -> Sub:
        """Return the ARN of the bucket, or of a path in it."""
        return Sub(f"arn:${{AWS::Partition}}:s3:::${{Bucket}}{path}", Bucket=self.name())

    def resources(
        self, project: Project, encryption: Encryption, options: BucketOptions, sharing: RegistrySharing | None
    ) -> list[AWSObject]:
        """Build the bucket and its policy.

        The bucket is retained when the stack is deleted, but not if its creation fails.
        """
        bucket = s3.Bucket(
            self.logical_id,
            Condition=self.create.name,
            DeletionPolicy=RetainExceptOnCreate,
            UpdateReplacePolicy=Retain,
            Metadata=guard_waivers(S3_9=options.has_log_bucket, S3_14=options.keep_versions, S3_17=encryption.has_key),
            BucketEncryption=s3.BucketEncryption(ServerSideEncryptionConfiguration=[_encryption_rule(encryption)]),
            LifecycleConfiguration=s3.LifecycleConfiguration(
                Rules=[_cleanup(options), _expiry(options), _tiering(options)]
            ),
            LoggingConfiguration=when(
                options.has_log_bucket,
                s3.LoggingConfiguration(
                    DestinationBucketName=Ref(options.log_bucket),
                    LogFilePrefix=Sub(f"${{AWS::StackName}}/{self.logical_id}/"),
                ),
            ),
            OwnershipControls=s3.OwnershipControls(
                Rules=[s3.OwnershipControlsRule(ObjectOwnership="BucketOwnerEnforced")]
            ),
            PublicAccessBlockConfiguration=s3.PublicAccessBlockConfiguration(
                BlockPublicAcls=True, BlockPublicPolicy=True, IgnorePublicAcls=True, RestrictPublicBuckets=True
            ),
            Tags=project.tags(),
            VersioningConfiguration=s3.VersioningConfiguration(
                Status=when(options.keep_versions, "Enabled", "Suspended")
            ),
        )
        return [bucket, self.bucket_policy(sharing)]

    def bucket_policy(self, sharing: RegistrySharing | None) -> s3.BucketPolicy:
        """Build the bucket policy: it denies requests without TLS, and is retained with the bucket."""
        shared = [Sub(f"${{{self.logical_id}.Arn}}/{folder}*") for folder in self.folders]
        return s3.BucketPolicy(
            f"{self.logical_id}Policy",
            Condition=self.create.name,
            DeletionPolicy=RetainExceptOnCreate,
            UpdateReplacePolicy=Retain,
            Bucket=Ref(self.logical_id),
            PolicyDocument=policy_document(
                Statement(
                    Sid="DenyWithoutTls",
                    Effect=Deny,
                    Principal=Principal("*"),
                    Action=[Action("s3", "*")],
                    Resource=[GetAtt(self.logical_id, "Arn"), Sub(f"${{{self.logical_id}.Arn}}/*")],
                    # a text, not a Boolean: the rule CT.S3.PR.8 of Control Tower accepts only the text
                    Condition=Condition(Bool({"aws:SecureTransport": "false"})),
                ),
                *([sharing.read_artifacts(shared)] if sharing else []),
            ),
        )

    def outputs(self, role: str) -> list[Output]:
        """Build the outputs that describe the bucket."""
        return [
            output(f"{self.logical_id}Name", f"Name of the {role} bucket", self.name(), export=True),
            output(f"{self.logical_id}Arn", f"ARN of the {role} bucket", self.arn()),
        ]


def _encryption_rule(encryption: Encryption) -> s3.ServerSideEncryptionRule:
    return s3.ServerSideEncryptionRule(
        BucketKeyEnabled=True,
        ServerSideEncryptionByDefault=s3.ServerSideEncryptionByDefault(
            SSEAlgorithm=when(encryption.has_key, "aws:kms", "AES256"), KMSMasterKeyID=encryption.key()
        ),
    )


def _cleanup(options: BucketOptions) -> s3.LifecycleRule:
    """Build the rule that deletes incomplete multipart uploads, older versions and expired delete markers."""
    return s3.LifecycleRule(
        Id="Cleanup",
        Status="Enabled",
        AbortIncompleteMultipartUpload=s3.AbortIncompleteMultipartUpload(DaysAfterInitiation=ABORT_UPLOADS_DAYS),
        ExpiredObjectDeleteMarker=True,
        NoncurrentVersionExpiration=when(
            options.expire_versions, s3.NoncurrentVersionExpiration(NoncurrentDays=Ref(options.noncurrent))
        ),
    )


def _expiry(options: BucketOptions) -> If:
    """Build the rule that deletes objects by age. The minimum size keeps the empty objects that are folders.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-filters.html
    """
    rule = s3.LifecycleRule(
        Id="Expire",
        Status="Enabled",
        ObjectSizeGreaterThan="0",
        ExpirationInDays=Ref(options.expiration),
    )
    return when(options.expire_objects, rule)


def _tiering(options: BucketOptions) -> If:
    """Build the rule that moves objects to Intelligent-Tiering by age. S3 does not move objects smaller than 128 KB.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
    """
    rule = s3.LifecycleRule(
        Id="Tier",
        Status="Enabled",
        Transitions=[
            s3.LifecycleRuleTransition(StorageClass="INTELLIGENT_TIERING", TransitionInDays=Ref(options.tiering))
        ],
    )
    return when(options.tier_objects, rule)
