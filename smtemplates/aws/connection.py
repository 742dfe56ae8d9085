"""Connect to AWS: the Region and the credentials that every AWS tool finds, or those of a role, which are refreshed."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib import import_module
from types import SimpleNamespace
from typing import Any

from smtemplates.aws.credentials import explained
from smtemplates.aws.sdk import Session
from smtemplates.errors import UsageError

SESSION_NAME = "smtemplates-deploy"

# Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
ROLE_SECONDS = range(900, 43_201)
LONG_SECONDS = 1800
RENEWAL_SECONDS = 600


@dataclass(frozen=True, kw_only=True)
class Connection:
    """The Region, credentials and endpoint of calls. None means the value of the environment, as for every AWS tool.

    With `assume_role`, all calls use the credentials of this role, which are refreshed before they expire.
    `role_seconds` is the duration of a session of the role (default: one hour). If `mfa_serial` is set or the profile
    requires MFA, `ask_mfa_code` receives the serial number or ARN of the MFA device and returns a code of six digits.
    `local_command` is the command that messages recommend for the local cloud.
    """

    region: str | None = None
    profile: str | None = None
    assume_role: str | None = None
    external_id: str | None = None
    source_identity: str | None = None
    role_session_name: str | None = None
    role_seconds: int | None = None
    mfa_serial: str | None = None
    endpoint_url: str | None = None
    ask_mfa_code: Callable[[str], str] | None = None
    local_command: str = "smtemplates local"

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            UsageError: There are options of a role without a role, or the duration is not allowed.
        """
        options = {
            "--external-id": self.external_id,
            "--source-identity": self.source_identity,
            "--role-session-name": self.role_session_name,
            "--role-duration": self.role_seconds,
            "--mfa-serial": self.mfa_serial,
        }
        given = [option for option, value in options.items() if value is not None]
        if given and self.assume_role is None:
            raise UsageError(f"{' and '.join(given)} can be used only together with --assume-role.")
        if self.role_seconds is not None and self.role_seconds not in ROLE_SECONDS:
            raise UsageError("--role-duration must be 900 to 43,200 seconds (15 minutes to 12 hours).")

    def mfa_code(self, device: str) -> str:
        """Return an MFA code.

        Raises:
            UsageError: There is no terminal.
        """
        if self.ask_mfa_code is None:
            raise UsageError(
                f"An MFA code of {device} is required, and there is no terminal to ask for it. Run this command in a "
                "terminal, or set the credentials that this command returns: aws sts get-session-token --serial-number "
                f"{device} --token-code CODE"
            )
        return self.ask_mfa_code(device)

    @property
    def role_request(self) -> dict[str, Any]:
        """The arguments of AssumeRole, except the MFA code."""
        request = {
            "RoleArn": self.assume_role,
            "RoleSessionName": self.role_session_name or os.environ.get("AWS_ROLE_SESSION_NAME") or SESSION_NAME,
            "ExternalId": self.external_id,
            "SourceIdentity": self.source_identity,
            "DurationSeconds": self.role_seconds,
            "SerialNumber": self.mfa_serial,
        }
        return {name: value for name, value in request.items() if value is not None}


def connect(connection: Connection) -> Session:
    """Return a session with the credentials of the environment or the profile, which are found on first use.

    Raises:
        UsageError: The configuration files cannot be read, the profile does not exist, or no Region is set.
    """
    # the AWS CLI reads AWS_REGION, the SDK does not
    session = Session(profile=connection.profile, region=connection.region or os.environ.get("AWS_REGION") or None)
    with explained(session.core):
        provider = session.core.get_component("credential_provider").get_provider("assume-role")
        # without a terminal, the SDK would read the code from standard input
        provider._prompter = lambda question: connection.mfa_code(_device(question))  # noqa: SLF001 no public setting
    if not session.region_name:
        raise UsageError("No Region is set. Specify one with --region, AWS_REGION or the profile.")
    return session


def _device(question: str) -> str:
    """Return the MFA device in the question of the SDK ("Enter MFA code for ARN: ")."""
    return question.rpartition(" for ")[2].rstrip(": ")


def connect_role(connection: Connection, region: str, assume: Callable[..., Any]) -> Session:
    """Return a session with the credentials of a role: requested on first use, and again before they expire.

    `assume` calls AssumeRole with the credentials of the connection without the role. A session that was assumed with
    another role lasts one hour at most, and is refreshed like others.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining
    """
    credentials: Any = import_module("botocore.credentials")

    def refresh() -> dict[str, str]:
        code = {"TokenCode": connection.mfa_code(connection.mfa_serial)} if connection.mfa_serial else {}
        found = assume(**connection.role_request, **code)["Credentials"]
        return {
            "access_key": found["AccessKeyId"],
            "secret_key": found["SecretAccessKey"],
            "token": found["SessionToken"],
            "expiry_time": found["Expiration"].isoformat(),
        }

    # From 15 minutes before the end, the SDK would try to renew the session at each call: it would ask for a code
    # early, and never use a session of 15 minutes twice. Such a session is renewed 10 minutes before the end.
    is_renewed_late = connection.mfa_serial or (connection.role_seconds or LONG_SECONDS) < LONG_SECONDS
    role = credentials.RefreshableCredentials(
        access_key="",
        secret_key="",
        token="",
        expiry_time=datetime.min.replace(tzinfo=timezone.utc),  # requested on first use
        refresh_using=refresh,
        method="assume-role",
        advisory_timeout=RENEWAL_SECONDS if is_renewed_late else None,
        mandatory_timeout=RENEWAL_SECONDS,
    )
    return _session(connection, region, lambda: role)


def connect_again(connection: Connection, region: str, session: Any) -> Session:
    """Return a session for another Region with the credentials of a session.

    Each thread needs its own session. The credentials are the same object, so that a role is assumed once, and a code
    of an MFA device is entered once. They are safe for several threads after their first use.

    Source: https://boto3.amazonaws.com/v1/documentation/api/latest/guide/session.html
    """
    return _session(connection, region, session.get_credentials)


def connect_temporarily(connection: Connection, session: Any, found: Mapping[str, str]) -> Session:
    """Return a session with temporary credentials in the form in which AssumeRole returns them.

    It shares the models of the services with a session of this package, which must be of the same thread.
    """
    credentials: Any = import_module("botocore.credentials")
    keys = credentials.Credentials(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])
    temporary = _session(connection, str(session.region_name), lambda: keys)
    if isinstance(session, Session):  # a model takes long to read
        temporary.core.register_component("data_loader", session.core.get_component("data_loader"))
    return temporary


def _session(connection: Connection, region: str, load: Callable[[], Any]) -> Session:
    """Return a session with the credentials that a function returns."""
    # the profile also contains settings such as ca_bundle and endpoint_url
    session = Session(profile=connection.profile, region=region)
    session.core.register_component("credential_provider", SimpleNamespace(load_credentials=load))
    return session
