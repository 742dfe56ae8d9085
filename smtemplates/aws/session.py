"""Calls to AWS: one place for connections, retries, and what to say when a call fails."""

from __future__ import annotations

import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any

from smtemplates.aws.endpoints import check_endpoint, is_local
from smtemplates.aws.errors import CloudError
from smtemplates.aws.masking import masked
from smtemplates.errors import UsageError

LOG = logging.getLogger(__name__)

# Codes with which AWS says that credentials have run out, and how to go on.
EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403", "Forbidden"}
THROTTLED = {"Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded", "SlowDown"}

# What a moment later may answer differently: a call that only reads is worth repeating for a while.
UNREACHABLE = "Unreachable"
UNTRUSTED = "Untrusted"
PASSING = THROTTLED | {UNREACHABLE, "InternalFailure", "InternalError", "ServiceUnavailable", "500", "502", "503"}


# How what is meant for people begins, which the SDK takes for a message.
PAGES = ("<!doctype", "<html")


@dataclass(frozen=True, kw_only=True)
class Connection:
    """Where and as whom to call AWS; what is None comes from the environment, as for any AWS tool."""

    region: str | None = None
    profile: str | None = None
    assume_role: str | None = None
    endpoint_url: str | None = None


class Cloud:
    """AWS, as the engine calls it."""

    def __init__(
        self, connection: Connection, *, session: Any = None, pause: Callable[[float], None] = time.sleep
    ) -> None:
        """Connect on the first call, with a session of boto3's if one is given; `pause` is how polling waits.

        Raises:
            UsageError: the endpoint is not a safe one.
        """
        check_endpoint(connection.endpoint_url)
        for name, url in os.environ.items():
            # those of services too: the SDK may ask one, such as STS for a profile's role, that is never asked here
            if name.startswith("AWS_ENDPOINT_URL"):
                check_endpoint(url or None)
        self.connection = connection
        self.pause = pause
        self.hidden: tuple[str, ...] = ()  # what no message may repeat: the values of NoEcho parameters
        self.calls: Counter[str] = Counter()
        self._clients: dict[str, Any] = {}
        self._session = session

    @property
    def session(self) -> Any:
        """The SDK's session, with the assumed role's credentials if one is to be assumed."""
        if self._session is None:
            self._session = self._connect()
        return self._session

    @property
    def region(self) -> str:
        """The Region of every call."""
        return str(self.session.region_name)

    @cached_property
    def account(self) -> str:
        """The account of these credentials."""
        return str(self.call("sts", "get_caller_identity")["Account"])

    def _connect(self) -> Any:
        # imported here: the SDK takes longer to import than --help takes in all
        boto3: Any = import_module("boto3")
        exceptions: Any = import_module("botocore.exceptions")
        connection = self.connection
        try:
            # the AWS CLI knows AWS_REGION, the SDK does not
            region = connection.region or os.environ.get("AWS_REGION") or None
            session = boto3.Session(profile_name=connection.profile, region_name=region)
        except exceptions.BotoCoreError as error:
            raise UsageError(f"{error}; name another with --profile") from error
        if not session.region_name:
            raise UsageError("no Region is set; name one with --region, AWS_REGION or the profile")
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
        """Return the SDK's client of a service, the same one each time."""
        if service not in self._clients:
            session = self.session
            config = import_module("botocore.config").Config(retries={"mode": "standard"})
            exceptions: Any = import_module("botocore.exceptions")
            try:
                client = session.client(service, endpoint_url=self.connection.endpoint_url, config=config)
            except (exceptions.BotoCoreError, ValueError) as error:
                raise UsageError(
                    f"AWS cannot be called like this: {error}; check --region, --profile and the environment's AWS_..."
                ) from error
            check_endpoint(client.meta.endpoint_url)  # it may come from the profile
            self._clients[service] = client
        return self._clients[service]

    def call(self, service: str, operation: str, **arguments: Any) -> Any:
        """Call AWS and return its answer; what is logged of it is never what it carries, nor who asks.

        S3 refuses what is about another account's bucket: a stranger may have taken the name of one that was deleted.

        Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html

        Raises:
            CloudError: AWS refused, or could not be reached after the SDK's retries.
            UsageError: there are no credentials, or AWS cannot be asked like this.
        """
        if service == "s3" and operation != "create_bucket":
            arguments["ExpectedBucketOwner"] = self.account
        began, told = time.monotonic(), {}
        try:
            answer = self._call(service, operation, **arguments)
            told = answer
        except CloudError as error:
            told = getattr(error.__cause__, "response", None) or {}
            raise
        else:
            return answer
        finally:
            facts, code = told.get("ResponseMetadata", {}), told.get("Error", {}).get("Code", "")
            LOG.debug(
                "%s %s: %s %s, request %s, %s retries, %.2f s",
                service,
                operation,
                facts.get("HTTPStatusCode", "no answer"),
                code,
                facts.get("RequestId"),
                facts.get("RetryAttempts"),
                time.monotonic() - began,
            )

    def _call(self, service: str, operation: str, **arguments: Any) -> Any:
        """Call AWS, and turn what goes wrong into a message.

        Raises:
            CloudError: AWS refused, or could not be reached after the SDK's retries.
            UsageError: there are no credentials, or AWS cannot be asked like this.
        """
        exceptions: Any = import_module("botocore.exceptions")
        name = "".join(part.capitalize() for part in operation.split("_"))
        client = self.client(service)
        self.calls[name] += 1
        try:
            return getattr(client, operation)(**arguments)
        except exceptions.ClientError as error:
            told, url = error.response.get("Error", {}), client.meta.endpoint_url
            if not told or told.get("Message", "").lstrip().lower().startswith(PAGES):
                raise CloudError(_no_answer_of_aws(url, name), code=UNREACHABLE) from error
            raise _refusal({**told, "Message": self.masked(told.get("Message", ""))}, name, url) from error
        except (exceptions.NoCredentialsError, exceptions.PartialCredentialsError) as error:
            raise UsageError(
                "no AWS credentials were found; log in (aws sso login, aws configure) or name a --profile"
            ) from error
        except exceptions.EndpointConnectionError as error:
            raise CloudError(_no_answer(client.meta.endpoint_url, name, error), code=UNREACHABLE) from error
        except exceptions.SSLError as error:
            raise CloudError(_no_trust(client, name, error), code=UNTRUSTED) from error
        except (exceptions.HTTPClientError, exceptions.ConnectionError) as error:
            raise CloudError(f"could not reach AWS for {name}: {error}", code=UNREACHABLE) from error
        except import_module("botocore.parsers").ResponseParserError as error:
            raise CloudError(_no_answer_of_aws(client.meta.endpoint_url, name), code=UNREACHABLE) from error
        except exceptions.BotoCoreError as error:
            if "SSO" in type(error).__name__ or "Token" in type(error).__name__:
                raise CloudError(f"{error}; log in again, then repeat this command", code="ExpiredToken") from error
            raise UsageError(f"{name}: {' '.join(str(error).split())}") from error

    def read(self, *, Bucket: str, Key: str) -> bytes:  # noqa: N803  as S3 calls them
        """Return what an object holds.

        Raises:
            CloudError: S3 refused, or broke off.
        """
        exceptions: Any = import_module("botocore.exceptions")
        answer = self.call("s3", "get_object", Bucket=Bucket, Key=Key)
        try:
            return bytes(answer["Body"].read())
        except exceptions.BotoCoreError as error:
            raise CloudError(f"could not read s3://{Bucket}/{Key} to its end: {error}", code=UNREACHABLE) from error

    def masked(self, text: str) -> str:
        """Hide in what AWS says what nobody may see."""
        return str(masked(text, self.hidden))

    def pages(self, service: str, operation: str, key: str, **arguments: Any) -> Iterator[Any]:
        """Yield the items of a listing, page by page, for operations that page with NextToken."""
        token: dict[str, str] = {}
        while True:
            page = self.call(service, operation, **arguments, **token)
            yield from page.get(key, [])
            if not page.get("NextToken"):
                return
            token = {"NextToken": page["NextToken"]}


