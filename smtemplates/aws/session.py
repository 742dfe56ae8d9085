"""Call AWS: sessions, clients, retries, and the error messages of failed calls."""

from __future__ import annotations

import copy
import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any

from smtemplates.aws.endpoints import check_endpoint, is_local
from smtemplates.aws.errors import CloudError, sentence
from smtemplates.aws.masking import masked
from smtemplates.errors import UsageError

LOG = logging.getLogger(__name__)

# The error codes for expired credentials.
EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403", "Forbidden"}
THROTTLED = {"Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded", "SlowDown"}

# The error codes for calls without an answer from AWS.
UNREACHABLE = "Unreachable"
UNTRUSTED = "Untrusted"

# The error codes of temporary problems. Calls that only read can be repeated.
TRANSIENT = THROTTLED | {UNREACHABLE, "InternalFailure", "InternalError", "ServiceUnavailable", "500", "502", "503"}

# The start of an HTML page, which the SDK reports as the message of an error.
HTML_STARTS = ("<!doctype", "<html")


@dataclass(frozen=True, kw_only=True)
class Connection:
    """The Region, credentials and endpoint of calls. None means the value of the environment, as for every AWS tool."""

    region: str | None = None
    profile: str | None = None
    assume_role: str | None = None
    endpoint_url: str | None = None


class Cloud:
    """The services of AWS for one connection."""

    def __init__(
        self, connection: Connection, *, session: Any = None, pause: Callable[[float], None] = time.sleep
    ) -> None:
        """Check the endpoints. The session is created on first use.

        `session` is a session of boto3 to use instead. `pause` is the function with which polling waits, in seconds.

        Raises:
            UsageError: An endpoint would send credentials in plain text over a network.
        """
        check_endpoint(connection.endpoint_url)
        for name, url in os.environ.items():
            # The endpoints of all services are checked. The SDK also calls services that are not called here, for
            # example STS for the role of a profile.
            if name.startswith("AWS_ENDPOINT_URL"):
                check_endpoint(url or None)
        self.connection = connection
        self.pause = pause
        self._hidden: tuple[str, ...] = ()
        self.calls: Counter[str] = Counter()
        self._clients: dict[str, Any] = {}
        self._session = session

    @property
    def session(self) -> Any:
        """The session of the SDK, with the credentials of the assumed role if there is one."""
        if self._session is None:
            self._session = self._connect()
        return self._session

    @property
    def region(self) -> str:
        """The Region of all calls."""
        return str(self.session.region_name)

    @cached_property
    def account(self) -> str:
        """The ID of the account to which the credentials belong."""
        return str(self.call("sts", "get_caller_identity")["Account"])

    def _connect(self) -> Any:
        # imported here because the import of the SDK takes longer than --help
        boto3: Any = import_module("boto3")
        exceptions: Any = import_module("botocore.exceptions")
        connection = self.connection
        try:
            # the AWS CLI reads AWS_REGION, the SDK does not
            region = connection.region or os.environ.get("AWS_REGION") or None
            session = boto3.Session(profile_name=connection.profile, region_name=region)
        except exceptions.BotoCoreError as error:
            raise UsageError(f"{sentence(error)} Specify an existing profile with --profile.") from error
        if not session.region_name:
            raise UsageError("No Region is set. Specify one with --region, AWS_REGION or the profile.")
        if connection.assume_role is None:
            return session
        self._session = session
        keys = self.call("sts", "assume_role", RoleArn=connection.assume_role, RoleSessionName="smtemplates-deploy")
        self._clients.clear()
        return boto3.Session(
            aws_access_key_id=keys["Credentials"]["AccessKeyId"],
            aws_secret_access_key=keys["Credentials"]["SecretAccessKey"],
            aws_session_token=keys["Credentials"]["SessionToken"],
            region_name=session.region_name,
        )

    def client(self, service: str) -> Any:
        """Return the client of a service. All calls of a service use the same client."""
        if service not in self._clients:
            session = self.session
            config = import_module("botocore.config").Config(retries={"mode": "standard"})
            exceptions: Any = import_module("botocore.exceptions")
            try:
                client = session.client(service, endpoint_url=self.connection.endpoint_url, config=config)
            except (exceptions.BotoCoreError, ValueError) as error:
                raise UsageError(
                    f"The connection settings are invalid: {sentence(error)} Check --region, --profile and the AWS_... "
                    "environment variables."
                ) from error
            check_endpoint(client.meta.endpoint_url)  # the endpoint of the profile
            self._clients[service] = client
        return self._clients[service]

    def call(self, service: str, operation: str, **arguments: Any) -> Any:
        """Call an operation and return the answer. The log contains no parameters, answers or credentials.

        S3 calls contain the expected owner of the bucket, because a stranger can own the name of a deleted bucket. It
        is the account of the caller unless the arguments contain another.

        Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html

        Raises:
            CloudError: AWS refused the call, or could not be reached after the retries of the SDK.
            UsageError: There are no credentials, or the parameters or the connection settings are invalid.
        """
        if service == "s3" and operation != "create_bucket" and "ExpectedBucketOwner" not in arguments:
            arguments["ExpectedBucketOwner"] = self.account
        began, logged = time.monotonic(), {}
        try:
            answer = self._call(service, operation, **arguments)
            logged = answer
        except CloudError as error:
            logged = getattr(error.__cause__, "response", None) or {}
            raise
        else:
            return answer
        finally:
            metadata, code = logged.get("ResponseMetadata", {}), logged.get("Error", {}).get("Code", "")
            LOG.debug(
                "%s %s: %s %s, request %s, %s retries, %.2f s",
                service,
                operation,
                metadata.get("HTTPStatusCode", "no answer"),
                code,
                metadata.get("RequestId"),
                metadata.get("RetryAttempts"),
                time.monotonic() - began,
            )

    def _call(self, service: str, operation: str, **arguments: Any) -> Any:
        """Call an operation, and turn the exceptions of the SDK into errors with a message for the user.

        Raises:
            CloudError: AWS refused the call, or could not be reached after the retries of the SDK.
            UsageError: There are no credentials, or the parameters or the connection settings are invalid.
        """
        exceptions: Any = import_module("botocore.exceptions")
        name = "".join(part.capitalize() for part in operation.split("_"))
        client = self.client(service)
        self.calls[name] += 1
        try:
            return getattr(client, operation)(**arguments)
        except exceptions.ClientError as error:
            answer, url = error.response.get("Error", {}), client.meta.endpoint_url
            if not answer or answer.get("Message", "").lstrip().lower().startswith(HTML_STARTS):
                raise CloudError(_not_from_aws(url, name), code=UNREACHABLE) from error
            raise _refused({**answer, "Message": self.masked(answer.get("Message", ""))}, name, url) from error
        except (exceptions.NoCredentialsError, exceptions.PartialCredentialsError) as error:
            raise UsageError(
                "No AWS credentials were found. Log in with aws sso login or aws configure, or specify a --profile."
            ) from error
        except exceptions.EndpointConnectionError as error:
            raise CloudError(_no_connection(client.meta.endpoint_url, name, error), code=UNREACHABLE) from error
        except exceptions.SSLError as error:
            raise CloudError(_untrusted(client, name, error), code=UNTRUSTED) from error
        except (exceptions.HTTPClientError, exceptions.ConnectionError) as error:
            raise CloudError(
                f"{name} could not reach AWS: {sentence(error)} Check the network.", code=UNREACHABLE
            ) from error
        except import_module("botocore.parsers").ResponseParserError as error:
            raise CloudError(_not_from_aws(client.meta.endpoint_url, name), code=UNREACHABLE) from error
        except exceptions.BotoCoreError as error:
            if "SSO" in type(error).__name__ or "Token" in type(error).__name__:
                raise CloudError(
                    f"{sentence(error)} Log in again, then repeat this command.", code="ExpiredToken"
                ) from error
            raise UsageError(f"{name} failed: {sentence(' '.join(str(error).split()))}") from error

    def hiding(self, secrets: Iterable[str]) -> Cloud:
        """Return the same services, whose messages mask these values: those of the NoEcho parameters of a request.

        The clients are shared, so this cloud and other requests can be used at the same time.
        """
        _ = self.session  # one session for all: it can require a call, and a code of a person
        view = copy.copy(self)
        view._hidden = tuple(secret for secret in secrets if secret)  # noqa: SLF001 it is of the same class
        return view

    def masked(self, text: str) -> str:
        """Return a text from AWS with the values of NoEcho parameters masked."""
        return str(masked(text, self._hidden))

    def pages(self, service: str, operation: str, key: str, **arguments: Any) -> Iterator[Any]:
        """Yield the items of all pages of an operation that uses NextToken; `key` names the list in a page."""
        token: dict[str, str] = {}
        while True:
            page = self.call(service, operation, **arguments, **token)
            yield from page.get(key, [])
            if not page.get("NextToken"):
                return
            token = {"NextToken": page["NextToken"]}


