"""The boundaries of the execution role: between projects, and between authors and reviewers of models."""

from __future__ import annotations

from collections.abc import Iterator

from smtemplates.core.assets import read_asset
from smtemplates.reference.markdown import block, code, prose, table
from smtemplates.templates.workspace import isolation_rules, model_approval

INTRODUCTION = (
    "With `Isolation=Account`, the default, the execution role can change, run and delete all pipelines, endpoints, "
    "models, jobs and experiments of this account and Region, also those of other teams. A changed pipeline of another "
    "team runs with the role of that team. With `Isolation=Project`, the role can change only resources that have the "
    "tags of its workspace: see [Separation of projects](#separation-of-projects). The role cannot approve model "
    "versions: see [Approval of model versions](#approval-of-model-versions).\n"
)


def separation() -> Iterator[str]:
    """Yield the boundary between projects: the denied requests, the calls that need tags, and the remaining gaps."""
    yield read_asset(__package__, "isolation.md")
    yield "These requests are denied:\n"
    yield table(
        ("Requests", "Resources", "Condition", "Reason"),
        (
            (
                _actions(row.service, row.actions),
                _resources(row),
                _condition(row),
                prose(row.reason),
            )
            for row in isolation_rules.DENIED
        ),
    )
    yield read_asset(__package__, "isolation_calls.md")


def approval() -> Iterator[str]:
    """Yield the rules for approvals, and the steps of a reviewer."""
    yield read_asset(__package__, "approval.md")
    yield "These requests of the execution role are denied:\n"
    yield table(
        ("Requests", "Condition", "Reason"),
        (
            (
                _actions(row.service, row.actions),
                "<br>".join(_test(row)) or f"below {code(model_approval.APPROVED_PREFIX)} in the model bucket",
                prose(row.reason),
            )
            for row in model_approval.DENIED
        ),
    )
    yield read_asset(__package__, "approval_steps.md")
    yield block(read_asset(__package__, "approve_version.py"), "python")


def _actions(service: str, actions: tuple[str, ...]) -> str:
    return f"{service}: {', '.join(map(code, actions))}"


def _resources(row: isolation_rules.Denied) -> str:
    named = [code(name.replace("${Workspace}", "<ProjectName>-<Environment>")) for name in row.only or row.other_than]
    return f"{'' if row.only else 'all except '}{', '.join(named)}" if named else "all"


def _condition(row: isolation_rules.Denied) -> str:
    if not row.tag:
        return "none"
    tags = " or ".join(code(f"{row.tag}/{key}") for key in row.keys)
    return f"{tags} is missing or different{', and the request does not create the resource' if row.direct else ''}"


def _test(row: model_approval.Denied) -> Iterator[str]:
    for operator, keys in row.condition.items():
        for key, values in keys.items():
            listed = [values] if isinstance(values, str) else values
            yield f"{code(key)} {operator} {', '.join(map(code, listed))}"
