"""Find phrases in texts, by the list in phrases.txt and the exceptions in allowed.txt."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from language.text import Text

HERE = Path(__file__).resolve().parent
FIELDS = {"find", "in", "first", "advice", "write", "bad", "good"}
CODE = re.compile(r"``[^`]*``|`[^`]*`")


@dataclass(frozen=True)
class Phrase:
    """A row of the list."""

    find: re.Pattern[str]
    kinds: frozenset[str]  # all kinds if there are none
    write: str
    bad: tuple[str, ...]
    good: tuple[str, ...]
    first: bool = False
    advice: bool = False

    def search(self, text: Text) -> Iterator[tuple[str, str]]:
        """Yield each sentence of a text that contains the phrase, with the words that match."""
        if self.kinds and text.kind not in self.kinds:
            return
        for sentence in text.sentences()[: 1 if self.first else None]:
            match = self.rough.search(lower(sentence)) and self.find.search(without_code(sentence))
            if match:
                yield sentence, match[0].strip()

    @functools.cached_property
    def rough(self) -> re.Pattern[str]:
        """Return a pattern for lower case that finds at least the same: a search without IGNORECASE is faster."""
        if not self.find.flags & re.IGNORECASE:
            return re.compile("")
        escaped_or_capitals = re.compile(r"\\.|[A-Z]+")
        return re.compile(
            escaped_or_capitals.sub(lambda part: part[0].lower() if part[0].isalpha() else part[0], self.find.pattern)
        )


def without_code(sentence: str) -> str:
    """Return a sentence with X in place of code in backticks."""
    return CODE.sub("`X`", sentence)


@functools.cache
def lower(sentence: str) -> str:
    """Return a sentence without code, in lower case."""
    return without_code(sentence).lower()


@dataclass(frozen=True)
class Hit:
    """A phrase found in a text."""

    place: str
    words: str
    sentence: str
    write: str
    advice: bool

    def __str__(self) -> str:
        return f"{self.place}: '{self.words}' in: {self.sentence} -> {self.write}"


@dataclass(frozen=True)
class Allowed:
    """A sentence that may contain a phrase, and the reason."""

    sentence: str
    words: str
    why: str

    def covers(self, hit: Hit) -> bool:
        """Return whether this is the sentence and the phrase of a hit."""
        return hit.sentence == self.sentence and hit.words == self.words


def read_rows(path: Path) -> list[dict[str, list[str]]]:
    """Read rows of lines "field: value", separated by empty lines. Lines that begin with # are comments."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    rows = []
    for block in re.split(r"\n{2,}", "\n".join(lines)):
        row: dict[str, list[str]] = {}
        for line in block.strip("\n").splitlines():
            name, _, value = line.partition(": ")
            row.setdefault(name, []).append(value)
        if row:
            rows.append(row)
    return rows


def read_phrases(path: Path = HERE / "phrases.txt") -> list[Phrase]:
    """Read the list of phrases.

    Raises:
        ValueError: a row has an unknown field, or lacks or repeats one.
    """
    phrases = []
    for row in read_rows(path):
        if not row.keys() <= FIELDS or not {"find", "write", "bad", "good"} <= row.keys():
            raise ValueError(f"unknown or missing field: {row}")
        (find,), (write,) = row["find"], row["write"]
        kinds = frozenset(kind for each in row.get("in", []) for kind in each.split(", "))
        phrases.append(
            Phrase(
                find=re.compile(find, re.IGNORECASE),
                kinds=kinds,
                write=write,
                bad=tuple(row["bad"]),
                good=tuple(row["good"]),
                first="first" in row,
                advice="advice" in row,
            )
        )
    return [*phrases, first_verb()]


def first_verb(path: Path = HERE / "verbs.txt") -> Phrase:
    """Return the row that finds docstrings of functions that do not begin with a plain verb."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    verbs = "|".join(" ".join(lines).split())
    return Phrase(
        find=re.compile(rf"^(?!(?:{verbs})\b)\W*[\w'-]+"),
        kinds=frozenset({"function"}),
        write="Return, Yield, Build, Check, Raise or another plain verb (tests/language/verbs.txt)",
        bad=("Say what is wrong.", "Hold a row.", "The name of the stack."),
        good=("Return the name of the stack.", "Check the name."),
        first=True,
    )


def read_allowed(path: Path = HERE / "allowed.txt") -> list[Allowed]:
    """Read the sentences that are allowed although they contain a phrase.

    Raises:
        ValueError: a row has an unknown field, or lacks or repeats one.
    """
    allowed = []
    for row in read_rows(path):
        if row.keys() != {"sentence", "words", "why"} or any(len(values) > 1 for values in row.values()):
            raise ValueError(f"unknown, missing or repeated field: {row}")
        allowed.append(Allowed(**{name: values[0] for name, values in row.items()}))
    return allowed


def find_hits(texts: Iterable[Text], phrases: list[Phrase]) -> Iterator[Hit]:
    """Yield each phrase in each sentence of the texts."""
    for text in texts:
        for phrase in phrases:
            for sentence, words in phrase.search(text):
                yield Hit(text.place, words, sentence, phrase.write, phrase.advice)
