"""The expectation of the function that creates folders and log groups."""

from __future__ import annotations

from expectations import Choice, Expectation


def creates_folders(choice: Choice) -> bool:
    """Return whether the stack creates folders."""
    return choice.is_true("CreateFolders")


def manages_log_groups(choice: Choice) -> bool:
    """Return whether the stack manages the log groups of SageMaker."""
    return choice.is_true("ManageLogGroups")


def needs_function(choice: Choice) -> bool:
    """Return whether the stack creates folders or manages log groups."""
    return creates_folders(choice) or manages_log_groups(choice)


EXPECTATION = Expectation(
    resources={
        "Folders": creates_folders,
        "LogGroups": manages_log_groups,
        **dict.fromkeys(("Initializer", "InitializerRole", "InitializerLogGroup"), needs_function),
    }
)
