"""The expectation of the Studio domain and its user profiles."""

from __future__ import annotations

from functools import partial

from expectations import Choice, Expectation

from constructs.execution_role import creates_role


def creates_domain(choice: Choice) -> bool:
    """Return whether the stack creates a Studio domain."""
    return choice.is_true("CreateDomain")


def creates_profile(choice: Choice, place: int) -> bool:
    """Return whether the list of profiles has a name at this place."""
    names = [*choice["UserProfileNames"].split(","), "", "", "", "", ""]
    return creates_domain(choice) and names[place - 1] != ""


DOMAIN = ("Domain", "StudioSettings", "StudioLabLifecycle", "StudioCodeEditorLifecycle")
EXPECTATION = Expectation(
    resources={
        **dict.fromkeys(DOMAIN, creates_domain),
        **{f"UserProfile{place}": partial(creates_profile, place=place) for place in range(1, 6)},
        "StudioPolicy": lambda choice: creates_domain(choice) and creates_role(choice),
    },
    outputs={
        **dict.fromkeys(("DomainId", "DomainArn", "DomainUrl"), creates_domain),
        # Presigned URLs work only with IAM.
        "StudioUrlCommand": lambda choice: creates_domain(choice) and choice["DomainAuthMode"] == "IAM",
    },
)
