"""The errors that a user can see, each with its exit code."""

from __future__ import annotations

from collections.abc import Iterable

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


def nearest(word: str, names: Iterable[str], *, always: bool = False) -> str:
    """Return the name that is most similar to a wrong one, or '' if none is similar enough to be meant.

    With `always`, the most similar name is returned in any case, and '' only if there are no names.
    """
    from difflib import get_close_matches  # noqa: PLC0415  its import takes as long as that of the errors

    return next(iter(get_close_matches(word, list(names), n=1, cutoff=0.0 if always else 0.6)), "")