def _no_trust(client: Any, name: str, error: Exception) -> str:
    """Say that nobody vouches for who answers, and how to say who may: a company's proxy is the usual case."""
    bundle = os.environ.get("AWS_CA_BUNDLE")
    advice = (
        f"check the file that AWS_CA_BUNDLE names ({bundle})"
        if bundle
        else "behind a company's proxy, name the file with its certificate in AWS_CA_BUNDLE"
    )
    return f"{name} was not sent to {client.meta.endpoint_url}, whose certificate cannot be checked ({error}); {advice}"


def _no_answer(url: str, name: str, error: Exception) -> str:
    """Say that nobody takes connections at an endpoint."""
    if is_local(url):
        return (
            f"the local cloud is not running at {url}; start it with scripts/local_cloud.py start, or call AWS itself: "
            "unset AWS_ENDPOINT_URL, and leave --endpoint-url out"
        )
    return f"could not reach AWS for {name}: {error}; check the network, and that the Region is one"


def _no_answer_of_aws(url: str, name: str) -> str:
    """Say that something else than AWS answers: a company's proxy, or whatever else listens there."""
    return (
        f"what {url} answers to {name} is none of AWS's answers; check AWS_ENDPOINT_URL and --endpoint-url, and what "
        "is between here and there"
    )


def _refusal(error: dict[str, str], name: str, url: str) -> CloudError:
    """Say what AWS said, and what to do about it."""
    code = error.get("Code", "Unknown")
    message = error.get("Message") or f"{url} gave no reason ({code})"
    if not error.get("Message") and is_local(url):
        message += "; the local cloud has not all of AWS's services: scripts/local_cloud.py --help says what it lacks"
    if code in EXPIRED:
        text = (
            f"the AWS credentials have expired ({name}); log in again, then repeat this command: it goes on from here"
        )
    elif code in DENIED:
        text = f"{name} is not allowed: {message}; ask for this permission, or use another --profile or --assume-role"
    elif code in PASSING:
        text = f"AWS did not take {name} for now ({code}: {message}); repeat this command in a minute"
    else:
        text = f"{name} failed: {message}"
    return CloudError(text, code=code)
