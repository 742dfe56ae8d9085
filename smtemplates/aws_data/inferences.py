"""Inferences about AWS on which the templates and the deployer rely, and that documentation alone does not prove.

The README and the reference list them from assets/inferences.json. The command `prove` has an experiment for each of
them, unless the row contains the reason why there is no experiment. The experiments run in the order of the rows.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

FILE = "smtemplates/aws_data/assets/inferences.json"


@dataclass(frozen=True, kw_only=True)
class Proof:
    """A run of an experiment in a live account that confirmed the inference. `date` is in the form YYYY-MM-DD."""

    date: str
    region: str


@dataclass(frozen=True, kw_only=True)
class Inference:
    """One inference. `title` is its short form for lists, `area` the part of the product, `where` a file that uses it.

    `local` is the reason why the local cloud cannot show it, or ''. `missing` is the reason why there is no experiment,
    or ''.
    """

    name: str
    title: str
    area: str
    sentence: str
    where: str
    local: str = ""
    missing: str = ""
    proofs: tuple[Proof, ...] = ()


def _read() -> tuple[Inference, ...]:
    rows = json.loads((Path(__file__).parent / "assets" / "inferences.json").read_text(encoding="utf-8"))
    return tuple(
        Inference(**{**row, "proofs": tuple(Proof(**proof) for proof in row.get("proofs", []))}) for row in rows
    )


INFERENCES = _read()
