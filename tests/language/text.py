"""A text with its place and kind, and its sentences."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

END_OF_SENTENCE = re.compile(r"(?<=[.!?])['\")\]]*\s+(?=['\"(`]?[A-Z0-9*])")
ABBREVIATION = re.compile(r"\b(?:e\.g|i\.e|etc|vs|cf)\.$")


@dataclass(frozen=True)
class Text:
    """A text that a person reads."""

    place: str
    kind: str  # message, description, label, prose, docstring, function or comment
    text: str

    def sentences(self) -> tuple[str, ...]:
        """Return the sentences, each on one line."""
        return split_sentences(self.text)


@functools.cache
def split_sentences(text: str) -> tuple[str, ...]:
    """Split a text into sentences, each on one line; an empty line ends a sentence too."""
    sentences: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text):
        for sentence in END_OF_SENTENCE.split(" ".join(paragraph.split())):
            if sentences and ABBREVIATION.search(sentences[-1]):
                sentences[-1] += f" {sentence}"
            elif sentence:
                sentences.append(sentence)
    return tuple(sentences)


def has_words(text: str, fewest: int = 2) -> bool:
    """Return whether a text has so many words with spaces between them."""
    return len(re.findall(r"(?:^|(?<=\s))[\"'(]?[A-Za-z][A-Za-z'-]*[.,:;!?)\"']*(?=\s|$)", text)) >= fewest
