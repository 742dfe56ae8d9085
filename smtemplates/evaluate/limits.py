"""Bound the work of an evaluation, so that it ends on every template."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from smtemplates.errors import Error
from smtemplates.evaluate.not_evaluated import NotEvaluatedError

MOST_STEPS = 5_000_000  # for one template: a few seconds
MOST_CHARACTERS = 5_000_000  # that functions return for one set of parameter values
TOO_MANY = "too many combinations"
QUESTION_STEPS = 500_000  # for one condition, or one question about conditions: a fraction of a second


class TooManyCombinationsError(NotEvaluatedError):
    """Report that a condition, rule or parameter has too many combinations of values to try."""

    def __init__(self, subject: str) -> None:
        super().__init__(subject, TOO_MANY)


class Steps:
    """Count the steps of an evaluation and stop it at a limit.

    Counting steps instead of seconds gives every machine the same verdict.
    """

    def __init__(self, most: int = MOST_STEPS) -> None:
        self.taken = 0
        self._most = most
        self._subject = "Template"

    def take(self, number: int = 1) -> None:
        """Count steps.

        Raises:
            TooManyCombinationsError: The limit is reached.
        """
        self.taken += number
        if self.taken > self._most:
            raise TooManyCombinationsError(self._subject)

    def check(self, number: int) -> None:
        """Raise the error at once if so many steps are not left.

        Raises:
            TooManyCombinationsError: The limit would be reached.
        """
        if self.taken + number > self._most:
            raise TooManyCombinationsError(self._subject)

    @contextmanager
    def limit(self, subject: str, most: int = QUESTION_STEPS) -> Iterator[None]:
        """Set the subject of a block and a limit for it, within the limit for all steps.

        Conditions that are nested too deeply for Python to follow reach the limit too.
        """
        before = self._subject, self._most
        self._subject, self._most = subject, min(self._most, self.taken + most)
        try:
            yield
        except RecursionError:
            raise TooManyCombinationsError(subject) from None
        finally:
            self._subject, self._most = before


class TextLimit:
    """Count the characters of resolved texts."""

    def __init__(self) -> None:
        self._total = 0

    def count(self, length: int) -> None:
        """Count characters.

        Raises:
            Error: There are too many.
        """
        self._total += length
        if self._total > MOST_CHARACTERS:
            raise Error(f"The functions of the template return more than {MOST_CHARACTERS:,} characters of text.")
