"""Storage: the input, output and model buckets, created by this stack or existing."""

from __future__ import annotations

from dataclasses import dataclass

from troposphere import Not, Parameter, Ref

from smtemplates.core.construct import (
    OFF,
    Construct,
    NamedCondition,
    all_of,
    boolean_parameter,
    equals,
    is_empty,
    is_not_empty,
    is_true,
    not_,
    number_parameter,
    rule,
    string_parameter,
)
from smtemplates.templates.workspace.bucket import Bucket, BucketOptions
from smtemplates.templates.workspace.encryption import Encryption
from smtemplates.templates.workspace.project import Project
from smtemplates.templates.workspace.registry_sharing import RegistrySharing

TEN_YEARS_DAYS = 3650
MOST_TIERING_DAYS = 90
# Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
BUCKET_NAME = "^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"
BUCKET_HINT = "a bucket name of 3 to 63 lower-case letters, digits, dots and hyphens"


@dataclass(frozen=True, kw_only=True)
class Storage(Construct):
    """Contain the three buckets, and the condition that folders are created."""

    input: Bucket
    output: Bucket
    models: Bucket
    create_folders: NamedCondition

    def buckets(self) -> tuple[Bucket, Bucket, Bucket]:
        """Return all three buckets."""
        return self.input, self.output, self.models


def storage(project: Project, encryption: Encryption, registry_sharing: RegistrySharing | None = None) -> Storage:
    """Build three buckets for training data, results and models. They are retained when the stack is deleted."""
    create, folders = _create(), _folders()
    versioning, expiration, noncurrent, log_bucket = _versioning(), _expiration(), _noncurrent(), _log_bucket()
    tiering = _tiering()
    buckets = {
        "input": _bucket(create, "Input", "training data", "training/", "validation/", "test/"),
        "output": _bucket(create, "Output", "results of jobs", "output/", "processing/"),
        "model": _bucket(create, "Model", "trained models", "models/", "artifacts/"),
    }
    create_folders = NamedCondition("CreateFolders", is_true(folders))
    options = BucketOptions(
        expiration=expiration,
        tiering=tiering,
        noncurrent=noncurrent,
        log_bucket=log_bucket,
        keep_versions=NamedCondition("VersionBuckets", is_true(versioning)),
        expire_objects=NamedCondition("ExpireObjects", not_(equals(expiration, "0"))),
        tier_objects=NamedCondition("TierObjects", not_(equals(tiering, "0"))),
        expire_versions=NamedCondition("ExpireVersions", not_(equals(noncurrent, "0"))),
        has_log_bucket=NamedCondition("HasAccessLogBucket", is_not_empty(log_bucket)),
    )
    return Storage(
        title="Storage",
        source=__name__,
        switches={"Create buckets": create},
        parameters={
            **{f"Existing {role} bucket": bucket.existing for role, bucket in buckets.items()},
            "Keep older versions": versioning,
            "Delete objects after (days)": expiration,
            "Move objects to Intelligent-Tiering after (days)": tiering,
            "Delete older versions after (days)": noncurrent,
            "Bucket for access logs": log_bucket,
            "Create folders": folders,
        },
        conditions=[
            *(bucket.create for bucket in buckets.values()),
            options.keep_versions,
            options.expire_objects,
            options.tier_objects,
            options.expire_versions,
            options.has_log_bucket,
            create_folders,
        ],
        rules={
            "BucketsExist": rule(
                "If CreateBuckets is false, enter ExistingInputBucketName, ExistingOutputBucketName and "
                "ExistingModelBucketName.",
                *(is_not_empty(bucket.existing) for bucket in buckets.values()),
                given=equals(create, OFF),
            ),
            # Rules cannot compare numbers, so the list contains every number that is too small for some tiering
            "ObjectsTierBeforeTheyExpire": rule(
                "With IntelligentTieringDays, ObjectExpirationDays must be 0 or greater than "
                f"{MOST_TIERING_DAYS}, so that objects are moved before they are deleted.",
                Not({"Fn::Contains": [[str(days) for days in range(1, MOST_TIERING_DAYS + 1)], Ref(expiration)]}),
                given=not_(equals(tiering, "0")),
            ),
        },
        resources=[
            made
            for role, bucket in buckets.items()
            for made in bucket.resources(project, encryption, options, registry_sharing if role == "model" else None)
        ],
        outputs=[output for role, bucket in buckets.items() for output in bucket.outputs(role)],
        input=buckets["input"],
        output=buckets["output"],
        models=buckets["model"],
        create_folders=create_folders,
    )


