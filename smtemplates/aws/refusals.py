"""The messages for calls that AWS refused or that could not be sent: what happened, why, and what to do."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

from smtemplates.aws.endpoints import is_local
from smtemplates.aws.errors import (
    CLOCK,
    DENIED,
    EXPIRED,
    INVALID_KEY,
    INVALID_SIGNATURE,
    TRANSIENT,
    CloudError,
    sentence,
)
from smtemplates.aws.regions import nearest_region
from smtemplates.aws_data.regions import REGIONS

# The parts of the messages of AWS on signatures that are too old or too new.
# Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
CLOCK_MESSAGES = ("signature expired", "not yet current", "request timestamp")

# Parts of other messages of AWS, and what to do.
ADVICE = {
    # Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
    "maxsessionduration": "Specify a shorter --role-duration, or request a longer maximum duration of the role.",
    "role chaining": "A role that another role assumes has sessions of at most one hour. Remove --role-duration.",
    "multifactorauthentication": "Repeat this command with a new MFA code.",
    # CloudFormation reads a staged template with the permissions of the user
    "s3 error: access denied": "Request s3:GetObject for the staged template, and kms:Decrypt for its key.",
}

PERMISSION = "Request this permission, or use another --profile or --assume-role."
# Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
TRUST = (
    "If the role requires an external ID, a source identity, a session name or MFA, specify it with "
    "--external-id, --source-identity, --role-session-name or --mfa-serial. Otherwise request this permission."
)


def refused(
    response: Mapping[str, Any], name: str, url: str, *, origin: str = "", fix: str = "", local: str = ""
) -> CloudError:
    """Return the error for a call that AWS refused.

    `origin` names the source of the credentials, and `fix` is the command, with its sentence, that gets new ones.
    `local` is the command that manages the local cloud.
    """
    error = response.get("Error", {})
    code = error.get("Code", "Unknown")
    message = error.get("Message") or f"{url} returned no reason ({code})"
    if not error.get("Message") and is_local(url):
        message += f". The local cloud does not simulate all services. {local} --help lists its limits"
    text = f"{name} failed: {sentence(message)}"
    if code in CLOCK or (code in INVALID_SIGNATURE and any(part in message.lower() for part in CLOCK_MESSAGES)):
        text = (
            f"{name} failed because {_clock(response)} Set the clock, for example with: sudo timedatectl set-ntp true"
        )
    elif code in EXPIRED:
        text = f"{name} failed because the AWS credentials of {origin} have expired. {fix}"
    elif code in INVALID_KEY:
        text = (
            f"{name} failed because AWS does not accept the access key or session token of {origin}: it was deleted or "
            f"deactivated, or its account does not use this Region ({code}). {fix}"
        )
    elif code in INVALID_SIGNATURE:
        text = f"{name} failed because the secret access key of {origin} does not belong to the access key. {fix}"
    elif advice := next((advice for part, advice in ADVICE.items() if part in message.lower()), ""):
        text = f"{name} failed: {sentence(message)} {advice}"
    elif code in DENIED:
        text = f"{name} is not allowed: {sentence(message)} {TRUST if name == 'AssumeRole' else PERMISSION}"
    elif code in TRANSIENT:
        text = f"AWS cannot process {name} at the moment ({code}: {message}). Repeat this command in a minute."
    return CloudError(text, code=code)


def _clock(response: Mapping[str, Any]) -> str:
    """Return how far the clock of this computer differs from the time in the answer of AWS."""
    date = response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
    try:
        seconds = (datetime.now(timezone.utc) - parsedate_to_datetime(date)).total_seconds()
    except (TypeError, ValueError):
        seconds = 0
    minutes = round(abs(seconds) / 60)
    if not minutes:
        return "the clock of this computer differs from the time of AWS."
    return (
        f"the clock of this computer is {minutes:,} minutes {'ahead of' if seconds > 0 else 'behind'} the time of AWS."
    )


def untrusted(url: str, name: str, error: Exception) -> str:
    """Return a message on a TLS certificate that was not accepted, usually that of a company's proxy."""
    bundle = os.environ.get("AWS_CA_BUNDLE")
    advice = (
        f"Check the file in AWS_CA_BUNDLE ({bundle})."
        if bundle
        else "If a company's proxy is in use, set AWS_CA_BUNDLE to the file with its certificate."
    )
    return f"{name} was not sent because the TLS certificate of {url} could not be verified ({error}). {advice}"


def no_connection(url: str, name: str, region: str, error: Exception, *, local: str) -> str:
    """Return a message on an endpoint that accepts no connections, with the nearest Region if this one is not known.

    `local` is the command that manages the local cloud.
    """
    if is_local(url):
        return (
            f"The local cloud is not running at {url}. Start it with {local} start. To call AWS instead, unset "
            "AWS_ENDPOINT_URL and omit --endpoint-url."
        )
    hint = "" if region in REGIONS else f" Did you mean {nearest_region(region)!r}?"
    return f"{name} could not reach AWS: {sentence(error)} Check the network and the name of the Region.{hint}"


def not_from_aws(url: str, name: str) -> str:
    """Return a message on an answer that is not in the format of AWS, for example the error page of a proxy."""
    return (
        f"The answer of {url} to {name} does not come from AWS. Check AWS_ENDPOINT_URL, --endpoint-url, and the "
        "proxies on the way to AWS."
    )
