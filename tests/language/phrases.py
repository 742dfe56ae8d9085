"""Find phrases in texts: the list of them, and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from language.text import Text

HERE = Path(__file__).resolve().parent
FIELDS = {"find", "in", "write", "bad", "good", "advice"}


@dataclass(frozen=True)
class Phrase:
    """A phrase: how to find it, in which kinds of texts, what to write instead, and sentences with and without it."""

    find: re.Pattern[str]
    kinds: frozenset[str]
    write: str
    bad: tuple[str, ...]
    good: tuple[str, ...]
    advice: bool

    def match(self, text: Text, sentence: str) -> re.Match[str] | None:
        """Return where a sentence of a text has the phrase."""
        if self.kinds and text.kind not in self.kinds:
            return None
        return self.find.search(sentence)


@dataclass(frozen=True)
class Hit:
    """A phrase found in a sentence."""

    place: str
    phrase: str
    sentence: str
    write: str
    advice: bool

    def __str__(self) -> str:
        return f"{self.place}: '{self.phrase}' in: {self.sentence} -> {self.write}"


def phrases(path: Path = HERE / "phrases.txt") -> list[Phrase]:
    """Read the list: rows of lines "field: value", with an empty line between rows."""
    text = "".join(line for line in path.read_text(encoding="utf-8").splitlines(True) if not line.startswith("#"))
    return [_phrase(row) for row in text.split("\n\n") if row.strip()]


def _phrase(row: str) -> Phrase:
    """Read a row."""
    fields: dict[str, list[str]] = {}
    for line in row.strip().splitlines():
        name, _, value = line.partition(": ")
        assert name in FIELDS, line
        fields.setdefault(name, []).append(value)
    ((find,), (write,)) = fields["find"], fields["write"]
    kinds = fields.get("in", [""])[0]
    return Phrase(
        find=re.compile(find, re.IGNORECASE),
        kinds=frozenset(kinds.split(", ") if kinds else ()),
        write=write,
        bad=tuple(fields["bad"]),
        good=tuple(fields["good"]),
        advice="advice" in fields,
    )


def hits(texts: Iterable[Text], listed: list[Phrase]) -> Iterator[Hit]:
    """Yield what of the list is found in the texts."""
    for text in texts:
        for sentence in text.sentences():
            for phrase in listed:
                match = phrase.match(text, sentence)
                if match:
                    yield Hit(text.place, match[0], sentence, phrase.write, phrase.advice)
