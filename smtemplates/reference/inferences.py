"""The inferences about AWS and their proofs in a live account, for the reference and the explanation."""

from __future__ import annotations

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
                each.local or "can show it",
                ", ".join(f"{proof.date} in {code(proof.region)}" for proof in each.proofs) or _unproven(each),
            )
            for each in INFERENCES
        ),
    )


def with_list(page: str) -> str:
    """Return a page with the current list of the inferences that have no proof.

    Raises:
        TemplateError: The page does not contain the lines around the list.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise TemplateError(f"The page must contain the lines {BEGIN.strip()} and {END.strip()}.")
    listed = "".join(f"- {each.title}\n" for each in INFERENCES if not each.proofs)
    return f"{before}{begin}\n{_summary()} Not yet seen on AWS itself:\n\n{listed}\n{end}{after}"


def _summary() -> str:
    proven = sum(bool(each.proofs) for each in INFERENCES)
    if not proven:
        return f"Of {len(INFERENCES)} inferences, none has been proven in a live account yet."
    return f"Of {len(INFERENCES)} inferences, {proven} have been proven in a live account."


def _sentence(inference: Inference) -> str:
    return inference.sentence if "`" in inference.sentence else prose(inference.sentence)


def _unproven(inference: Inference) -> str:
    return f"not yet. There is no experiment: {inference.missing}" if inference.missing else "not yet"
