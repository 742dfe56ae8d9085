"""The errors that a user can see, each with its exit code."""

from __future__ import annotations

CHANGES_PRESENT = 3  # exit code of plan and drift with --detailed-exitcode, which is not an error


class Error(Exception):
    """Stop with one clear message. `exit_code` is the exit code of the process."""

    exit_code = 1


class UsageError(Error):
    """Report bad input: an unknown name, an unreadable or unwritable file, a value out of range."""

    exit_code = 2


class MissingError(Error):
    """Report that a package that an optional step needs is not installed."""


class TemplateError(Error):
    """Report constructs that cannot be assembled into one template, which is an error in a program."""