def _untrusted(client: Any, name: str, error: Exception) -> str:
    """Return a message on a TLS certificate that was not accepted, usually that of a company's proxy."""
    bundle = os.environ.get("AWS_CA_BUNDLE")
    advice = (
        f"Check the file in AWS_CA_BUNDLE ({bundle})."
        if bundle
        else "If a company's proxy is in use, set AWS_CA_BUNDLE to the file with its certificate."
    )
    return (
        f"{name} was not sent because the TLS certificate of {client.meta.endpoint_url} could not be verified "
        f"({error}). {advice}"
    )


def _no_connection(url: str, name: str, error: Exception) -> str:
    """Return a message on an endpoint that accepts no connections."""
    if is_local(url):
        return (
            f"The local cloud is not running at {url}. Start it with scripts/local_cloud.py start. To call AWS "
            "instead, unset AWS_ENDPOINT_URL and omit --endpoint-url."
        )
    return f"{name} could not reach AWS: {sentence(error)} Check the network and the name of the Region."


def _not_from_aws(url: str, name: str) -> str:
    """Return a message on an answer that is not in the format of AWS, for example the error page of a proxy."""
    return (
        f"The answer of {url} to {name} does not come from AWS. Check AWS_ENDPOINT_URL, --endpoint-url, and the "
        "proxies on the way to AWS."
    )


def _refused(error: dict[str, str], name: str, url: str) -> CloudError:
    """Return the error for a call that AWS refused, with the reason of AWS and what to do."""
    code = error.get("Code", "Unknown")
    message = error.get("Message") or f"{url} returned no reason ({code})"
    if not error.get("Message") and is_local(url):
        message += ". The local cloud does not simulate all services. scripts/local_cloud.py --help lists its limits"
    if code in EXPIRED:
        text = f"{name} failed because the AWS credentials have expired. Log in again, then repeat this command."
    elif code in DENIED:
        text = (
            f"{name} is not allowed: {sentence(message)} Request this permission, or use another --profile or "
            "--assume-role."
        )
    elif code in TRANSIENT:
        text = f"AWS cannot process {name} at the moment ({code}: {message}). Repeat this command in a minute."
    else:
        text = f"{name} failed: {sentence(message)}"
    return CloudError(text, code=code)
