"""Print the phrases in the texts of a checkout, below the places that are named.

.venv/bin/python tests/language/report.py smtemplates/deploy templates/workspace.yaml

The checkout is the current directory. "--help" as a place reads the help texts of the commands, which takes a few
seconds. README.md and the other documentation are read only if named.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from language.helps import help_texts
from language.phrases import Hit, find_hits, read_allowed, read_phrases
from language.text import Text
from language.texts import FOLDERS, LATER, collect


def main(prefixes: tuple[str, ...]) -> int:
    """Write one line for each hit, then the counts; return 1 if there is a hit."""
    texts = read_texts(prefixes)
    allowed = read_allowed()
    hits = [hit for hit in find_hits(texts, read_phrases()) if not any(row.covers(hit) for row in allowed)]
    rejected = [hit for hit in hits if not hit.advice]
    for hit in hits:
        sys.stdout.write(f"{'advice: ' if hit.advice else ''}{hit}\n")
    sentences = len({(hit.place, hit.sentence) for hit in rejected})
    advice = len(hits) - len(rejected)
    sys.stdout.write(f"{len(texts)} texts, {len(rejected)} hits in {sentences} sentences, {advice} advice\n")
    for folder, count in Counter(folder_of(hit) for hit in rejected).most_common():
        sys.stdout.write(f"{count:6} {folder}\n")
    return 1 if rejected else 0


def read_texts(prefixes: tuple[str, ...]) -> list[Text]:
    """Return the texts whose place begins with one of the prefixes, or all texts without prefixes."""
    root = Path.cwd()
    names = FOLDERS + (LATER if any(each.startswith(LATER) for each in prefixes) else ())
    texts = list(collect(root, names))
    if not prefixes or any(each.startswith("--help") for each in prefixes):
        texts += help_texts(root)
    return [text for text in texts if not prefixes or text.place.startswith(prefixes)]


def folder_of(hit: Hit) -> str:
    """Return the first two parts of the place of a hit."""
    if hit.place.startswith("--help"):
        return hit.place
    return "/".join(re.split("[: ]", hit.place)[0].split("/")[:2])


if __name__ == "__main__":
    sys.exit(main(tuple(sys.argv[1:])))
