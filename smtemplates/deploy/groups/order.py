"""The order of dependency of several stacks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from smtemplates.deploy.groups.target import Target
from smtemplates.errors import UsageError


class CycleError(UsageError):
    """Report names that need each other. `path` begins and ends with the same name."""

    def __init__(self, path: Sequence[str]) -> None:
        """Store the path, and write the message."""
        super().__init__(
            f"Stacks need outputs of each other in a cycle: {' -> '.join(path)}. Remove one of these dependencies from "
            "the parameters of the stacks."
        )
        self.path = tuple(path)


def ordered(edges: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the names so that each follows the names that it needs; otherwise their order is unchanged.

    `edges` are the needed names by name. Needed names that are not keys are ignored.

    Raises:
        CycleError: Names need each other in a cycle.
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
                raise CycleError([*path[path.index(following) :], following])
            else:
                waiting.append((following, iter([*edges[following]])))
    return list(done)


def cycle(edges: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Return the path of a cycle, which begins and ends with the same name, or () if there is none."""
    try:
        ordered(edges)
    except CycleError as error:
        return error.path
    return ()


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
        CycleError: Targets need each other in a cycle.
    """
    by_name = {target.name: target for target in targets}
    return [by_name[name] for name in ordered(needed_targets(targets))]
