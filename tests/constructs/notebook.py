"""The expectation of the notebook instance."""

from __future__ import annotations

from expectations import Choice, Expectation

from constructs.execution_role import creates_role


def creates_notebook(choice: Choice) -> bool:
    """Return whether the stack creates a notebook instance."""
    return choice.is_true("CreateNotebook")


EXPECTATION = Expectation(
    resources={
        "Notebook": creates_notebook,
        "NotebookLifecycle": creates_notebook,
        "NotebookPolicy": lambda choice: creates_notebook(choice) and creates_role(choice),
    },
    outputs=dict.fromkeys(("NotebookInstanceName", "NotebookInstanceArn", "NotebookUrlCommand"), creates_notebook),
)
