"""The inferences about AWS and their proofs in a live account, for the README, the reference and the explanation."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from smtemplates.aws_data.inferences import INFERENCES, Inference
from smtemplates.errors import TemplateError
from smtemplates.reference.markdown import code, prose, table

BEGIN = "<!-- begin of the generated list of inferences -->\n"
END = "<!-- end of the generated list of inferences -->\n"


def inferences() -> Iterator[str]:
    """Yield the table of all inferences, with the date and the Region of each proof."""
    yield (
        "The templates and the deployer rely on these statements about AWS, which its documentation does not prove. "
        "Each of them that has an experiment can be verified with `smtemplates prove` in a live account.\n"
    )
    yield f"{_summary()}\n"
    yield table(
        ("Name", "Inference", "File", "Local cloud", "Proven in a live account"),
        (
            (
                code(each.name),
                _sentence(each),
                code(each.where),
                each.local or ("" if each.missing else "can show it"),
                _proofs(each) or _unproven(each),
            )
            for each in INFERENCES
        ),
    )


def with_list(page: str) -> str:
    """Return a page with the current list of the inferences that have no proof.

    Raises:
        TemplateError: The page does not contain the lines around the list.
    """
    titles = [each.title for each in INFERENCES if not each.proofs]
    lines = [f"{len(titles)} of {len(INFERENCES)} have no proof yet:\n", *(f"- {title}" for title in titles)]
    return _with_text(page, "".join(f"{line}\n" for line in lines))


def with_summary(readme: str) -> str:
    """Return the README with the current number of proofs, each proof, and the inferences without one by area.

    Raises:
        TemplateError: The README does not contain the lines around the summary.
    """
    areas: dict[str, list[str]] = {}
    for each in INFERENCES:
        if not each.proofs:
            areas.setdefault(each.area, []).append(code(each.name))
    proven = [f"- {code(each.name)}: {_proofs(each)}" for each in INFERENCES if each.proofs]
    missing = [_wrapped(f"- {area}: {', '.join(names)}") for area, names in areas.items()]
    parts = [[_summary()], proven, ["Not yet seen on AWS itself, by name:"] if missing else [], missing]
    return _with_text(readme, "\n".join("".join(f"{line}\n" for line in part) for part in parts if part))


def _wrapped(item: str) -> str:
    return textwrap.fill(item, 120, subsequent_indent="  ", break_on_hyphens=False, break_long_words=False)


def _with_text(page: str, text: str) -> str:
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise TemplateError(f"The page must contain the lines {BEGIN.strip()} and {END.strip()}.")
    return f"{before}{begin}\n{text}\n{end}{after}"


def _summary() -> str:
    proven = sum(bool(each.proofs) for each in INFERENCES)
    if not proven:
        return f"Of {len(INFERENCES)} inferences, none has been proven in a live account yet."
    return (
        f"Of {len(INFERENCES)} inferences, {proven} {'has' if proven == 1 else 'have'} been proven in a live account."
    )


def _proofs(inference: Inference) -> str:
    return ", ".join(f"{proof.date} in {code(proof.region)}" for proof in inference.proofs)


def _sentence(inference: Inference) -> str:
    return inference.sentence if "`" in inference.sentence else prose(inference.sentence)


def _unproven(inference: Inference) -> str:
    return f"not yet. There is no experiment: {inference.missing}" if inference.missing else "not yet"
