"""Storage: the input, output and model buckets, made here or brought."""

from __future__ import annotations

from dataclasses import dataclass

from awacs.aws import Action, Bool, Condition, Deny, Principal, Statement
from troposphere import (
    AWSObject,
    GetAtt,
    If,
    Output,
    Parameter,
    Ref,
    Retain,
    RetainExceptOnCreate,
    Sub,
    s3,
)

from smtemplates.core.construct import (
    OFF,
    Construct,
    NamedCondition,
    all_of,
    boolean_parameter,
    equals,
    guard_waivers,
    is_empty,
    is_not_empty,
    is_true,
    not_,
    number_parameter,
    output,
    rule,
    string_parameter,
    when,
)
from smtemplates.core.iam import document
from smtemplates.templates.workspace.encryption import Encryption
from smtemplates.templates.workspace.project import Project

ABORT_UPLOADS_DAYS = 7
TEN_YEARS_DAYS = 3650
# Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
BUCKET_NAME = "^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"
BUCKET_HINT = "a bucket's name: 3 to 63 lower-case letters, digits, dots and hyphens"


@dataclass(frozen=True, kw_only=True)
class _Options:
    expiration: Parameter
    noncurrent: Parameter
    log_bucket: Parameter
    keep_versions: NamedCondition
    expire_objects: NamedCondition
    expire_versions: NamedCondition
    has_log_bucket: NamedCondition


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """Hold one bucket of the workspace, made here under `logical_id` or brought as the parameter `existing`."""

    logical_id: str
    existing: Parameter
    create: NamedCondition
    folders: tuple[str, ...]

    def name(self) -> If:
        """Name the bucket."""
        return when(self.create, Ref(self.logical_id), Ref(self.existing))

    def arn(self, path: str = "") -> Sub:
        """Name the bucket, or what is below a path in it."""
        return Sub(f"arn:${{AWS::Partition}}:s3:::${{Bucket}}{path}", Bucket=self.name())

    def resources(self, project: Project, encryption: Encryption, options: _Options) -> list[AWSObject]:
        """Make the bucket and its policy; its data outlives the stack, and a first create that fails leaves nothing."""
        bucket = s3.Bucket(
            self.logical_id,
            Condition=self.create.name,
            DeletionPolicy=RetainExceptOnCreate,
            UpdateReplacePolicy=Retain,
            Metadata=guard_waivers(S3_9=options.has_log_bucket, S3_14=options.keep_versions, S3_17=encryption.has_key),
            BucketEncryption=s3.BucketEncryption(ServerSideEncryptionConfiguration=[_encryption_rule(encryption)]),
            LifecycleConfiguration=s3.LifecycleConfiguration(Rules=[_cleanup(options), _expiry(options)]),
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
        return [bucket, self.policy()]

    def policy(self) -> s3.BucketPolicy:
        """Refuse requests without TLS, for as long as the bucket lives."""
        return s3.BucketPolicy(
            f"{self.logical_id}Policy",
            Condition=self.create.name,
            DeletionPolicy=RetainExceptOnCreate,
            UpdateReplacePolicy=Retain,
            Bucket=Ref(self.logical_id),
            PolicyDocument=document(
                Statement(
                    Sid="DenyWithoutTls",
                    Effect=Deny,
                    Principal=Principal("*"),
                    Action=[Action("s3", "*")],
                    Resource=[GetAtt(self.logical_id, "Arn"), Sub(f"${{{self.logical_id}.Arn}}/*")],
                    # the text, not a boolean: Control Tower's CT.S3.PR.8 looks for exactly that
                    Condition=Condition(Bool({"aws:SecureTransport": "false"})),
                )
            ),
        )

    def outputs(self, role: str) -> list[Output]:
        """Describe the bucket in the stack's outputs."""
        return [
            output(f"{self.logical_id}Name", f"Name of the {role} bucket", self.name(), export=True),
            output(f"{self.logical_id}Arn", f"ARN of the {role} bucket", self.arn()),
        ]


@dataclass(frozen=True, kw_only=True)
class Storage(Construct):
    """Hold the three buckets and the switch of their folders."""

    input: Bucket
    output: Bucket
    models: Bucket
    create_folders: NamedCondition

    def buckets(self) -> tuple[Bucket, Bucket, Bucket]:
        """Give all three."""
        return self.input, self.output, self.models


def storage(project: Project, encryption: Encryption) -> Storage:
    """Keep training data, results and models in three buckets that outlive the stack."""
    create, folders = _create(), _folders()
    versioning, expiration, noncurrent, log_bucket = _versioning(), _expiration(), _noncurrent(), _log_bucket()
    buckets = {
        "input": _bucket(create, "Input", "training data", "training/", "validation/", "test/"),
        "output": _bucket(create, "Output", "results of jobs", "output/", "processing/"),
        "models": _bucket(create, "Model", "trained models", "models/", "artifacts/"),
    }
    create_folders = NamedCondition("CreateFolders", is_true(folders))
    options = _Options(
        expiration=expiration,
        noncurrent=noncurrent,
        log_bucket=log_bucket,
        keep_versions=NamedCondition("VersionBuckets", is_true(versioning)),
        expire_objects=NamedCondition("ExpireObjects", not_(equals(expiration, "0"))),
        expire_versions=NamedCondition("ExpireVersions", not_(equals(noncurrent, "0"))),
        has_log_bucket=NamedCondition("HasAccessLogBucket", is_not_empty(log_bucket)),
    )
    return Storage(
        title="Storage",
        source=__name__,
        parameters={
            "Make the buckets?": create,
            **{f"Existing {role} bucket": bucket.existing for role, bucket in buckets.items()},
            "Keep older versions?": versioning,
            "Delete objects after (days)": expiration,
            "Delete older versions after (days)": noncurrent,
            "Bucket for access logs": log_bucket,
            "Make the folders?": folders,
        },
        conditions=[
            *(bucket.create for bucket in buckets.values()),
            options.keep_versions,
            options.expire_objects,
            options.expire_versions,
            options.has_log_bucket,
            create_folders,
        ],
        rules={
            "BucketsExist": rule(
                "With CreateBuckets 'false', give ExistingInputBucketName, ExistingOutputBucketName and "
                "ExistingModelBucketName.",
                *(is_not_empty(bucket.existing) for bucket in buckets.values()),
                given=equals(create, OFF),
            )
        },
        resources=[made for bucket in buckets.values() for made in bucket.resources(project, encryption, options)],
        outputs=[output for role, bucket in buckets.items() for output in bucket.outputs(role)],
        input=buckets["input"],
        output=buckets["output"],
        models=buckets["models"],
        create_folders=create_folders,
    )


def _create() -> Parameter:
    return boolean_parameter(
        "CreateBuckets",
        "Make the three buckets; one whose existing name is given below is not made. "
        "They outlive the stack. 'false': all three existing names are needed.",
        default=True,
    )


def _folders() -> Parameter:
    return boolean_parameter(
        "CreateFolders",
        "Make the folders of the workspace in the buckets: empty objects like 'training/'. 'false': none are made.",
        default=True,
    )


def _versioning() -> Parameter:
    return boolean_parameter(
        "BucketVersioning",
        "Keep what is overwritten or deleted in the buckets made here as older versions. 'false': it is gone at once.",
        default=True,
    )


def _expiration() -> Parameter:
    return number_parameter(
        "ObjectExpirationDays",
        "Days after which objects in the buckets made here are deleted, MODELS INCLUDED (folders stay). 0: never.",
        default=0,
        least=0,
        most=TEN_YEARS_DAYS,
    )


def _noncurrent() -> Parameter:
    return number_parameter(
        "NoncurrentVersionExpirationDays",
        "Days after which older versions in the buckets made here are deleted for good. 0: never.",
        default=90,
        least=0,
        most=TEN_YEARS_DAYS,
    )


def _log_bucket() -> Parameter:
    return string_parameter(
        "AccessLogBucketName",
        "Bucket that receives the S3 access logs of the buckets made here; it must be in this Region and let "
        "logging.s3.amazonaws.com write. Empty: no access logs.",
        pattern=f"^$|{BUCKET_NAME}",
        hint=f"must be empty or {BUCKET_HINT}",
        max_length=63,
    )


def _bucket(create: Parameter, which: str, holds: str, *folders: str) -> Bucket:
    existing = string_parameter(
        f"Existing{which}BucketName",
        f"Name of a bucket that exists and holds {holds}; it is used as it is. "
        "If a KMS key of its own encrypts it, give that as KmsKeyArn. Empty: one is made.",
        pattern=f"^$|{BUCKET_NAME}",
        hint=f"must be empty or {BUCKET_HINT}",
        max_length=63,
    )
    is_created = NamedCondition(f"Create{which}Bucket", all_of(is_true(create), is_empty(existing)))
    return Bucket(logical_id=f"{which}Bucket", existing=existing, create=is_created, folders=folders)


def _encryption_rule(encryption: Encryption) -> s3.ServerSideEncryptionRule:
    return s3.ServerSideEncryptionRule(
        BucketKeyEnabled=True,
        ServerSideEncryptionByDefault=s3.ServerSideEncryptionByDefault(
            SSEAlgorithm=when(encryption.has_key, "aws:kms", "AES256"), KMSMasterKeyID=encryption.key()
        ),
    )


def _cleanup(options: _Options) -> s3.LifecycleRule:
    """Delete what nobody sees: parts of uploads that never finished, old versions, markers of deleted objects."""
    return s3.LifecycleRule(
        Id="Cleanup",
        Status="Enabled",
        AbortIncompleteMultipartUpload=s3.AbortIncompleteMultipartUpload(DaysAfterInitiation=ABORT_UPLOADS_DAYS),
        ExpiredObjectDeleteMarker=True,
        NoncurrentVersionExpiration=when(
            options.expire_versions, s3.NoncurrentVersionExpiration(NoncurrentDays=Ref(options.noncurrent))
        ),
    )


def _expiry(options: _Options) -> If:
    """Delete objects by age; the size keeps the empty objects that are folders.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-filters.html
    """
    rule = s3.LifecycleRule(
        Id="Expire",
        Status="Enabled",
        ObjectSizeGreaterThan="0",
        ExpirationInDays=Ref(options.expiration),
    )
    return when(options.expire_objects, rule)
