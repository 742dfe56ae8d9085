"""Write a page on which a template's parameters can be tried before deployment. The page works offline."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from html import escape
from string import Template
from typing import Any

from smtemplates.aws_data.consoles import CONSOLE_HOSTS
from smtemplates.aws_data.partitions import PARTITIONS
from smtemplates.core.construct import OFF, ON
from smtemplates.evaluate.check import VALUE_BYTES
from smtemplates.evaluate.parameters import is_list
from smtemplates.pages.drawing import Row, asset, drawing
from smtemplates.synth.declarations import entries, parameter_groups, parameter_labels

WORKSPACE = "workspace"
_REGION = re.compile(r"[a-z]{2,}(?:-[a-z]+)+-[0-9]")
SECTIONS = ("Parameters", "Rules", "Mappings", "Conditions")


def explore(template: Mapping[str, Any], name: str) -> str:
    """Return the page for a template in long form; `name` is its name in the deploy command that the page shows."""
    data = {
        "template": {section: entries(template, section) for section in SECTIONS}
        | {section: _conditional(entries(template, section)) for section in ("Resources", "Outputs")},
        "partitions": [(start, partition) for start, partition, _ in PARTITIONS],
        "hosts": {partition: host for partition, host in CONSOLE_HOSTS.items() if host != "none"},
        "valueBytes": VALUE_BYTES,
        "file": name,
    }
    description = str(template.get("Description", "")).rstrip(".")
    return Template(asset("explore.html")).substitute(
        title="a workspace" if name == WORKSPACE else escape(name),
        name=escape(name),
        description=f"{escape(description)}." if description else "",
        regions="".join(f'<option value="{region}">' for region in _regions(template)),
        groups="\n".join(_group(template, title, names) for title, names in parameter_groups(template).items()),
        style=asset("drawing.css"),
        drawing=drawing(_rows(template), absent="not created"),
        # only this sequence can end a script element
        data=json.dumps(data, ensure_ascii=False).replace("</", "<\\/"),
        script=asset("drawing.js") + asset("explore.js"),
    )


def _conditional(section: Mapping[str, Any]) -> dict[str, Any]:
    return {name: {key: body[key] for key in ("Type", "Condition") if key in body} for name, body in section.items()}


def _regions(template: Mapping[str, Any]) -> list[str]:
    """Return the Regions that the mappings of a template contain."""
    keys = (key for table in entries(template, "Mappings").values() for key in table)
    return list(dict.fromkeys(key for key in keys if _REGION.fullmatch(key)))


def _group(template: Mapping[str, Any], title: str, names: Iterable[str]) -> str:
    labels = parameter_labels(template)
    fields = (_field(name, labels[name], template["Parameters"][name]) for name in names)
    return f"<details open><summary>{escape(title)}</summary>{''.join(fields)}</details>"


def _field(name: str, label: str, about: Mapping[str, Any]) -> str:
    attributes = f'id="{name}" data-parameter="{name}" aria-describedby="{name}-about {name}-error"'
    default, allowed = str(about.get("Default", "")), [str(value) for value in about.get("AllowedValues", ())]
    if set(allowed) == {ON, OFF}:
        widget = f'<input type="checkbox" {attributes}{" checked" if default == ON else ""}>'
    elif allowed and not is_list(about):
        options = (f"<option{' selected' if value == default else ''}>{escape(value)}</option>" for value in allowed)
        widget = f"<select {attributes}>{''.join(options)}</select>"
    else:
        widget = f'<input {attributes} value="{escape(default)}" autocomplete="off" spellcheck="false">'
    return (
        f'<div class="named"><label for="{name}">{escape(label)}</label><code>{name}</code></div>{widget}'
        f'<small id="{name}-about">{escape(str(about.get("Description", "")))}</small>'
        f'<span class="error" id="{name}-error" aria-live="polite"></span>'
    )


def _rows(template: Mapping[str, Any]) -> dict[str, Row]:
    return {
        name: Row(type=body["Type"], mark="✓", colour="create", meaning="created")
        for name, body in entries(template, "Resources").items()
        if "Type" in body
    }