def _create() -> Parameter:
    return boolean_parameter(
        "CreateBuckets",
        "Create the input, output and model buckets, except those for which you enter an existing name. The "
        "buckets are retained when the stack is deleted. If false, enter all three existing names.",
        default=True,
    )


def _folders() -> Parameter:
    return boolean_parameter(
        "CreateFolders",
        "Create the folders of the workspace in the buckets, as empty objects such as 'training/'. If false, no "
        "folders are created.",
        default=True,
    )


def _versioning() -> Parameter:
    return boolean_parameter(
        "BucketVersioning",
        "Keep overwritten and deleted objects as older versions in the buckets that this stack creates. If false, "
        "overwritten and deleted objects are lost immediately.",
        default=True,
    )


def _expiration() -> Parameter:
    return number_parameter(
        "ObjectExpirationDays",
        "Number of days after which objects in the buckets that this stack creates are deleted, INCLUDING MODELS. "
        "Objects that are already older are also deleted. Folders are kept. Enter 0 to keep objects.",
        default=0,
        least=0,
        most=TEN_YEARS_DAYS,
    )


def _tiering() -> Parameter:
    return number_parameter(
        "IntelligentTieringDays",
        "Number of days after which objects in the buckets that this stack creates move to S3 Intelligent-Tiering. It "
        "lowers the price of objects that are not read for 30 days, and charges a monthly fee for each object. Objects "
        "smaller than 128 KB do not move. If objects expire, they must expire after more than 90 days. Objects that "
        "have moved do not move back. Enter 0 to keep the storage class.",
        default=0,
        least=0,
        most=MOST_TIERING_DAYS,
    )


def _noncurrent() -> Parameter:
    return number_parameter(
        "NoncurrentVersionExpirationDays",
        "Number of days after which older versions in the buckets that this stack creates are permanently deleted. "
        "Versions that are already older are also deleted. Enter 0 to keep them. Default: 90.",
        default=90,
        least=0,
        most=TEN_YEARS_DAYS,
    )


def _log_bucket() -> Parameter:
    return string_parameter(
        "AccessLogBucketName",
        "Name of the bucket that receives the S3 access logs of the buckets that this stack creates. The bucket "
        "must be in this Region and allow logging.s3.amazonaws.com to write. Leave empty for no access logs.",
        pattern=f"^$|{BUCKET_NAME}",
        hint=f"must be empty or {BUCKET_HINT}",
        max_length=63,
    )


def _bucket(create: Parameter, which: str, holds: str, *folders: str) -> Bucket:
    changing = "Changing this deploys an endpoint that stores requests again. " if which == "Output" else ""
    existing = string_parameter(
        f"Existing{which}BucketName",
        f"Name of an existing bucket for {holds}. The stack does not change its settings, and creates only empty "
        "folders in it. If it is encrypted with a customer managed KMS key, also enter that key as the existing KMS "
        "key. If you change this later, objects are not moved, and a bucket of this stack is retained. "
        f"{changing}Leave empty to create a bucket.",
        pattern=f"^$|{BUCKET_NAME}",
        hint=f"must be empty or {BUCKET_HINT}",
        max_length=63,
    )
    is_created = NamedCondition(f"Create{which}Bucket", all_of(is_true(create), is_empty(existing)))
    return Bucket(logical_id=f"{which}Bucket", existing=existing, create=is_created, folders=folders)
