"""A proxy through which a second actor acts before a call, and the calls before which an action has different effects.

An action immediately before a call that only reads, and whose answer the action does not change, has the same effect as
one immediately after this call: the state and all answers to the command are the same. Such a call is not tried again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from deploying.local_aws import Aws
from deploying.matrix import Tally
from deploying.proxy import Proxy

READS = (b"Describe", b"Get", b"List", b"GET ", b"HEAD ")

# Times, and words that differ between two runs: the random parts of names and IDs.
TIME = re.compile(rb"\d{4}-\d\d-\d\dT[\d:.]+|\b1\d{9}(?:\.\d+)?\b")
RANDOM = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?=[A-Za-z]*\d)[0-9A-Za-z]{10,}")


@dataclass(frozen=True)
class Answer:
    """The answer to a call, in which random names are replaced by numbers, so that those of two runs can be equal."""

    operation: bytes
    status: int
    content: bytes

    @property
    def is_read(self) -> bool:
        """Whether the call does not change anything."""
        return self.operation.startswith(READS)


class Acting(Proxy):
    """Lets a second actor act immediately before a call reaches the local cloud, and remembers all answers."""

    def __init__(self, upstream: str) -> None:
        super().__init__(upstream)
        self.watch()

    def watch(self, number: int = 0, act: Callable[[], None] | None = None) -> None:
        """Count calls and remember answers from now on. The actor acts before call `number`, which begins with 1."""
        self.spoil(None)
        self.at, self.act = number, act
        self.answers: list[Answer] = []
        self._names: dict[bytes, bytes] = {}

    def forward(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        if self.act and len(self.calls) == self.at:
            act, self.act = self.act, None
            act()
        answer = super().forward(method, path, headers, body)
        operation = headers.get("X-Amz-Target", "").rpartition(".")[2] or self.calls[-1]
        self.answers.append(Answer(self._comparable(operation.encode()), answer[0], self._comparable(answer[2])))
        return answer

    def _comparable(self, content: bytes) -> bytes:
        """Replace each random name by the number of its first appearance in the run."""
        return RANDOM.sub(
            lambda found: self._names.setdefault(found[0], b"<%d>" % len(self._names)), TIME.sub(b"<time>", content)
        )


@dataclass(frozen=True)
class Actors:
    """A command with a session of the SDK through the proxy, and a second actor who acts without it."""

    aws: Aws
    acting: Acting
    session: Any
    tally: Tally


def each_effect(before: Sequence[Answer], attempt: Callable[[int], Sequence[Answer]]) -> None:
    """Try a run with an action before each call where this has another effect.

    `before` are the answers to the calls of a run without an action. `attempt` runs the command with an action before
    the call of this number, and returns the answers.
    """
    number = 1
    while number <= len(before):
        now = attempt(number)
        while number <= min(len(before), len(now)) and _is_unchanged(before[number - 1], now[number - 1]):
            number += 1
        number += 1


def _is_unchanged(before: Answer, now: Answer) -> bool:
    return before.is_read and before == now
