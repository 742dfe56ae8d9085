"""Find and delete the resources of experiments: after each of them, and those of earlier runs before the first one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from smtemplates.aws.errors import RefusedError, StoppedError
from smtemplates.aws.session import Cloud
from smtemplates.errors import Error
from smtemplates.prove.experiment import PREFIX, TAG
from smtemplates.prove.kind import POLL_SECONDS, Kind
from smtemplates.prove.kinds import KINDS

# AWS rejects some deletions for a short time, for example while it still deletes a part of the resource.
ATTEMPTS = 3

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Leftover:
    """A resource that an experiment created and that exists."""

    kind: Kind
    name: str

    def __str__(self) -> str:
        """Return the kind and the name for messages."""
        return f"{self.kind.title} {self.name}"


def find(cloud: Cloud, *, local: bool) -> list[Leftover]:
    """Return everything in the Region that experiments created, in the order of its deletion.

    Raises:
        RefusedError: A resource has a name of the experiments, but not their tag.
    """
    found = [(Leftover(kind, one.name), one.own) for kind in _kinds(local=local) for one in kind.find(cloud)]
    foreign = [str(leftover) for leftover, own in found if not own]
    if foreign:
        raise RefusedError(
            f"These resources have names of the experiments, which start with {PREFIX}, but not the tag {TAG}: "
            f"{', '.join(foreign)}. Nothing was deleted. Use another account or Region, or rename them."
        )
    return [leftover for leftover, _ in found]


@dataclass
class Removal:
    """The removal of everything that experiments created.

    `problems` are sentences on resources that still exist, and `kept` sentences on those that others use now.
    `interrupted` is whether the user interrupted the removal, which continued to its end.
    """

    cloud: Cloud
    say: Callable[[str], None]
    local: bool
    problems: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    interrupted: bool = False

    def run(self, registered: Iterable[tuple[Kind, str]] = ()) -> Removal:
        """Delete everything, and return this object.

        `registered` are resources that a run created. They are deleted by name, also if AWS does not list them yet.
        """
        created = list(registered)
        for kind in _kinds(local=self.local):
            names = {name for of, name in created if of is kind} | self._listed(kind)
            for name in sorted(names, reverse=True):  # a further stack of an experiment before the first one
                self._delete(kind, name)
        return self

    def _listed(self, kind: Kind) -> set[str]:
        try:
            return self._repeat(lambda: {one.name for one in kind.find(self.cloud) if one.own})
        except Error as error:
            self.problems.append(f"The resources of the kind {kind.title} could not be listed. {error}")
            return set()

    def _delete(self, kind: Kind, name: str) -> None:
        try:
            kept = self._repeat(lambda: kind.delete(self.cloud, name))
        except Error as error:
            self.problems.append(f"The {kind.title} {name} still exists. {error}")
            return
        self.say(f"  {'Kept' if kept else 'Deleted'} {kind.title} {name}.{' ' if kept else ''}{kept}")
        self.kept += [f"The {kind.title} {name}. {kept}"] if kept else []

    def _repeat(self, call: Callable[[], Answer]) -> Answer:
        """Return the answer of a call, which can fail twice. An interruption only ends its wait, so it is repeated.

        Raises:
            Error: The call failed three times.
        """
        failures = 0
        while True:
            try:
                return call()
            except StoppedError:
                self.interrupted = True
            except Error:
                failures += 1
                if failures == ATTEMPTS:
                    raise
            self.cloud.pause(POLL_SECONDS)


def _kinds(*, local: bool) -> list[Kind]:
    return [kind for kind in KINDS if kind.local or not local]
