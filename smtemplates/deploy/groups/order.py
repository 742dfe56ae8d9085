"""The order of dependency of several stacks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from smtemplates.deploy.groups.target import Target
from smtemplates.errors import UsageError


def ordered(edges: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the names so that each follows the names that it needs; otherwise their order is unchanged.

    `edges` are the needed names by name. Needed names that are not keys are ignored.

    Raises:
        UsageError: Names need each other in a cycle. The message contains the path.
    """
    done: dict[str, None] = {}
    for start in edges:
        path: list[str] = []
        waiting = [(start, iter([*edges[start]]))] if start not in done else []
        while waiting:
            name, needed = waiting[-1]
            if len(path) < len(waiting):
                path.append(name)
            following = next((one for one in needed if one in edges and one not in done), None)
            if following is None:
                done[name] = None
                waiting.pop()
                path.pop()
            elif following in path:
                raise UsageError(_cycle([*path[path.index(following) :], following]))
            else:
                waiting.append((following, iter([*edges[following]])))
    return list(done)


def _cycle(path: list[str]) -> str:
    return (
        f"Stacks need outputs of each other in a cycle: {' -> '.join(path)}. Remove one of these dependencies from the "
        "parameters of the stacks."
    )


def needed_targets(targets: Sequence[Target]) -> dict[str, tuple[str, ...]]:
    """Return, by name, the names of the targets in the run whose outputs each target needs."""
    names = {target.name for target in targets}
    return {
        target.name: tuple(dict.fromkeys(need.target for need in target.needs.values() if need.target in names))
        for target in targets
    }


def in_order(targets: Sequence[Target]) -> list[Target]:
    """Return targets in order of dependency.

    Raises:
        UsageError: Targets need each other in a cycle.
    """
    by_name = {target.name: target for target in targets}
    return [by_name[name] for name in ordered(needed_targets(targets))]
