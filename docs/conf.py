"""The settings of the documentation's site, which scripts/docs builds with Sphinx.

The pages are Markdown that GitHub shows as well. The theme uses the fonts of the system, and the site contains all its
scripts and style sheets.

Source: https://www.sphinx-doc.org/en/master/usage/configuration.html,
https://myst-parser.readthedocs.io/en/latest/configuration.html, https://pradyunsg.me/furo/customisation/
"""

from __future__ import annotations

import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parent.parent


def _value(file: str, name: str) -> str:
    """Return the text that a line of a file assigns to a name."""
    found = re.search(rf'^{name} = "(.+)"$', (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise ValueError(f"{file}: no line assigns {name}")
    return found[1]


REPOSITORY = _value("pyproject.toml", "Repository")

project = "smtemplates"
author = "The smtemplates maintainers"
release = version = _value("smtemplates/__init__.py", "__version__")
html_title = f"smtemplates {release}"

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_static"]
myst_heading_anchors = 4  # links to headings have the same anchors as on GitHub
myst_links_external_new_tab = False
smartquotes = False  # two hyphens begin an option

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["accessible.js"]
html_copy_source = False
html_use_index = False  # without Python objects, it would be an empty page
html_show_copyright = False
html_show_sphinx = False
html_theme_options = {
    "source_repository": REPOSITORY,
    "source_branch": "main",
    "source_directory": "docs/",
    "top_of_page_buttons": [],
    "light_css_variables": {"color-brand-primary": "#0969da", "color-brand-content": "#0969da"},
    "dark_css_variables": {"color-brand-primary": "#4493f8", "color-brand-content": "#4493f8"},
}
pygments_style = "default"
pygments_dark_style = "github-dark"

SHORT = 40  # characters of a name or an option that is not broken, so that it fits a phone


def _mark_short_code(_app: Sphinx, document: nodes.document, _page: str) -> None:
    """Mark code with short words: browsers would break them after a hyphen, as in the name of an option."""
    for code in document.findall(nodes.literal):
        if all(len(word) <= SHORT for word in code.astext().split()):
            code["classes"].append("short")


def setup(app: Sphinx) -> None:
    """Connect the changes of pages."""
    app.connect("doctree-resolved", _mark_short_code)


# The weekly check of external links: the address of the repository is not known yet, and some servers reject programs.
linkcheck_ignore = [re.escape(REPOSITORY), r"https://github\.com/OWNER/"]
linkcheck_timeout = 20
linkcheck_retries = 2
linkcheck_anchors = False  # pages of AWS and GitHub create their anchors with scripts
