"""What a version's description says of its content, so that one call tells whether two versions differ."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from smtemplates.deploy.template import Template
from smtemplates.errors import UsageError

_HASHES = re.compile(r"\bsha256:([0-9a-f]{64})(?: effect:([0-9a-f]{64}))?\b")

# Source: https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ProvisioningArtifactProperties.html
MAX_DESCRIPTION = 8192

# What a template says to people alone. A resource's Metadata is not among it: cfn-init and others act on that.
_PROSE = {"Description", "Metadata"}
_PARAMETER_PROSE = {"Description", "ConstraintDescription"}


@dataclass(frozen=True, kw_only=True)
class Content:
    """Two hashes: of the text, and of all in it that has an effect; what is unknown is empty."""

    digest: str = ""
    effect: str = ""

    @property
    def short(self) -> str:
        """Enough of the text's hash to tell versions apart."""
        return self.digest[:12]


def of(template: Template) -> Content:
    """Hash a template."""
    return Content(digest=template.digest, effect=_sha256(json.dumps(_effect(template), sort_keys=True, default=str)))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _effect(template: Template) -> dict[str, Any]:
    """Leave out what only people read."""
    kept = {key: value for key, value in template.content.items() if key not in _PROSE}
    for section, prose in (("Parameters", _PARAMETER_PROSE), ("Outputs", {"Description"})):
        if section in kept:
            kept[section] = {name: _without(item, prose) for name, item in kept[section].items()}
    return kept


def _without(item: dict[str, Any], keys: set[str]) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key not in keys}


def described(text: str) -> Content:
    """Read the hashes from a version's description."""
    found = _HASHES.search(text)
    return Content(digest=found[1], effect=found[2] or "") if found else Content()


def describe(text: str, content: Content) -> str:
    """Write a version's description: what a person says of it, and the hashes.

    Raises:
        UsageError: the text is too long, or would be read as hashes itself.
    """
    written = f"{text} (sha256:{content.digest} effect:{content.effect})".lstrip()
    if len(written) > MAX_DESCRIPTION:
        raise UsageError(f"--description has {len(text):,} characters; with the hashes {MAX_DESCRIPTION:,} are allowed")
    if described(written) != content:
        raise UsageError("--description must not contain a hash of its own (sha256:...)")
    return written
