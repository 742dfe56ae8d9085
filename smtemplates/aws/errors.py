"""The errors of a deployment, each with its exit code, and sentences for their messages."""

from __future__ import annotations

from smtemplates.errors import Error


class CloudError(Error):
    """AWS refused a call or could not be reached; `code` is the error code of AWS."""

    def __init__(self, message: str, *, code: str) -> None:
        """Keep the error code for callers that handle it."""
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
