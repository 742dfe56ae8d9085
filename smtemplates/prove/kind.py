"""A kind of resources that experiments create: how to find them by name and tag, and how to delete them.

Deletion is by name and can be repeated, so the run that created a resource and every later run delete it in the same
way, also after the process was killed. The deletion of a resource that does not exist has no effect.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from smtemplates.aws.errors import CloudError
from smtemplates.aws.session import Cloud
from smtemplates.prove.experiment import TAG

POLL_SECONDS = 5.0
MOST_POLLS = 240
MISSING = ("ResourceNotFound", "ResourceNotFoundException", "FileSystemNotFound", "MountTargetNotFound", "NoSuchBucket")
# SageMaker rejects the name of a model or a job that does not exist as invalid, in words that differ by operation.
INVALID = "ValidationException"
MISSING_WORDS = re.compile(r"could not find|not found|does not exist", re.IGNORECASE)


@dataclass(frozen=True)
class Found:
    """A resource with a name of the experiments. `own` is whether it has the tag."""

    name: str
    own: bool


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of resources. `find` yields those in the Region of the cloud. `local` is whether the local cloud has it.

    `delete` returns '', or the reason why the resource is no longer one of the experiments and is kept.
    """

    title: str
    find: Callable[[Cloud], Iterator[Found]]
    delete: Callable[[Cloud, str], str]
    local: bool = True


def has_tag(tags: Any, key: str = TAG) -> bool:
    """Return whether tags in the form of most operations contain one with a key, by default that of the experiments."""
    return any(tag["Key"] == key for tag in tags)


def is_missing(error: CloudError) -> bool:
    """Return whether AWS rejected a call because the resource does not exist."""
    return error.code in MISSING or (error.code == INVALID and bool(MISSING_WORDS.search(str(error))))
