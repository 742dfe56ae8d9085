"""Call AWS: clients, retries and the log of calls."""

from __future__ import annotations

import copy
import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache, partial
from importlib import import_module
from typing import Any

from smtemplates.aws.connection import Connection, connect, connect_again, connect_role, connect_temporarily
from smtemplates.aws.credentials import Identity
from smtemplates.aws.endpoints import check_endpoint, is_local
from smtemplates.aws.errors import UNREACHABLE, UNTRUSTED, CloudError, sentence
from smtemplates.aws.masking import masked
from smtemplates.aws.refusals import no_connection, not_from_aws, refused, untrusted
from smtemplates.errors import UsageError

LOG = logging.getLogger(__name__)

# Calls to S3 that are not about an existing bucket.
WITHOUT_OWNER = ("create_bucket", "list_buckets")

# The part of a pause for which polls of a local cloud wait: its operations take milliseconds, and it has no quotas.
LOCAL_SHARE = 0.1

# The start of an HTML page, which the SDK reports as the message of an error.
HTML_STARTS = ("<!doctype", "<html")


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
        self.sleep = pause
        self.hidden: tuple[str, ...] = ()
        self.use(session)

    def use(self, session: Any) -> None:
        """Use a session of boto3 for all further calls; None means one that is created on first use."""
        self.calls: Counter[str] = Counter()
        self._clients: dict[str, Any] = {}
        self._session = session
        self._identity: Identity | None = None
        self._account: str | None = None

    @property
    def session(self) -> Any:
        """The session of the SDK, with the credentials of the assumed role if there is one."""
        if self._session is None:
            self._session = self._connect()
        return self._session

    @property
    def identity(self) -> Identity:
        """The credentials of the session."""
        if self._identity is None:
            self._identity = Identity(self.session)
        return self._identity

    @property
    def region(self) -> str:
        """The Region of all calls."""
        return str(self.session.region_name)

    @property
    def account(self) -> str:
        """The ID of the account to which the credentials belong."""
        # before Python 3.12, cached_property blocks the threads of all other objects during the call
        if self._account is None:
            self._account = str(self.call("sts", "get_caller_identity")["Account"])
        return self._account

    def _connect(self) -> Any:
        connection = self.connection
        session = connect(connection)
        if connection.assume_role is None:
            return session
        source = Cloud(connection, session=session, pause=self.sleep)
        source.calls = self.calls
        return connect_role(connection, str(session.region_name), partial(source.call, "sts", "assume_role"))

    def client(self, service: str) -> Any:
        """Return the client of a service. All calls of a service use the same client."""
        self.identity.check()  # before the SDK does it for the client or the call, where its exceptions are ambiguous
        if service not in self._clients:
            session = self.session
            exceptions: Any = import_module("botocore.exceptions")
            try:
                client = session.client(service, endpoint_url=self.connection.endpoint_url, config=_config())
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
        if service == "s3" and operation not in WITHOUT_OWNER and "ExpectedBucketOwner" not in arguments:
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
            message = answer.get("Message", "")
            if not answer or message.lstrip().lower().startswith(HTML_STARTS):
                raise CloudError(not_from_aws(url, name), code=UNREACHABLE) from error
            response = {**error.response, "Error": {**answer, "Message": self.masked(message)}}
            source = self.identity.source
            local = self.connection.local_command
            raise refused(response, name, url, origin=source.name, fix=source.fix, local=local) from error
        except exceptions.EndpointConnectionError as error:
            local, meta = self.connection.local_command, client.meta
            message = no_connection(meta.endpoint_url, name, meta.region_name, error, local=local)
            raise CloudError(message, code=UNREACHABLE) from error
        except exceptions.SSLError as error:
            raise CloudError(untrusted(client.meta.endpoint_url, name, error), code=UNTRUSTED) from error
        except (exceptions.HTTPClientError, exceptions.ConnectionError) as error:
            raise CloudError(
                f"{name} could not reach AWS: {sentence(error)} Check the network.", code=UNREACHABLE
            ) from error
        except import_module("botocore.parsers").ResponseParserError as error:
            raise CloudError(not_from_aws(client.meta.endpoint_url, name), code=UNREACHABLE) from error
        except (exceptions.BotoCoreError, UnicodeError, ValueError) as error:
            # keys with characters that a header cannot contain are a ValueError
            raise UsageError(f"{name} failed: {sentence(' '.join(str(error).split()))}") from error

    def hiding(self, secrets: Iterable[str]) -> Cloud:
        """Return the same services, whose messages mask these values: those of the NoEcho parameters of a request.

        The clients are shared, so this cloud and other requests can be used at the same time.
        """
        _ = self.session  # one session for all: it can require a call, and a code of a person
        view = copy.copy(self)
        view.hidden = tuple(secret for secret in secrets if secret)
        return view

    def again(self, region: str) -> Cloud:
        """Return the services for another thread, in this or another Region, with the same credentials."""
        connection = replace(self.connection, region=region)
        return Cloud(connection, session=connect_again(connection, region, self.session), pause=self.sleep)

    def with_credentials(self, credentials: Mapping[str, str]) -> Cloud:
        """Return the services for temporary credentials, as AssumeRole returns them."""
        view = copy.copy(self)
        view.use(connect_temporarily(self.connection, self.session, credentials))
        return view

    def pause(self, seconds: float) -> None:
        """Wait between two polls of AWS, or of a local cloud for a part of this time."""
        clients = tuple(self._clients.values())
        local = clients and all(is_local(client.meta.endpoint_url) for client in clients)
        self.sleep(seconds * LOCAL_SHARE if local else seconds)

    def pausing(self, pause: Callable[[float], None]) -> Cloud:
        """Return the same services, which wait with another function between two polls."""
        _ = self.session
        view = copy.copy(self)
        view.sleep = pause
        return view

    def masked(self, text: str) -> str:
        """Return a text from AWS with the values of NoEcho parameters masked."""
        return str(masked(text, self.hidden))

    def pages(self, service: str, operation: str, key: str, **arguments: Any) -> Iterator[Any]:
        """Yield the items of all pages of an operation that uses NextToken; `key` names the list in a page."""
        token: dict[str, str] = {}
        while True:
            page = self.call(service, operation, **arguments, **token)
            yield from page.get(key, [])
            if not page.get("NextToken"):
                return
            token = {"NextToken": page["NextToken"]}


@cache
def _config() -> Any:
    """Return the configuration of all clients."""
    return import_module("botocore.config").Config(retries={"mode": "standard"})
