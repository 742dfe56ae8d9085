"""Where AWS is asked: its own endpoints, or this machine."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from smtemplates.errors import UsageError

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def parts_of(url: str) -> SplitResult:
    """Take a URL apart; of what is none, nothing is left."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # looked at only when it is asked for
    except ValueError:
        return urlsplit("")
    return parts


def is_local(url: str) -> bool:
    """Tell whether this machine is asked."""
    return parts_of(url).hostname in LOOPBACK


def check_endpoint(url: str | None) -> None:
    """Refuse an endpoint that would carry credentials in clear over a network.

    Raises:
        UsageError: the URL is neither https, nor http on this machine.
    """
    if url is None:
        return
    parts = parts_of(url)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme == "http" and is_local(url):
        return
    raise UsageError(
        f"--endpoint-url, AWS_ENDPOINT_URL or a profile's endpoint_url must be https://..., or http:// on this machine "
        f"(127.0.0.1), not '{url}'"
    )
