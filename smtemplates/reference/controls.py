"""Security controls of the workspace, for the reference; whoever proves one adds it here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Control:
    """Hold one control: what it asks for, how the template answers, and which parameter or resource does."""

    asks: str
    answer: str
    where: str


CONTROLS: tuple[Control, ...] = ()
