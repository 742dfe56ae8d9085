"""The errors of a deployment, each with its exit code, and sentences for their messages."""

from __future__ import annotations

from smtemplates.errors import Error

# The error codes for expired credentials.
EXPIRED = {"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"}
# The error codes for keys or tokens that AWS does not know, for example of another partition or a Region that is not
# enabled in the account.
# Source: https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
# Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
INVALID_KEY = {
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "InvalidAccessKeyId",
    "InvalidToken",
    "AuthFailure",
}
INVALID_SIGNATURE = {"SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature"}
# The error codes for a request whose time differs too much from that of AWS.
CLOCK = {"RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture"}
DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403", "Forbidden"}
THROTTLED = {"Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded", "SlowDown"}

# The error codes for calls without an answer from AWS.
UNREACHABLE = "Unreachable"
UNTRUSTED = "Untrusted"

# The error codes of temporary problems. Calls that only read can be repeated.
TRANSIENT = THROTTLED | {UNREACHABLE, "InternalFailure", "InternalError", "ServiceUnavailable", "500", "502", "503"}


class CloudError(Error):
    """AWS refused a call or could not be reached; `code` is the error code of AWS."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


class DeploymentError(Error):
    """A deployment failed, or the status of a stack does not allow it."""


class RefusedError(Error):
    """The command does not replace or delete existing resources without permission of the user."""

    exit_code = 4


class TimedOutError(Error):
    """The time limit has passed. The operation continues in AWS."""

    exit_code = 5


class StoppedError(Error):
    """The user stopped the command."""

    exit_code = 130


def sentence(text: object) -> str:
    """Return a text from AWS or the SDK with a full stop at its end, so that another sentence can follow."""
    stripped = str(text).rstrip()
    return stripped if stripped.endswith((".", "!", "?")) else f"{stripped}."
