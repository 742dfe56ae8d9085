"""What the deployer must know of a template: its parameters, its size on the wire, the capabilities it needs."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smtemplates.errors import UsageError

# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
MAX_INLINE_BYTES = 51_200
MAX_STAGED_BYTES = 1_000_000

# The types whose resources need an acknowledgement, and the property that makes it the stronger one.
# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html (Capabilities)
IAM_NAMES = {
    "AWS::IAM::AccessKey": None,
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Policy": None,
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
    "AWS::IAM::UserToGroupAddition": None,
}


@dataclass(frozen=True, kw_only=True)
class Template:
    """A template: its text as it will be sent, and its content in long form."""

    body: str
    content: Mapping[str, Any]

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The declared parameters by name."""
        declared: Mapping[str, Any] = self.content.get("Parameters") or {}
        return declared

    @property
    def resources(self) -> Mapping[str, Any]:
        """The declared resources by logical ID."""
        declared: Mapping[str, Any] = self.content.get("Resources") or {}
        return declared

    @property
    def secret_names(self) -> frozenset[str]:
        """The parameters whose values nobody may see."""
        return frozenset(name for name, item in self.parameters.items() if str(item.get("NoEcho")).lower() == "true")

    @property
    def digest(self) -> str:
        """The SHA-256 of what will be sent."""
        return hashlib.sha256(self.body.encode()).hexdigest()

    @property
    def content_digest(self) -> str:
        """The SHA-256 of what it says, however that is written."""
        return content_digest(self.content)

    @property
    def inline(self) -> bool:
        """Tell whether the body fits into the request itself."""
        return len(self.body.encode()) <= MAX_INLINE_BYTES

    @property
    def capabilities(self) -> tuple[str, ...]:
        """The capabilities that the template needs, no more."""
        iam = [item for item in self.resources.values() if item.get("Type") in IAM_NAMES]
        needed = []
        if any(IAM_NAMES[item["Type"]] in item.get("Properties", {}) for item in iam):
            needed.append("CAPABILITY_NAMED_IAM")
        elif iam:
            needed.append("CAPABILITY_IAM")
        if "Transform" in self.content or '"Fn::Transform"' in json.dumps(self.resources, default=str):
            needed.append("CAPABILITY_AUTO_EXPAND")
        return tuple(needed)


def content_digest(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a template's content, the same in JSON and YAML, and after AWS has stored it.

    AWS gives back a question mark for every character beyond ASCII.

    Source: https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1220
    """
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("ascii", "replace")).hexdigest()


def read(path: Path) -> Template:
    """Read a rendered template; a text too long to be sent inline is shortened, its meaning unchanged.

    Raises:
        UsageError: the file cannot be read, is no template, or is larger than AWS takes.
    """
    from smtemplates.synth.loader import load  # noqa: PLC0415 likewise
    from smtemplates.synth.yaml_writer import compact  # noqa: PLC0415 neither is needed for --help

    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot read the template {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"cannot read the template {path}: it is not UTF-8 text") from error
    try:
        content = load(text)
    except UsageError as error:
        raise UsageError(f"{path} is not a template: {error}") from error
    if not isinstance(content.get("Resources"), dict):
        raise UsageError(f"{path} has no Resources, so it is not a CloudFormation template")
    body = text
    if len(text.encode()) > MAX_INLINE_BYTES:
        body = compact(content)
    if len(body.encode()) > MAX_STAGED_BYTES:
        raise UsageError(
            f"{path} has {len(body.encode()):,} bytes in the compact form that is sent; CloudFormation takes at most "
            f"{MAX_STAGED_BYTES:,}"
        )
    return Template(body=body, content=content)


def check(
    template: Template,
    given: Mapping[str, str],
    previous: Mapping[str, str] | None = None,
    *,
    region: str = "us-east-1",
) -> list[str]:
    """Check parameters as AWS would, all at once, and return one sentence for each error.

    `previous` are the values that an existing stack keeps. Without them the Rules and the values not given
    cannot be judged yet, and are not. Rules are judged for a Region.
    """
    from smtemplates.evaluate import check_parameters  # noqa: PLC0415 as in read

    content = copy.deepcopy(dict(template.content))
    if previous is None:
        content.pop("Rules", None)
        for name, item in content.get("Parameters", {}).items():
            if name not in given and "Default" not in item:
                content["Parameters"][name] = {"Type": "String", "Default": ""}
        return list(check_parameters(content, dict(given)))
    for name in template.secret_names - given.keys() & previous.keys():
        # AWS shows a kept secret as asterisks, which say nothing about its value
        content["Parameters"][name] = {"Type": "String"}
    kept = {name: value for name, value in previous.items() if name in template.parameters}
    return list(check_parameters(content, {**kept, **given}, region=region))
