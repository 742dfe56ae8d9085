"""Print phrases found below the given places: .venv/bin/python tests/language/report.py smtemplates/deploy."""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from language.phrases import hits, phrases
from language.texts import FOLDERS, LATER, collect


def main(prefixes: tuple[str, ...]) -> int:
    """Print one line for each hit in the current folder, then the counts."""
    names = FOLDERS + (LATER if any(each.startswith(LATER) for each in prefixes) else ())
    texts = [text for text in collect(Path.cwd(), names) if not prefixes or text.place.startswith(prefixes)]
    found = list(hits(texts, phrases()))
    for hit in found:
        print(f"{'advice: ' if hit.advice else ''}{hit}")
    refused = [hit for hit in found if not hit.advice]
    print(f"{len(texts)} texts, {len(refused)} hits in {len({(h.place, h.sentence) for h in refused})} sentences, {len(found) - len(refused)} advice")
    for folder, count in Counter("/".join(re.split("[: ]", hit.place)[0].split("/")[:2]) for hit in refused).most_common():
        print(f"{count:6} {folder}")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main(tuple(sys.argv[1:])))
