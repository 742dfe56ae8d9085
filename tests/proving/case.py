"""A case of an experiment in tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from deploying.local_aws import Aws

from proving.clouds import Answer, Fault


def _none(_aws: Aws) -> Mapping[str, Answer]:
    return {}


@dataclass(frozen=True, kw_only=True)
class Case:
    """The faults by operation, of which each alone refutes the inference, and the answers of AWS by operation."""

    faults: Mapping[str, Fault]
    answers: Callable[[Aws], Mapping[str, Answer]] = _none
