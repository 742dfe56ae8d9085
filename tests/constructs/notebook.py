"""The expectation of the notebook instance."""

from __future__ import annotations

from expectations import Choice, Expectation


def creates_notebook(choice: Choice) -> bool:
    """Return whether the stack creates a notebook instance."""
    return choice.is_true("CreateNotebook")


EXPECTATION = Expectation(
    resources={
        "Notebook": creates_notebook,
        "NotebookLifecycle": creates_notebook,
    },
    outputs=dict.fromkeys(("NotebookInstanceName", "NotebookInstanceArn", "NotebookUrlCommand"), creates_notebook),
)
