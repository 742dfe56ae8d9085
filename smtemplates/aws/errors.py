"""How a deployment can end other than well, each end with its exit code."""

from __future__ import annotations

from smtemplates.errors import Error


class CloudError(Error):
    """Report that AWS refused a call, or could not be reached; `code` is AWS's own."""

    def __init__(self, message: str, *, code: str) -> None:
        """Keep the code, for those who can do something about it."""
        super().__init__(message)
        self.code = code


class DeploymentError(Error):
    """Report a deployment that failed, or a stack in a state that it cannot start from."""


class RefusedError(Error):
    """Refuse to replace or delete what the person has not said may go."""

    exit_code = 4


class TimedOutError(Error):
    """Stop watching, while AWS goes on."""

    exit_code = 5


class StoppedError(Error):
    """Stop because the person said so."""

    exit_code = 130
