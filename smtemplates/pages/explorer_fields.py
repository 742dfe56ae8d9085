"""The fields of the explorer: the basic groups of parameters are open, and the others are closed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from smtemplates.aws_data.usage import USAGE
from smtemplates.core.construct import OFF, ON
from smtemplates.evaluate.parameters import FROM_STORE, is_list, is_secret
from smtemplates.pages.explorer_costs import sizes
from smtemplates.synth.declarations import entries, parameter_groups, parameter_labels

SIZES = "Sizes that the costs depend on"
MORE = "More parameters"


@dataclass(frozen=True, kw_only=True)
class Groups:
    """Parameters by the title of their group. `kept` are the parameters of the first console group."""

    switches: Mapping[str, list[str]]
    basic: Mapping[str, list[str]]
    others: Mapping[str, list[str]]
    kept: frozenset[str]


def arranged(template: Mapping[str, Any]) -> Groups:
    """Return the groups of the parameters of a template.

    Groups that consist of switches come first. The first console group is basic. A further basic group contains the
    parameters that the costs depend on.
    """
    declared, groups = entries(template, "Parameters"), parameter_groups(template)
    switches = {title: names for title, names in groups.items() if _are_switches(names, declared)}
    first = {title: names for title, names in list(groups.items())[:1] if title not in switches}
    shown = {name for names in (*switches.values(), *first.values()) for name in names}
    costly = [name for name in sizes(template) if name not in shown]
    rest = {title: [name for name in names if name not in shown | set(costly)] for title, names in groups.items()}
    return Groups(
        switches=switches,
        basic=first | ({SIZES: costly} if costly else {}),
        others={title: names for title, names in rest.items() if names},
        kept=frozenset(name for names in first.values() for name in names if len(groups) > 1),
    )


def _are_switches(names: list[str], declared: Mapping[str, Mapping[str, Any]]) -> bool:
    return all(_is_switch(declared[name]) for name in names)


def _is_switch(about: Mapping[str, Any]) -> bool:
    return {str(value) for value in about.get("AllowedValues", ())} == {ON, OFF}


def fields_of(template: Mapping[str, Any], groups: Mapping[str, list[str]], *, is_open: bool) -> str:
    """Return the HTML of groups."""
    labels = parameter_labels(template)
    return "\n".join(
        _details(
            title,
            "".join(_field(name, labels[name], template["Parameters"][name]) for name in names),
            is_open=is_open,
        )
        for title, names in groups.items()
    )


def more_fields(template: Mapping[str, Any], groups: Groups) -> str:
    """Return the HTML of a closed group with the groups that are not basic, or ''."""
    if not groups.others:
        return ""
    count = sum(map(len, groups.others.values()))
    return _details(f"{MORE} ({count})", fields_of(template, groups.others, is_open=False), is_open=False)


def _details(title: str, inside: str, *, is_open: bool) -> str:
    summary = f'<summary>{escape(title)} <span class="changed"></span></summary>'
    return f"<details{' open' if is_open else ''}>{summary}{inside}</details>"


def _field(name: str, label: str, about: Mapping[str, Any]) -> str:
    attributes = f'id="{name}" data-parameter="{name}" aria-describedby="{name}-about {name}-error"'
    default, allowed = str(about.get("Default", "")), [str(value) for value in about.get("AllowedValues", ())]
    named = f'<label for="{name}">{escape(label)}</label><code>{name}</code>'
    if _is_switch(about):
        checked = " checked" if default == ON else ""
        widget = f'<div class="named"><input type="checkbox" {attributes}{checked}>{named}</div>'
    elif allowed and not is_list(about):
        options = (f"<option{' selected' if value == default else ''}>{escape(value)}</option>" for value in allowed)
        widget = f'<div class="named">{named}</div><select {attributes}>{"".join(options)}</select>'
    else:
        text = f'value="{escape(default)}" autocomplete="off" spellcheck="false"'
        widget = f'<div class="named">{named}</div><input {attributes} {text}>'
    return (
        f'<div class="field">{widget}<small id="{name}-about">{escape(str(about.get("Description", "")))}</small>'
        f'<span class="error" id="{name}-error"></span></div>'
    )


def stays(about: Mapping[str, Any]) -> bool:
    """Return whether a specialized template always has a parameter: its value is secret, or AWS looks it up."""
    return is_secret(about) or str(about.get("Type")).startswith(FROM_STORE)


def keeps_of(template: Mapping[str, Any], groups: Groups) -> str:
    """Return the HTML of the parameters that a specialized template can keep. Some of them always remain."""
    boxes = []
    for name, about in entries(template, "Parameters").items():
        state = " checked disabled" if stays(about) else " checked" if name in groups.kept else ""
        boxes.append(f'<label><input type="checkbox" data-keep="{name}"{state}>{name}</label>')
    return "".join(boxes)


def usage_fields() -> str:
    """Return the HTML of the numbers that the costs depend on and that are not in the template."""
    return "".join(
        f'<div><label for="usage-{name}">{use.label}</label>'
        f'<input id="usage-{name}" data-usage="{name}" value="{use.default}" inputmode="numeric"></div>'
        for name, use in USAGE.items()
    )
