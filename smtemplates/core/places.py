"""The number of entries that a list parameter has places for, which is chosen when a template is rendered.

A template has no loops, so each place is a resource with a condition. More places need a longer template.
"""

from __future__ import annotations

from collections.abc import Mapping

from smtemplates.errors import UsageError, nearest


def chosen(default: Mapping[str, int], given: Mapping[str, int]) -> dict[str, int]:
    """Return the number of places for each list: the given number, or the default.

    Raises:
        UsageError: a name in `given` is not in `default`, or a number is less than 1.
    """
    for name, number in given.items():
        if name not in default:
            near = nearest(name, default)
            known = f"Choose from {', '.join(default)}." if default else "This template has no such list."
            hint = f"Did you mean {near!r}?" if near else known
            raise UsageError(f"There is no list {name!r} whose number of places can be chosen. {hint}")
        if number < 1:
            raise UsageError(f"The number of places of {name} must be at least 1, not {number}.")
    return {**default, **given}
