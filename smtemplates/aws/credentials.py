"""Find and refresh credentials. For each way in which this fails, the error names the command that fixes it."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from smtemplates.aws.credential_source import Source, source_of
from smtemplates.aws.errors import UNREACHABLE, UNTRUSTED, CloudError, sentence
from smtemplates.aws.refusals import refused, untrusted
from smtemplates.errors import Error, UsageError

LONGEST_REASON = 300
_VALUE = re.compile(r"[\x21-\x7e]+")


@contextmanager
def explained(core: Any) -> Iterator[None]:
    """Raise an error with the command that fixes it for every exception of the SDK while it finds credentials.

    The SDK runs programs and reads files of the user, so that any exception can occur here.

    Raises:
        UsageError: The configuration has to be corrected.
        CloudError: The session of the user has expired, or the source of the credentials cannot be reached.
    """
    try:
        yield
    except Error:
        raise
    except Exception as error:
        raise failure(error, Source() if core is None else source_of(core)) from error


def missing() -> UsageError:
    """Return the error if no source has credentials."""
    return UsageError(
        "No AWS credentials were found. Log in with aws sso login or aws configure, or specify a --profile."
    )


def failure(error: Exception, source: Source) -> Error:
    """Return the error for an exception of the SDK, or of a program or file that the SDK reads."""
    for kind in type(error).__mro__:
        if row := FAILURES.get(kind.__name__):
            return row(error, source)
    if source.kind in ("sso", "login"):  # the file with the session is not valid
        return _no_session(error, source)
    return _unreadable(error, source)


def _first(text: str) -> str:
    """Return a text that begins a sentence."""
    return text[:1].upper() + text[1:]


def _reason(error: Exception) -> str:
    """Return the message of an exception in one line."""
    text = " ".join(str(getattr(error, "kwargs", {}).get("error_msg") or error).split())
    return sentence(text if len(text) <= LONGEST_REASON else f"{text[:LONGEST_REASON]}...")


def _config_file() -> str:
    return os.environ.get("AWS_CONFIG_FILE") or "~/.aws/config"


def _no_profile(error: Any, _source: Source) -> Error:
    name = str(error.kwargs["profile"])
    return UsageError(
        f"Profile {name} does not exist in {_config_file()}. Specify one of the profiles that this command lists: aws "
        f"configure list-profiles. To create it, run: aws configure --profile {shlex.quote(name)}"
    )


def _bad_file(error: Any, _source: Source) -> Error:
    # only the numbers of the lines: their text can contain keys
    lines = re.findall(r"line:?\s+(\d+)", str(error.kwargs.get("error", "")))
    where = f" in line {' and '.join(lines)}" if lines else ""
    return UsageError(
        f"The configuration file {error.kwargs['path']} is not valid{where}. Correct the file, or specify another with "
        "AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE."
    )


def _incomplete(error: Any, source: Source) -> Error:
    if error.kwargs.get("provider") == "assume-role":
        return UsageError(
            f"Profile {source.profile} has a role_arn, but no source of credentials to assume the role. Set it with: "
            f"aws configure set source_profile NAME --profile {shlex.quote(source.profile)}"
        )
    return UsageError(
        f"The credentials of {source.name} are incomplete: {error.kwargs['cred_var']} is missing. {source.fix}"
    )


def _loop(error: Any, _source: Source) -> Error:
    visited = [*error.kwargs["visited_profiles"], error.kwargs["source_profile"]]
    return UsageError(
        f"The source_profile settings of the profiles form a loop ({' -> '.join(visited)}). Correct one of them with: "
        f"aws configure set source_profile NAME --profile {shlex.quote(visited[-2])}"
    )


def _bad_profile(error: Any, source: Source) -> Error:
    profile = shlex.quote(source.profile or "default")
    if source.kind == "web identity":
        return UsageError(
            f"{_first(source.name)} requires a role. Set AWS_ROLE_ARN, or run: aws configure set role_arn ARN "
            f"--profile {profile}"
        )
    command = "aws configure sso" if source.kind == "sso" else "aws configure"
    return UsageError(f"{_reason(error)} Correct the profile with: {command} --profile {profile}")


def _no_session(_error: Any, source: Source) -> Error:
    return CloudError(f"{_first(source.name)} does not exist or has expired. {source.fix}", code="ExpiredToken")


def _no_library(_error: Any, _source: Source) -> Error:
    return UsageError('Profiles of aws login require a library. Install it with: python -m pip install "botocore[crt]"')


def _not_allowed(error: Any, source: Source) -> Error:
    return UsageError(f"{_reason(error)} {source.fix}")


def _mfa_again(_error: Any, _source: Source) -> Error:
    return CloudError(
        "The session has expired, and a new one requires another MFA code. Repeat this command. For a longer session, "
        "specify the role with --assume-role, --mfa-serial and --role-duration instead of a profile.",
        code="ExpiredToken",
    )


def _not_retrieved(error: Any, source: Source) -> Error:
    if error.kwargs.get("provider") == "Ec2InstanceMetadata" or source.kind == "instance":
        return UsageError(
            "The instance metadata service has no credentials: this computer is not an EC2 instance, the instance has "
            "no role, or this is a container on it. In a container, run: aws ec2 modify-instance-metadata-options "
            "--instance-id ID --http-put-response-hop-limit 2"
        )
    return UsageError(f"{_first(source.name)} failed: {_reason(error)} {source.fix}")


def _bad_metadata_endpoint(error: Any, _source: Source) -> Error:
    return UsageError(
        f"{_reason(error)} Correct AWS_EC2_METADATA_SERVICE_ENDPOINT and AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE, or "
        "run: unset AWS_EC2_METADATA_SERVICE_ENDPOINT AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"
    )


def _file_error(error: Any, source: Source) -> Error:
    reason = sentence(error.strerror or error)
    if source.kind == "process":
        return UsageError(
            f"{_first(source.name)} cannot be run: {reason} Install it, or specify another program with: aws configure "
            f"set credential_process COMMAND --profile {shlex.quote(source.profile)}"
        )
    file = "" if not error.filename or str(error.filename) in source.name else f"{error.filename}: "
    return UsageError(f"{_first(source.name)} cannot be read: {file}{reason} {source.fix}")


def _unreadable(error: Exception, source: Source) -> Error:
    """Return the error for output, files or answers that are not in the required format."""
    form = ""
    if source.kind == "process" and not isinstance(error, RuntimeError):
        form = " It must print a JSON document with Version 1, AccessKeyId and SecretAccessKey."
    return UsageError(f"{_first(source.name)} cannot be used: {_reason(error)}{form} {source.fix}")


def _unreachable(error: Exception, source: Source) -> Error:
    return CloudError(
        f"The credentials of {source.name} cannot be requested: {_reason(error)} Check the network and the Region.",
        code=UNREACHABLE,
    )


def _untrusted(error: Any, _source: Source) -> Error:
    return CloudError(
        untrusted(str(error.kwargs.get("endpoint_url")), "The request for credentials", error), code=UNTRUSTED
    )


def _refused(error: Any, source: Source) -> Error:
    answer, operation = error.response.get("Error", {}), error.operation_name
    code, reason = answer.get("Code", "Unknown"), sentence(answer.get("Message") or answer.get("Code", "Unknown"))
    if operation == "AssumeRoleWithWebIdentity":
        return CloudError(f"AWS does not accept {source.name}: {reason} {source.fix}", code=code)
    if operation == "GetRoleCredentials":
        return CloudError(
            f"{_first(source.name)} has no access to the account and role of the profile: {reason} "
            f"Select others with: aws configure sso --profile {shlex.quote(source.profile)}",
            code=code,
        )
    return refused(error.response, operation, "AWS", origin=source.name, fix=source.fix)


# The exceptions of the SDK, of Python for the files and programs that the SDK reads, and their errors.
FAILURES: dict[str, Callable[[Any, Source], Error]] = {
    "ProfileNotFound": _no_profile,
    "ConfigParseError": _bad_file,
    "PartialCredentialsError": _incomplete,
    "InfiniteLoopConfigError": _loop,
    "InvalidConfigError": _bad_profile,
    "InvalidRegionError": _bad_profile,
    "ParamValidationError": _bad_profile,
    "UnknownCredentialError": _bad_profile,
    "SSOError": _no_session,
    "TokenRetrievalError": _no_session,
    "NoAuthTokenError": _no_session,
    "LoginInsufficientPermissions": _not_allowed,
    "LoginError": _no_session,
    "MissingDependencyException": _no_library,
    "RefreshWithMFAUnsupportedError": _mfa_again,
    "CredentialRetrievalError": _not_retrieved,
    "MetadataRetrievalError": _not_retrieved,
    "InvalidIMDSEndpointError": _bad_metadata_endpoint,
    "InvalidIMDSEndpointModeError": _bad_metadata_endpoint,
    "NoCredentialsError": lambda _error, _source: missing(),
    "SSLError": _untrusted,
    "HTTPClientError": _unreachable,
    "ConnectionError": _unreachable,
    "ClientError": _refused,
    "OSError": _file_error,
}


class Identity:
    """The credentials of a session of boto3."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._found = False

    @property
    def source(self) -> Source:
        """The source of the credentials."""
        core = self._core
        return Source() if core is None else source_of(core)

    @property
    def _core(self) -> Any:
        return getattr(self._session, "_session", None)  # the session of botocore, which knows the profile

    def check(self) -> None:
        """Find the credentials, and refresh them if they expire soon, so that the next call does not have to.

        Raises:
            UsageError: There are no credentials, or the configuration has to be corrected.
            CloudError: The session of the user has expired, the source of the credentials cannot be reached, or
                credentials that were found cannot be refreshed. An operation that was started continues.
        """
        try:
            self._check()
        except UsageError as error:
            if self._found:
                raise CloudError(str(error), code="ExpiredToken") from error
            raise
        self._found = True

    def _check(self) -> None:
        with explained(self._core):
            credentials = self._session.get_credentials()
            if credentials is None:
                raise missing()
            found = credentials.get_frozen_credentials()
        values = (found.access_key, found.secret_key, found.token or "-")
        if not all(isinstance(value, str) and _VALUE.fullmatch(value) for value in values):
            source = self.source
            raise UsageError(
                f"The keys of {source.name} are not valid: they are empty or contain line breaks or characters outside "
                f"ASCII. {source.fix}"
            )
