"""Remember the answers to the questions about conditions that cfn-lint repeats. The findings are the same.

cfn-lint has no option for it, so two names in its modules are replaced while a template is linted. This
happens only if the source text of these modules is known, because a release can start to use more of the solver.
"""

from __future__ import annotations

import hashlib
import inspect
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from cfnlint.conditions import _utils, conditions
from cfnlint.context.conditions import _conditions
from cfnlint.version import __version__
from sympy.assumptions.cnf import EncodedCNF
from sympy.logic import inference

from smtemplates.linting.clauses import Clauses

LOG = logging.getLogger(__name__)

_PATCHED: Any = (conditions, _conditions)

# The SHA-256 of the source text of all modules in which cfn-lint creates clauses, adds clauses, and asks whether they
# can be true, in each supported release.
KNOWN = {
    _utils: {"c90520227f5307aa758e9d47b44a6119c6ebf45c47d97b50c011b82e6321028c"},
    conditions: {"01c3324093b9686a78960821d0191a886729ee39e89a16f508911b492336541a"},
    _conditions: {"da3374a8aeda5a3dc1a755dc13e8ea6c7caf5060f508f2dea5cc67b424abc260"},
}


@contextmanager
def shared_answers() -> Iterator[None]:
    """Share answers in cfn-lint, unless its modules are unknown."""
    if not is_known():
        yield
        return
    for module in _PATCHED:
        module.EncodedCNF, module.satisfiable = Clauses, _satisfiable
    try:
        yield
    finally:
        for module in _PATCHED:
            module.EncodedCNF, module.satisfiable = EncodedCNF, inference.satisfiable


@cache
def is_known() -> bool:
    """Return whether the modules of cfn-lint are known, and print a message once if they are not."""
    for module, known in KNOWN.items():
        if hashlib.sha256(_source(module).encode()).hexdigest() not in known:
            LOG.warning(
                "cfn-lint %s has a new %s, so validation takes longer. The findings are the same. A newer release of "
                "smtemplates can support it.",
                __version__,
                module.__name__,
            )
            return False
    return True


def _source(module: Any) -> str:
    try:
        return inspect.getsource(module)
    except OSError:  # only compiled modules are installed
        return ""


def _satisfiable(clauses: Any, **options: Any) -> object:
    """Return whether clauses can be true. The clauses of a template without conditions are those of SymPy."""
    solve: Any = inference.satisfiable
    return clauses.solution() if isinstance(clauses, Clauses) else solve(clauses, **options)
