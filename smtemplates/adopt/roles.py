"""Decide which resource of the state has which role in the workspace."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from smtemplates.adopt.kinds import BUCKETS, NONE, ROLES
from smtemplates.adopt.state import Instance
from smtemplates.errors import UsageError, nearest

Roles = Mapping[str, Instance]
_Test = Callable[[Instance], bool]

_FOLDERS = {
    "input": ("training/", "validation/", "test/"),
    "output": ("output/", "processing/"),
    "model": ("models/", "artifacts/"),
}
_WORDS = {
    "input": {"input", "inputs", "data", "raw", "training", "dataset", "datasets"},
    "output": {"output", "outputs", "result", "results", "processed"},
    "model": {"model", "models", "artifact", "artifacts"},
}
_ALARM_WORDS = {"alarm", "alarms", "alert", "alerts", "notification", "notifications"}
_SERVICE = "sagemaker.amazonaws.com"


def is_aws(instance: Instance) -> bool:
    """Return whether the AWS provider manages the instance."""
    return instance.mode == "managed" and instance.provider.endswith("/hashicorp/aws")


def choose(instances: Sequence[Instance], wanted: Mapping[str, str]) -> dict[str, Instance]:
    """Return the instance of each role that has one. `wanted` are the names that options specify, by role.

    Raises:
        UsageError: Several resources can have a role, or a specified one does not exist. The message has a line each.
    """
    available = [one for one in instances if is_aws(one) and not one.deposed]
    found: dict[str, Instance] = {}
    problems: list[str] = []
    for role in ROLES:
        if wanted.get(role) == NONE:
            continue
        try:
            one = _named(role, wanted[role], available) if role in wanted else _only(role, available, found)
        except UsageError as error:
            problems.append(str(error))
            continue
        if one:
            found[role] = one
    if problems:
        raise UsageError("\n".join(problems))
    return found


def _named(role: str, name: str, available: Sequence[Instance]) -> Instance:
    """Return the resource that an option names: by address, ID, name or ARN."""
    kind, option, _ = ROLES[role]
    candidates = [one for one in available if one.type == kind]
    for one in candidates:
        if name in (one.address, *names_of(one)):
            return one
    known = [one.text("bucket") or one.text("name") or one.address for one in candidates]
    near = nearest(name, known)
    hint = f" Did you mean {near}?" if near else ""
    raise UsageError(f"{option} {name}: the state contains no {kind} with this name, ID or address.{hint}")


def names_of(one: Instance) -> tuple[str, ...]:
    """Return the texts that identify a resource in attributes of others."""
    keys = ("id", "arn", "bucket", "name", "key_id", "model_package_group_name")
    return tuple(dict.fromkeys(filter(None, (one.text(key) for key in keys))))


def _only(role: str, available: Sequence[Instance], found: Roles) -> Instance | None:
    """Return the only resource with the strongest evidence that any resource has."""
    kind, option, words = ROLES[role]
    candidates = [one for one in available if one.type == kind]
    for holds in _evidence(role, available, found):
        matching = [one for one in candidates if holds(one)]
        if len(matching) > 1:
            named = " and ".join(f"{one.address}{_shown(one)}" for one in matching)
            raise UsageError(f"{named} can be {words}. Specify {option} NAME, or {option} {NONE} to use neither.")
        if matching:
            return matching[0]
    return None


def _shown(one: Instance) -> str:
    name = one.text("bucket") or one.text("name")
    return f" ({name})" if name else ""


def _evidence(role: str, available: Sequence[Instance], found: Roles) -> Iterator[_Test]:
    """Yield the tests of a role, the strongest first."""
    if role in BUCKETS:
        yield lambda one: bool(_keys(one, available) & {*_FOLDERS[role]})
        yield lambda one: bool(_words(one.name, one.module.rpartition(".")[2], str(one.key)) & _WORDS[role])
        yield lambda one: bool(_words(one.text("bucket")) & _WORDS[role])
    elif role == "role":
        used = {text for one in available for text in _roles_of(one)}
        yield lambda one: one.text("arn") in used
        yield lambda one: _SERVICE in str(one.value("assume_role_policy"))
    elif role == "key":
        used = set(key_names(available, found))
        yield lambda one: bool(used & {*names_of(one), *_aliases(one, available)})
    elif role == "topic":
        alarms = (one for one in available if is_sagemaker_alarm(one))
        used = {text for one in alarms for text in one.texts("alarm_actions")}
        yield lambda one: one.text("arn") in used
        yield lambda one: bool(_words(one.name, one.text("name")) & _ALARM_WORDS)
    else:
        yield lambda _: True


def _keys(bucket: Instance, available: Sequence[Instance]) -> set[str]:
    """Return the keys of the objects of a bucket that are in the state."""
    objects = (one for one in available if one.type in ("aws_s3_object", "aws_s3_bucket_object"))
    return {one.text("key") for one in objects if one.text("bucket") in names_of(bucket)}


def _words(*texts: str) -> set[str]:
    return {word for text in texts for word in re.split(r"[^a-z]+", text.lower()) if word}


def _roles_of(one: Instance) -> tuple[str, ...]:
    if one.type == "aws_sagemaker_notebook_instance":
        return (one.text("role_arn"),)
    if one.type == "aws_sagemaker_domain":
        return (one.text("default_user_settings", 0, "execution_role"),)
    return ()


def is_sagemaker_alarm(one: Instance) -> bool:
    """Return whether an instance is an alarm on a metric of SageMaker."""
    return one.type == "aws_cloudwatch_metric_alarm" and "sagemaker" in one.text("namespace").lower()


def key_names(available: Sequence[Instance], found: Roles) -> Iterator[str]:
    """Yield the names of the keys that encrypt the chosen buckets, and the notebook instance or domain."""
    buckets = {name for role in BUCKETS if role in found for name in names_of(found[role])}
    for one in available:
        if one.type == "aws_s3_bucket_server_side_encryption_configuration" and one.text("bucket") in buckets:
            yield one.text("rule", 0, "apply_server_side_encryption_by_default", 0, "kms_master_key_id")
        elif one.type in ("aws_sagemaker_notebook_instance", "aws_sagemaker_domain"):
            yield one.text("kms_key_id")
    for role in BUCKETS:
        if role in found:
            path = ("server_side_encryption_configuration", 0, "rule", 0, "apply_server_side_encryption_by_default", 0)
            yield found[role].text(*path, "kms_master_key_id")


def _aliases(key: Instance, available: Sequence[Instance]) -> Iterator[str]:
    for one in available:
        if one.type == "aws_kms_alias" and one.text("target_key_id") in names_of(key):
            yield from names_of(one)
