"""Credentials are not sent without encryption, and outputs are quoted for a shell."""

from __future__ import annotations

import pytest

from smtemplates.aws.endpoints import check_endpoint
from smtemplates.deploy.operations.stack import Output
from smtemplates.deploy.printing.stack_table import outputs_env
from smtemplates.errors import UsageError


@pytest.mark.parametrize(
    "url",
    [
        *("http://example.com", "ftp://127.0.0.1", "127.0.0.1:4566", "https://", "http://127.0.0.1.evil.com", ""),
        *("https://[::1", "http://127.0.0.1:99999", "http://127.0.0.1:x", "https://example.com:-1"),
    ],
)
def test_unsafe_endpoints_are_rejected(url: str) -> None:
    """An endpoint without TLS on another machine is rejected. An invalid URL is also rejected."""
    with pytest.raises(UsageError, match="--endpoint-url"):
        check_endpoint(url)


@pytest.mark.parametrize(
    "url", [None, "https://example.com", "http://127.0.0.1:4566", "http://localhost:1", "http://[::1]:1"]
)
def test_safe_endpoints_are_accepted(url: str | None) -> None:
    """Endpoints with https on any machine, and with http on this machine, are accepted."""
    check_endpoint(url)


def test_outputs_for_a_shell_are_quoted() -> None:
    """Outputs with quotes, spaces and line breaks stay values when a shell evaluates them."""
    found = {"A": Output(value="x'; touch y; echo '")}
    assert outputs_env(found) == "export A='x'\"'\"'; touch y; echo '\"'\"''"
