"""Decide which truth values of conditions are possible together, mostly from the answers to earlier questions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from smtemplates.evaluate.not_evaluated import NotEvaluatedError
from smtemplates.evaluate.prove import Space


class Forms:
    """Convert truth values of conditions to numbers and back.

    A form is a set of truth values: a number with a bit for each condition and value.
    """

    def __init__(self) -> None:
        """Start without conditions."""
        self.bits: dict[str, int] = {}  # of conditions; the next bit says that the condition is false
        self._names: list[str] = []

    def form(self, requirements: Iterable[tuple[str, bool]]) -> int:
        """Return the form of truth values."""
        form = 0
        for name, holds in requirements:
            if name not in self.bits:
                self.bits[name] = 1 << 2 * len(self.bits)
                self._names.append(name)
            form |= self.bits[name] << (not holds)
        return form

    def conditions(self, form: int) -> dict[str, bool]:
        """Return the truth values that a form consists of."""
        found = {}
        for bit in _bits(form):
            number = bit.bit_length() - 1
            found[self._names[number // 2]] = number % 2 == 0
        return found


class Possibilities:
    """Remember the forms that known parameter values show, and pairs of truth values that no values show."""

    def __init__(self, space: Space, forms: Forms) -> None:
        """Start without answers."""
        self._space = space
        self._forms = forms
        self._shown: list[int] = []
        self._with: defaultdict[int, int] = defaultdict(int)  # of each bit: those shown together with it
        self._without: defaultdict[int, int] = defaultdict(int)  # and those that are impossible together with it

    def is_possible(self, asked: int, form: int) -> bool:
        """Return whether any parameter values show a form together with one that is known to be possible.

        Raises:
            NotEvaluatedError: There are too many combinations to try.
        """
        both = asked | form
        if any(not both & ~shown for shown in self._shown):
            return True
        if self.excluded_by(form) & both:
            return False
        if self._is_shown(both):
            return True
        self._contradict(both, form & ~asked)
        return False

    def excluded_by(self, form: int) -> int:
        """Return truth values that are known to be impossible together with those of a form."""
        found = 0
        for bit in _bits(form):
            found |= self._without[bit]
        return found

    def _is_shown(self, form: int) -> bool:
        values = self._space.values(tuple(self._forms.conditions(form).items()))
        if values is None:
            return False
        shown = self._forms.form(self._space.truths(self._forms.bits, values).items())
        self._shown.append(shown)
        for bit in _bits(shown):
            self._with[bit] |= shown
        return True

    def _contradict(self, form: int, new: int) -> None:
        """Find two truth values in an impossible form that contradict each other in every form, too."""
        for one in _bits(new):
            for other in _bits(form & ~one & ~self._with[one]):
                both = one | other
                if self._space.share_parameters(*self._forms.conditions(both)) and not self._may_show(both):
                    self._without[one] |= other
                    self._without[other] |= one
                    return

    def _may_show(self, form: int) -> bool:
        try:
            return self._is_shown(form)
        except NotEvaluatedError:
            return True


def _bits(form: int) -> Iterator[int]:
    while form:
        bit = form & -form
        yield bit
        form ^= bit
