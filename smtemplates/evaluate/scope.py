"""The names and functions that a value can refer to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class Rest(Protocol):
    """Decides the rest of a value if some conditions are not decided."""

    def choice(self, condition: str, then: Any, otherwise: Any) -> Any:
        """Return Fn::If for a condition that is not decided, with its branches resolved."""

    def stays_in_mapping(self, value: Any) -> bool:
        """Return whether a value stays in its mapping, although the keys are known."""


@dataclass(frozen=True)
class Scope:
    """Names and functions that values can refer to.

    `names` are parameters and pseudo parameters. `mappings` is the section of the template, which can contain anything.
    `resource` returns the value of a reference to anything else, which can be the intrinsic function itself, left in
    place. `count` receives the length of each text that a function returns, and raises an error if the sum is too
    large: texts can grow exponentially where Fn::Sub is nested. With `rest`, `condition` can return None for a
    condition that is not decided.
    """

    names: Mapping[str, Any]
    mappings: Mapping[str, Any]
    condition: Callable[[str], bool | None]
    resource: Callable[[str, str | None], Any]
    count: Callable[[int], None]
    rest: Rest | None = None
