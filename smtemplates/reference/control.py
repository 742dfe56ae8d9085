"""A security control, which the reference lists for reviewers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Control:
    """A control: its requirement, its implementation, its test, and the part not verified in a live account.

    `rules` are the rules of scanners that verify the control, and that no stack violates.
    """

    requirement: str
    implementation: str
    test: str
    unverified: str = ""
    rules: tuple[str, ...] = ()
