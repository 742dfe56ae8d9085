"""Write a page on which a template's parameters can be tried before deployment. The page works offline."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from html import escape
from pathlib import PurePath
from string import Template
from typing import Any, Literal

from smtemplates.aws_data.consoles import CONSOLE_HOSTS
from smtemplates.aws_data.monthly_costs import NOT_COUNTED, PRICES_OF, READ
from smtemplates.aws_data.network_prices import REGION
from smtemplates.aws_data.partitions import PARTITIONS
from smtemplates.evaluate.check import VALUE_BYTES
from smtemplates.pages.drawing import Row, asset, drawing
from smtemplates.pages.explorer_costs import cost_data
from smtemplates.pages.explorer_fields import arranged, fields_of, keeps_of, more_fields, stays, usage_fields
from smtemplates.pages.presets import Preset, usual_presets
from smtemplates.synth.declarations import entries

Kind = Literal["name", "file", "table"]
WORKSPACE = "workspace"
_REGION = re.compile(r"[a-z]{2,}(?:-[a-z]+)+-[0-9]")
SCRIPTS = ("drawing.js", "evaluate.js", "costs.js", "texts.js", "explore.js")
SECTIONS = ("Parameters", "Rules", "Mappings", "Conditions")


def explore(template: Mapping[str, Any], name: str, presets: Iterable[Preset] = (), *, kind: Kind = "name") -> str:
    """Return the page for a template in long form.

    `name` is its name in the commands that the page shows. `kind` says whether this is the name of a template of
    smtemplates, of a file, or of a table in the configuration file. `presets` are values to start with, in addition to
    the usual set-ups.
    """
    groups = arranged(template)
    offered = [*usual_presets(template), *presets]
    data = {
        "template": {section: entries(template, section) for section in SECTIONS}
        | {section: _conditional(entries(template, section)) for section in ("Resources", "Outputs")},
        "partitions": [(start, partition) for start, partition, _ in PARTITIONS],
        "hosts": {partition: host for partition, host in CONSOLE_HOSTS.items() if host != "none"},
        "valueBytes": VALUE_BYTES,
        "file": name,
        "kind": kind,
        "stays": [parameter for parameter, about in entries(template, "Parameters").items() if stays(about)],
        "presets": [asdict(preset) for preset in offered],
        "priceRegion": REGION,
        **cost_data(template),
    }
    description = str(template.get("Description", "")).rstrip(".")
    return Template(asset("explore.html")).substitute(
        title="a workspace" if name == WORKSPACE else escape(name),
        name=escape(PurePath(name).stem),
        description=f"{escape(description)}." if description else "",
        regions="".join(f'<option value="{region}">' for region in _regions(template)),
        presets="".join(
            f'<button type="button" data-preset="{number}">{escape(preset.name)}</button>'
            for number, preset in enumerate(offered)
        ),
        switches=fields_of(template, groups.switches, is_open=True),
        basic=fields_of(template, groups.basic, is_open=True),
        more=more_fields(template, groups),
        keeps=keeps_of(template, groups),
        usage=usage_fields(),
        prices=f"{PRICES_OF} {READ}",
        uncounted=NOT_COUNTED,
        style=asset("drawing.css") + asset("explore.css"),
        drawing=drawing(_rows(template), absent="not created", changing=True),
        # only this sequence can end a script element
        data=json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/"),
        script="".join(map(asset, SCRIPTS)),
    )


def _conditional(section: Mapping[str, Any]) -> dict[str, Any]:
    return {name: {key: body[key] for key in ("Type", "Condition") if key in body} for name, body in section.items()}


def _regions(template: Mapping[str, Any]) -> list[str]:
    """Return the Regions that the mappings of a template contain."""
    keys = (key for table in entries(template, "Mappings").values() for key in table)
    return list(dict.fromkeys(key for key in keys if _REGION.fullmatch(key)))


def _rows(template: Mapping[str, Any]) -> dict[str, Row]:
    return {
        name: Row(type=body["Type"], mark="✓", colour="create", meaning="created")
        for name, body in entries(template, "Resources").items()
        if "Type" in body
    }
