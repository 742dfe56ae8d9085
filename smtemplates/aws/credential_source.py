"""The sources of credentials: environment, profile, session, program, file or service, and how to renew them."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Source:
    """The source of credentials: its kind, the profile that contains it, and its setting (a program, file or URL)."""

    kind: str = "unknown"
    profile: str = ""
    setting: str = ""

    @property
    def name(self) -> str:
        """The name of the source for messages."""
        name = NAMES[self.kind].format(profile=self.profile, setting=self.setting)
        return " ".join(name.replace("()", "").split())

    @property
    def fix(self) -> str:
        """The command, with its sentence, that gets new credentials from this source."""
        kind = "no program" if self.kind == "process" and not self.setting else self.kind
        return FIXES[kind].format(profile=shlex.quote(self.profile), setting=self.setting)


NAMES = {
    "environment": "the environment variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    "keys": "profile {profile}",
    "sso": "the SSO session of profile {profile}",
    "login": "the login session of profile {profile}",
    "process": "the credential_process program of profile {profile} ({setting})",
    "web identity": "the web identity token in {setting}",
    "container": "the container credentials endpoint {setting}",
    "instance": "the role of the instance",
    "unknown": "this command",
}
FIXES = {
    "environment": "Set new values, or use a profile and run: unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY "
    "AWS_SESSION_TOKEN",
    "keys": "Set new keys with: aws configure --profile {profile}",
    "sso": "Log in with: aws sso login --profile {profile}",
    "login": "Log in with: aws login --profile {profile}",
    "process": "Run this program in a terminal, and log in with the tool to which it belongs: {setting}",
    "no program": "Specify a program with: aws configure set credential_process COMMAND --profile {profile}",
    "web identity": "Write a new token to this file, for example by repeating the step of the pipeline that writes it.",
    "container": "Check AWS_CONTAINER_CREDENTIALS_FULL_URI, AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and the role of the "
    "container. To use a profile instead, specify it with --profile.",
    "instance": "Check that the instance has a role: aws ec2 describe-iam-instance-profile-associations",
    "unknown": "Log in again, then repeat this command.",
}
# The settings of a profile that contain credentials, in the order in which the SDK reads them.
# Source: https://docs.aws.amazon.com/boto3/latest/guide/credentials.html
SETTINGS = (
    ("web_identity_token_file", "web identity"),
    ("sso_session", "sso"),
    ("sso_start_url", "sso"),
    ("sso_account_id", "sso"),
    ("sso_role_name", "sso"),
    ("aws_access_key_id", "keys"),
    ("aws_secret_access_key", "keys"),
    ("login_session", "login"),
    ("credential_process", "process"),
)
NAMED_SOURCES = {"Environment": "environment", "EcsContainer": "container", "Ec2InstanceMetadata": "instance"}
CONTAINER_VARIABLES = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")


def source_of(core: Any) -> Source:
    """Return where a session of botocore finds its credentials. The order is that of the SDK."""
    try:
        profiles, explicit = core.full_config.get("profiles", {}), core.instance_variables().get("profile")
        name = core.get_config_variable("profile") or "default"
    except import_module("botocore.exceptions").BotoCoreError:
        return Source()
    if not explicit and os.environ.get("AWS_ACCESS_KEY_ID"):
        return Source(kind="environment")
    token = os.environ.get("AWS_WEB_IDENTITY_TOKEN_FILE")
    return _of_profile(profiles, name, "" if explicit else token or "")


def _of_profile(profiles: Mapping[str, Any], name: str, token: str) -> Source:
    """Return the source of a profile; `token` is the file with a web identity token that the environment names."""
    visited: list[str] = []
    while name not in visited:
        visited.append(name)
        settings = profiles.get(name, {})
        if "role_arn" in settings and "web_identity_token_file" not in settings:
            if named := NAMED_SOURCES.get(settings.get("credential_source", "")):
                return Source(kind=named, profile=name, setting=_container_url())
            token = ""  # the environment counts for a profile without a role
            source = settings.get("source_profile", "")
            if source != name:  # a profile can also contain the keys with which its role is assumed
                name = source or name
                continue
        if token:
            return Source(kind="web identity", profile=name, setting=token)
        for setting, kind in SETTINGS:
            if setting in settings:
                return Source(kind=kind, profile=name, setting=_program(str(settings[setting]), kind))
    if not visited[1:] and _container_url():
        return Source(kind="container", setting=_container_url())
    return Source(kind="unknown" if visited[1:] else "instance", profile=visited[-1])


def _program(setting: str, kind: str) -> str:
    """Return a setting without the arguments of a program, which can contain secrets."""
    return setting.split(maxsplit=1)[0] if kind == "process" and setting.strip() else setting


def _container_url() -> str:
    return next((os.environ[name] for name in CONTAINER_VARIABLES if name in os.environ), "")
