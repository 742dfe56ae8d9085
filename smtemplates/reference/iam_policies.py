"""Tables of all IAM policies, resource policies and trust policies of a stack."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from smtemplates.evaluate import Stack
from smtemplates.reference.markdown import code, prose, table

_ARN = re.compile(r"arn:[a-z-]*:(?P<service>[a-z0-9-]*):(?P<region>[^:]*):(?P<account>[^:]*):(?P<resource>.*)")


HEADER = ("Statement", "Principal", "Actions", "Resources", "Conditions")
PRINCIPAL = HEADER.index("Principal")


def policy_tables(stack: Stack) -> Iterator[str]:
    """Yield a table for each policy document of each resource."""
    for name, body in stack.resources.items():
        for path, document in policy_documents(body.get("Properties", {})):
            yield f"**{name}** ({code('.'.join(path))})\n"
            rows = [statement_row(each) for each in document["Statement"]]
            # Policies that are attached to a role have no principals, so their tables omit that column.
            filled = map(any, zip(*rows, strict=True))
            columns = [column for column, has_cells in enumerate(filled) if has_cells or column != PRINCIPAL]
            yield table([HEADER[column] for column in columns], [[row[column] for column in columns] for row in rows])


def statement_row(statement: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the cells that describe one statement."""
    effect = {"Allow": "", "Deny": "**Deny:** "}[statement["Effect"]]
    return (
        statement.get("Sid", "-"),
        _principals(statement.get("Principal", "")),
        effect + _actions(statement),
        _resources(statement),
        "<br>".join(_conditions(statement.get("Condition", {}))),
    )


def policy_documents(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Yield each policy document in a value, with its path."""
    if isinstance(value, dict) and "Statement" in value:
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from policy_documents(inner, (*path, key))
    elif isinstance(value, list):
        for inner in value:
            yield from policy_documents(inner, path)


def _actions(statement: Mapping[str, Any]) -> str:
    if "NotAction" in statement:
        return f"all actions except:<br>{_by_service(_listed(statement['NotAction']))}"
    return _by_service(_listed(statement["Action"]))


def _by_service(actions: list[str]) -> str:
    """Return actions in one line for each service."""
    split = sorted(tuple(name.partition(":")[::2]) for name in actions)
    services = groupby(split, lambda pair: pair[0])
    lines = (f"{service}: {', '.join(action for _, action in pairs)}" for service, pairs in services)
    return "<br>".join(map(prose, lines))


def _principals(principal: Any) -> str:
    if not isinstance(principal, dict):
        return "any principal" if principal == "*" else str(principal)
    return "<br>".join(_principal(str(each)) for named in principal.values() for each in _listed(named))


def _principal(name: str) -> str:
    found = _ARN.fullmatch(name)
    return f"account {code(found['account'])}" if found and found["resource"] == "root" else code(name)


def _resources(statement: Mapping[str, Any]) -> str:
    for element, words in (("Resource", ""), ("NotResource", "all resources except:<br>")):
        if element in statement:
            return words + "<br>".join(dict.fromkeys(map(_resource, _listed(statement[element]))))
    return "this resource"


def _resource(resource: Any) -> str:
    """Return a short form of an ARN: without this account and Region, but with a note if it covers all accounts."""
    if resource == "*":
        return "all resources"
    found = _ARN.fullmatch(str(resource))
    if not found:
        return code(str(resource))
    any_account = " in any account" if found["account"] == "*" else ""
    return f"{found['service']}: {code(found['resource'])}{any_account}"


def _conditions(block: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for operator, keys in block.items():
        for key, values in keys.items():
            yield f"{code(key)} {operator} {', '.join(code(_plain(value)) for value in _listed(values))}"


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
