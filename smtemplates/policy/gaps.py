"""Collect the parts of a template that were not evaluated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from smtemplates.errors import Error
from smtemplates.evaluate.not_evaluated import NotEvaluatedError, reason_of

MOST_NAMED = 10  # resources in one message


@dataclass
class Gap:
    """A part of a template, as it is named in messages, and the resources that were not checked in all their forms."""

    subject: str
    reason: str
    path: Sequence[str]
    resources: dict[str, None] = field(default_factory=dict)

    @property
    def message(self) -> str:
        """The sentences that report it."""
        names = list(self.resources)
        shown = ", ".join(names[:MOST_NAMED])
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        affected = f" Not all forms were checked of: {shown}{more}." if names and not self._is_named else ""
        return f"{NotEvaluatedError(self.subject, self.reason)}{affected}"

    @property
    def _is_named(self) -> bool:
        """Whether the subject is the only resource."""
        return [self.subject] == [f"Resource {name}" for name in self.resources]


class Gaps:
    """The parts of one template that were not evaluated, each once, with the first reason."""

    def __init__(self) -> None:
        self._found: dict[str, Gap] = {}

    def add(self, subject: str, reason: str, resources: Iterable[str] = (), path: Sequence[str] | None = None) -> None:
        """Add a part, such as "Condition HasSubnets", with the resources that depend on it."""
        gap = self._found.setdefault(subject, Gap(subject, reason, _path(subject) if path is None else path))
        gap.resources |= dict.fromkeys(resources)

    def add_error(self, error: Error, resources: Iterable[str], subject: str = "Template") -> None:
        """Add the part that an error names, otherwise `subject`."""
        named = error.subject if isinstance(error, NotEvaluatedError) else subject
        self.add(named, reason_of(error), resources)

    @property
    def resources(self) -> set[str]:
        """The resources for which a part was added."""
        return {name for gap in self._found.values() for name in gap.resources}

    @property
    def all(self) -> list[Gap]:
        """The parts in the order in which they were added."""
        return list(self._found.values())


def _path(subject: str) -> list[str]:
    """Return the path of the first thing that a subject names."""
    kind, _, rest = subject.partition(" ")
    return [f"{kind.rstrip('s')}s", rest.partition(" and ")[0]]
