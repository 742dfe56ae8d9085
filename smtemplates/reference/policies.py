"""Every policy of a stack as a table: who may do what to what, and when."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from smtemplates.evaluate import Stack
from smtemplates.reference.markdown import code, prose, table

_ARN = re.compile(r"arn:[a-z-]*:(?P<service>[a-z0-9-]*):(?P<region>[^:]*):(?P<account>[^:]*):(?P<what>.*)")


HEADER = ("Statement", "Who", "Actions", "On", "Only if")
WHO = HEADER.index("Who")


def policies(stack: Stack) -> Iterator[str]:
    """Write the policies of each resource that has any."""
    for name, body in stack.resources.items():
        for where, document in _documents(body["Properties"], ()):
            yield f"**{name}** ({code('.'.join(where))})\n"
            rows = [statement(given) for given in document["Statement"]]
            # who is asked only where a policy says: the others are a role's own
            shown = [column for column, cells in enumerate(zip(*rows, strict=True)) if column != WHO or any(cells)]
            yield table([HEADER[column] for column in shown], [[row[column] for column in shown] for row in rows])


def statement(given: Mapping[str, Any]) -> tuple[str, ...]:
    """Say what one statement allows or denies."""
    what = {"Allow": "", "Deny": "**denied:** "}[given["Effect"]]
    return (
        given.get("Sid", "-"),
        _principal(given.get("Principal", "")),
        what + prose(_which(given)),
        "<br>".join(map(_resource, _listed(given["Resource"]))) if "Resource" in given else "itself",
        "<br>".join(_conditions(given.get("Condition", {}))),
    )


def _documents(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    if isinstance(value, dict) and "Statement" in value:
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _documents(inner, (*path, key))
    elif isinstance(value, list):
        for inner in value:
            yield from _documents(inner, path)


def _which(given: Mapping[str, Any]) -> str:
    if "NotAction" in given:
        return f"everything but {_actions(_listed(given['NotAction']))}"
    return _actions(_listed(given["Action"]))


def _actions(names: list[str]) -> str:
    """List actions by service, each service named once."""
    split = sorted(tuple(name.partition(":")[::2]) for name in names)
    services = groupby(split, lambda pair: pair[0])
    return "; ".join(f"{service}: {', '.join(action for _, action in pairs)}" for service, pairs in services)


def _principal(given: Any) -> str:
    if not isinstance(given, dict):
        return "everybody" if given == "*" else str(given)
    return "<br>".join(_who(str(who)) for named in given.values() for who in _listed(named))


def _who(given: str) -> str:
    found = _ARN.fullmatch(given)
    return f"account {code(found['account'])}" if found and found["what"] == "root" else code(given)


def _resource(given: Any) -> str:
    """Say which resources an ARN names; what stands for any account is said, this account and Region are not."""
    if given == "*":
        return "everything"
    found = _ARN.fullmatch(str(given))
    if not found:
        return code(str(given))
    anywhere = " of any account" if found["account"] == "*" else ""
    return f"{found['service']}: {code(found['what'])}{anywhere}"


def _conditions(given: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for test, keys in given.items():
        for key, values in keys.items():
            yield f"{code(key)} {test} {', '.join(code(_plain(value)) for value in _listed(values))}"


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
