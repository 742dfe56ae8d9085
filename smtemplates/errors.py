"""What can go wrong for a user, each with its exit code."""

from __future__ import annotations


class Error(Exception):
    """Stop with one clear sentence; `exit_code` is what the process returns."""

    exit_code = 1


class UsageError(Error):
    """Report bad input: an unknown name, an unreadable or unwritable file, a value out of range."""

    exit_code = 2


class MissingError(Error):
    """Report that a package which an optional step needs is not installed."""


class TemplateError(Error):
    """Report areas that cannot be joined into one template; a programmer's mistake, not a user's."""
