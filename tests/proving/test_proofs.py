"""The README lists the proofs of inferences."""

from __future__ import annotations

from dataclasses import replace

import pytest

from smtemplates.aws_data.inferences import Inference, Proof
from smtemplates.errors import TemplateError
from smtemplates.reference import inferences

FIRST, SECOND = (
    Inference(name=name, title=f"title {name}", area="Studio", sentence=name, where="file") for name in ("one", "two")
)


def section(*rows: Inference, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(inferences, "INFERENCES", rows)
    readme = f"before\n{inferences.BEGIN}stale{inferences.END}after\n"
    text = inferences.with_summary(readme)
    assert text == inferences.with_summary(text)
    assert (text.startswith("before\n"), text.endswith("after\n"), "stale" in text) == (True, True, False)
    return text


def test_readme_lists_proofs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proof has its date and Region. The inferences without a proof are listed by area."""
    text = section(FIRST, SECOND, monkeypatch=monkeypatch)
    assert "Of 2 inferences, none has been proven in a live account yet." in text
    assert "- Studio: `one`, `two`\n" in text
    proven = replace(FIRST, proofs=(Proof(date="2026-12-24", region="eu-west-1"),))
    text = section(proven, SECOND, monkeypatch=monkeypatch)
    assert "Of 2 inferences, 1 has been proven in a live account." in text
    assert "- `one`: 2026-12-24 in `eu-west-1`\n" in text
    assert "- Studio: `two`\n" in text
    assert "Not yet seen" not in section(proven, monkeypatch=monkeypatch)


def test_readme_without_the_place_of_the_list() -> None:
    """A README without the lines around the list is an error, and not a README without the list."""
    with pytest.raises(TemplateError, match="The page must contain the lines"):
        inferences.with_summary("# smtemplates\n")
