"""The errors about parts of a template that cannot be evaluated offline, although AWS may accept them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from smtemplates.errors import Error

P = ParamSpec("P")
R = TypeVar("R")

NEEDS_TRANSFORM = "needs a transform"
UNEXPECTED = (AttributeError, LookupError, TypeError, ValueError, ArithmeticError, RecursionError)
"""The errors that Python raises for a value that has a different type than its place allows, or is too deep."""


class NotEvaluatedError(Error):
    """Report a part of a template that was not evaluated.

    `subject` names it as the template does, such as "Condition HasSubnets". `reason` completes the sentence.
    """

    def __init__(self, subject: str, reason: str) -> None:
        super().__init__(f"{subject}: not evaluated: {reason}.")
        self.subject = subject
        self.reason = reason


class UndecidedError(Error):
    """Report an expression that only the account can decide."""


class NeedsTransformError(UndecidedError):
    """Report an expression that AWS replaces before it evaluates the template."""

    def __init__(self, what: str) -> None:
        """Build the message for a function, or for a name that the template does not declare."""
        super().__init__(f"{what} cannot be evaluated here: it {NEEDS_TRANSFORM}.")


def reason_of(error: Error) -> str:
    """Return why something was not evaluated, as the end of a sentence without a full stop."""
    if isinstance(error, NotEvaluatedError):
        return error.reason
    return NEEDS_TRANSFORM if isinstance(error, NeedsTransformError) else str(error).rstrip(".")


@contextmanager
def unexpected_values() -> Iterator[None]:
    """Report a value that has a different type than its place allows: a template can contain anything anywhere.

    Raises:
        Error: Something in the template does not have the expected form, or is nested too deeply.
    """
    try:
        yield
    except RecursionError as error:
        raise Error("The template cannot be evaluated: its values are nested too deeply.") from error
    except UNEXPECTED as error:
        raise Error("The template cannot be evaluated: something in it does not have the expected form.") from error


def for_any_template(function: Callable[P, R]) -> Callable[P, R]:
    """Return a function that reports unexpected values in a template as `unexpected_values` does."""

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        with unexpected_values():
            return function(*args, **kwargs)

    return call
