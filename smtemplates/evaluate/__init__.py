"""Evaluate CloudFormation templates offline: for one set of parameter values, or for all of them."""

from __future__ import annotations

from smtemplates.evaluate.check import check_parameters
from smtemplates.evaluate.cover import covering
from smtemplates.evaluate.limits import TooManyCombinationsError
from smtemplates.evaluate.prove import dangling, possible
from smtemplates.evaluate.references import Reference, edges, references
from smtemplates.evaluate.stack import Stack

__all__ = [
    "Reference",
    "Stack",
    "TooManyCombinationsError",
    "check_parameters",
    "covering",
    "dangling",
    "edges",
    "possible",
    "references",
]
