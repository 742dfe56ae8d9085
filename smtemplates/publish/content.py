"""Hashes of the content of a version. Its description contains them, so that one call is enough to compare versions."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from smtemplates.deploy.requests.template import Template
from smtemplates.errors import UsageError

_HASHES = re.compile(r"\bsha256:([0-9a-f]{64})(?: effect:([0-9a-f]{64}))?\b")

# Source: https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ProvisioningArtifactProperties.html
MAX_DESCRIPTION = 8192

# Parts of a template that have no effect. The Metadata of a resource is not one of them: cfn-init and others use it.
_TEXTS = {"Description", "Metadata"}
_PARAMETER_TEXTS = {"Description", "ConstraintDescription"}


@dataclass(frozen=True, kw_only=True)
class Content:
    """Two SHA-256 hashes of a template: of its text, and of the parts that have an effect. An unknown hash is empty."""

    digest: str = ""
    effect: str = ""

    @property
    def short(self) -> str:
        """The first 12 digits of the hash of the text."""
        return self.digest[:12]


def of_template(template: Template) -> Content:
    """Return the hashes of a template."""
    return Content(digest=template.digest, effect=_sha256(json.dumps(_effect(template), sort_keys=True, default=str)))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _effect(template: Template) -> dict[str, Any]:
    """Return the template without the texts that have no effect."""
    kept = {key: value for key, value in template.content.items() if key not in _TEXTS}
    for section, texts in (("Parameters", _PARAMETER_TEXTS), ("Outputs", {"Description"})):
        if isinstance(kept.get(section), dict):
            kept[section] = {name: _without(item, texts) for name, item in kept[section].items()}
    return kept


def _without(item: Any, keys: set[str]) -> Any:
    """Return a mapping without some keys; a value of another type does not change."""
    return {key: value for key, value in item.items() if key not in keys} if isinstance(item, dict) else item


def from_description(text: str) -> Content:
    """Return the hashes that the description of a version contains."""
    found = _HASHES.search(text)
    return Content(digest=found[1], effect=found[2] or "") if found else Content()


def describe(text: str, content: Content) -> str:
    """Return the description of a version: the text of the user, and the hashes.

    Raises:
        UsageError: the text is too long, or contains a hash itself.
    """
    written = f"{text} (sha256:{content.digest} effect:{content.effect})".lstrip()
    if len(written) > MAX_DESCRIPTION:
        raise UsageError(
            f"--description has {len(text):,} characters. Shorten it to at most {MAX_DESCRIPTION:,} "
            "characters, including the hashes that are appended"
        )
    if from_description(written) != content:
        raise UsageError("--description must not contain a hash (sha256:...); remove it")
    return written
