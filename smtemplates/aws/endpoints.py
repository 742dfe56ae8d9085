"""The endpoints that receive calls: those of AWS, or a local cloud on this computer."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from smtemplates.errors import UsageError

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def split_url(url: str) -> SplitResult:
    """Return the parts of a URL; they are empty if it is not a valid URL."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # checked only on access
    except ValueError:
        return urlsplit("")
    return parts


def is_local(url: str) -> bool:
    """Return whether a URL refers to this computer."""
    return split_url(url).hostname in LOOPBACK


def check_endpoint(url: str | None) -> None:
    """Check that an endpoint does not send credentials in plain text over a network.

    Raises:
        UsageError: The URL is neither an https URL nor an http URL of this computer.
    """
    if url is None:
        return
    parts = split_url(url)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme == "http" and is_local(url):
        return
    raise UsageError(
        f"'{url}' is not a valid endpoint. --endpoint-url, AWS_ENDPOINT_URL and the endpoint_url of a profile must be "
        "https://... or, for a local cloud, http://127.0.0.1:..."
    )
