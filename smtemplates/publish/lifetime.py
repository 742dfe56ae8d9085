"""Check that the template of a link exists, and that the bucket does not delete or archive it later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smtemplates.aws import objects
from smtemplates.aws.endpoints import is_local
from smtemplates.aws.errors import DENIED, UNREACHABLE, UNTRUSTED, CloudError, sentence
from smtemplates.aws.objects import Location
from smtemplates.aws.session import Cloud
from smtemplates.deploy.operations.listener import Listener
from smtemplates.deploy.requests import staging
from smtemplates.deploy.requests.template import Template
from smtemplates.errors import UsageError
from smtemplates.synth import received

# An object in these storage classes must be restored before it can be read.
# Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html
ARCHIVES = {"GLACIER", "DEEP_ARCHIVE"}
# By default, S3 does not move smaller objects to another storage class.
# Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
MIN_TRANSITION_BYTES = 128 * 1024
ANY_SIZE = "varies_by_storage_class"

MISSING = {"NoSuchKey", "NoSuchBucket", "404", "NotFound"}
UNKNOWN = {*DENIED, UNREACHABLE, UNTRUSTED}
NO_CONFIGURATION = "NoSuchLifecycleConfiguration"


def check_bucket(cloud: Cloud, template: Template, bucket: staging.Bucket, listener: Listener) -> None:
    """Check that a staging bucket keeps a template, before the template is uploaded.

    Rules that cannot be read are reported and do not prevent the link, because s3:PutObject and s3:GetObject suffice to
    create one.

    Raises:
        UsageError: A rule of the bucket deletes or archives the template.
    """
    location = Location(bucket=str(bucket.name), key=staging.key_of(template, bucket), owner=bucket.owner)
    _check_rules(cloud, location, len(template.body.encode()), listener)


def check_object(cloud: Cloud, template: Template, location: Location, listener: Listener) -> None:
    """Check that an object exists, that it is the template, and that its bucket keeps it.

    An object that the caller cannot read is reported and does not prevent the link, because the users of the link may
    have permission to read it.

    Raises:
        UsageError: The object does not exist, is a different template, or a rule of the bucket deletes or archives it.
    """
    try:
        if is_local(cloud.client("s3").meta.endpoint_url):
            listener.say(f"{location} was not checked, because the calls go to this computer and not to AWS.")
            return
        content, _ = objects.read(cloud, location)
    except UsageError as error:  # without credentials
        listener.say(f"{location} was not checked. {sentence(error)}")
        return
    except CloudError as error:
        if error.code in MISSING:
            raise UsageError(
                f"{location}, the object of --template-url, does not exist. Check the URL, or stage the template with "
                "--staging-bucket."
            ) from error
        if error.code not in UNKNOWN:
            raise
        listener.say(f"{location} was not checked, because it cannot be read. {sentence(error)}")
        return
    if (
        content != template.body.encode()
        and received.digest(content.decode("utf-8", "replace")) != template.content_digest
    ):
        raise UsageError(
            f"{location}, the object of --template-url, is not the template of --template. Specify the template that "
            "was staged, or stage this one with --staging-bucket."
        )
    _check_rules(cloud, location, len(content), listener)


def _check_rules(cloud: Cloud, location: Location, size: int, listener: Listener) -> None:
    arguments = {key: value for key, value in location.arguments.items() if key != "Key"}
    try:
        configuration = cloud.call("s3", "get_bucket_lifecycle_configuration", **arguments)
    except CloudError as error:
        if error.code in {NO_CONFIGURATION, *MISSING}:  # staging reports a missing bucket
            return
        if error.code not in DENIED:
            raise
        listener.say(
            f"It was not checked whether {location} expires, because you are not allowed to read the rules of the "
            "bucket (s3:GetLifecycleConfiguration)."
        )
        return
    tags = _tags(cloud, location) if "Tag" in str(configuration.get("Rules")) else {}
    if loss := loss_by(configuration, location.key, size, tags):
        raise UsageError(
            f"{location} {loss}, and its URL would then no longer work. Use another bucket or --staging-prefix, or "
            "exclude this key from the rule."
        )


def _tags(cloud: Cloud, location: Location) -> Mapping[str, str] | None:
    """Return the tags of an object; None if they cannot be read."""
    try:
        answer = cloud.call("s3", "get_object_tagging", **location.arguments)
    except CloudError as error:
        if error.code in MISSING:
            return {}  # a staged template has no tags
        if error.code in DENIED:
            return None
        raise
    return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}


def loss_by(configuration: Mapping[str, Any], key: str, size: int, tags: Mapping[str, str] | None) -> str:
    """Return the effect of a rule on an object, such as "expires after 7 days (rule old)"; '' if all rules keep it.

    `configuration` is the answer of GetBucketLifecycleConfiguration. `size` is the length of the object in bytes. If
    the tags are unknown (None), a rule for a tag counts.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
    """
    any_size = configuration.get("TransitionDefaultMinimumObjectSize") == ANY_SIZE
    for rule in configuration.get("Rules", []):
        if rule.get("Status") != "Enabled" or not _applies(rule, key, size, tags):
            continue
        name = f" (rule {rule['ID']} of the bucket)" if rule.get("ID") else ""
        expiration = rule.get("Expiration", {})
        if expiration.keys() & {"Days", "Date"}:
            return f"expires {_when(expiration)}{name}"
        if size < MIN_TRANSITION_BYTES and not any_size and not _has_size(rule):
            continue
        for transition in rule.get("Transitions", []):
            if transition.get("StorageClass") in ARCHIVES:
                return f"is archived {_when(transition)}{name}"
    return ""


def _when(action: Mapping[str, Any]) -> str:
    if "Date" in action:
        return f"on {action['Date']:%Y-%m-%d}"
    days = action.get("Days", 0)
    return f"after {days} day{'' if days == 1 else 's'}"


def _conditions(rule: Mapping[str, Any]) -> dict[str, Any]:
    """Return the conditions of a rule: Prefix, Tags, ObjectSizeGreaterThan and ObjectSizeLessThan."""
    given = rule.get("Filter") or {"Prefix": rule.get("Prefix", "")}
    found = {**given, **given.get("And", {})}
    if "Tag" in found:
        found["Tags"] = [found["Tag"]]
    return found


def _has_size(rule: Mapping[str, Any]) -> bool:
    return bool(_conditions(rule).keys() & {"ObjectSizeGreaterThan", "ObjectSizeLessThan"})


def _applies(rule: Mapping[str, Any], key: str, size: int, tags: Mapping[str, str] | None) -> bool:
    conditions = _conditions(rule)
    return (
        key.startswith(conditions.get("Prefix", ""))
        and size > conditions.get("ObjectSizeGreaterThan", -1)
        and size < conditions.get("ObjectSizeLessThan", size + 1)
        and (tags is None or all(tags.get(tag["Key"]) == tag["Value"] for tag in conditions.get("Tags", [])))
    )
