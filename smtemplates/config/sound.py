"""Leave out the parts of a configuration file that have problems, so that the rest can be checked too."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from smtemplates.config.lines import Path
from smtemplates.config.schema import definition, schema
from smtemplates.errors import nearest

# A value that nothing checks: it replaces a value that has a problem, so that the name of the parameter is checked.
UNCHECKED = {"env": ""}
# The keys of a template that do not affect its parameters.
SEPARATE = ("description", "policy")


@dataclass(frozen=True, kw_only=True)
class Sound:
    """The content of a file without the parts that have problems.

    `templates` are all templates. Those in `incomplete` cannot be built: they lack a part, or only their names are
    known. Stacks whose template is not known are left out, and then `has_all_stacks` is False.
    """

    output: str | None
    project: str | None
    templates: Mapping[str, Mapping[str, Any]]
    incomplete: frozenset[str]
    defaults: Mapping[str, Any]
    stacks: Mapping[str, Mapping[str, Any]]
    has_all_stacks: bool


def sound_parts(content: Mapping[str, Any], wrong: Collection[Path]) -> Sound:
    """Return the content of a file without the parts at these paths."""
    defaults = content.get("defaults", {})
    inherited = _sound_stack(_table(defaults), _below(("defaults",), wrong))
    unknown = [_table(content[str(path[0])]) for path in wrong if path[0] not in schema()["properties"]]
    # [default] can be meant as [defaults]
    is_known = _template_is_known(defaults, _below(("defaults",), wrong)) and all(
        "template" not in one for one in unknown
    )
    stacks = {}
    for name, table in _table(content.get("stack")).items():
        inside = _below(("stack", name), wrong)
        if _template_is_known(table, inside) and (is_known or "template" in table):
            stacks[name] = _sound_stack(table, inside)
    return Sound(
        output=_text(content, "output", wrong),
        project=_text(content, "project", wrong),
        templates={
            name: {key: value for key, value in _table(table).items() if not _is_wrong(("template", name, key), wrong)}
            for name, table in _table(content.get("template")).items()
        },
        # the names in a table such as [templates.company] too, because stacks can refer to them
        incomplete=frozenset([*_incomplete(wrong), *(name for one in unknown for name in one)]),
        defaults=inherited,
        stacks=stacks,
        has_all_stacks=not unknown and len(stacks) == len(_table(content.get("stack"))),
    )


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(content: Mapping[str, Any], key: str, wrong: Collection[Path]) -> str | None:
    return None if (key,) in wrong else content.get(key)


def _is_wrong(path: Path, wrong: Iterable[Path]) -> bool:
    """Return whether a path, or a path below it, is one of these."""
    return any(each[: len(path)] == path for each in wrong)


def _incomplete(wrong: Iterable[Path]) -> Iterator[str]:
    for path in wrong:
        if path[0] == "template" and len(path) > 1 and path[2:3] not in {(key,) for key in SEPARATE}:
            yield str(path[1])


def _below(at: Path, wrong: Iterable[Path]) -> list[Path]:
    """Return the paths below a table, without the path of the table."""
    return [path[len(at) :] for path in wrong if path[: len(at)] == at and len(path) > len(at)]


def _sound_stack(table: Mapping[str, Any], wrong: Collection[Path]) -> dict[str, Any]:
    """Return a table of a stack, or [defaults], without the keys at these paths, which begin inside the table."""
    values = _table(table.get("parameters"))
    parameters = {
        name: UNCHECKED if _is_wrong(("parameters", name), wrong) else value for name, value in values.items()
    }
    return {
        key: parameters if key == "parameters" else value
        for key, value in table.items()
        if (key == "parameters" and ("parameters",) not in wrong) or not _is_wrong((key,), wrong)
    }


def _template_is_known(table: Any, wrong: Collection[Path]) -> bool:
    """Return whether the key template of a table is right, or missing and no unknown key can be meant as template."""
    if not isinstance(table, dict):
        return False
    if "template" in table:
        return ("template",) not in wrong
    known = definition(schema()["$defs"]["stack"])["properties"]
    return not any(_may_mean_template(str(path[0]), known) for path in wrong)


def _may_mean_template(key: str, known: Collection[str]) -> bool:
    """Return whether no other known key is nearer to an unknown key than template."""
    return key not in known and nearest(key, known) in ("", "template")
