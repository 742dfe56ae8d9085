"""Start a browser for the tests of pages, and check the accessibility of a page."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
NO_BROWSER = (
    "Chromium is not installed. To run the tests of pages, install the package of your system (Debian: chromium)."
)
QUIET = ("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run")
PHONE, DESKTOP = (420, 800), (1200, 900)
LOOKS: tuple[tuple[tuple[int, int], Literal["light", "dark"]], ...] = (
    (PHONE, "light"),
    (DESKTOP, "light"),
    (DESKTOP, "dark"),
)
AXE = Path(sys.prefix) / "npm/node_modules/axe-core/axe.min.js"
# The rules of axe-core: those of WCAG 2.2 up to level AA with its best practices, and those about colors.
# Source: https://github.com/dequelabs/axe-core/blob/develop/doc/rule-descriptions.md
CHECKED = {
    "light": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "dark": ["color-contrast", "link-in-text-block"],
}


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the Chromium of the system. Without Chromium the test is skipped. In CI it fails."""
    if CHROMIUM is None:
        assert "CI" not in os.environ, NO_BROWSER
        pytest.skip(NO_BROWSER)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", *QUIET])
        yield browser
        browser.close()


def accessibility_findings(page: Page) -> list[str]:
    """Return the findings of axe-core on a page in its present state: on a phone and on a desktop, light and dark.

    A finding is one line, such as "color-contrast: #verdict: Element has insufficient contrast (1200 px, dark)". The
    page keeps its state. It is light and has the width of a desktop afterwards. In dark, only colors are checked, on
    a desktop.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    findings: dict[str, list[str]] = {}
    for (width, height), scheme in LOOKS:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        found = page.evaluate("runOnly => axe.run({ runOnly, preload: false })", CHECKED[scheme])
        for line in _lines(found["violations"]):
            findings.setdefault(line, []).append(f"{width} px, {scheme}")
    page.emulate_media(color_scheme="light")
    return [f"{line} ({'; '.join(looks)})" for line, looks in findings.items()]


def _lines(violations: list[dict[str, Any]]) -> Iterator[str]:
    for rule in violations:
        for node in rule["nodes"]:
            fault = "; ".join(part["message"] for part in (*node["any"], *node["all"], *node["none"]))
            yield f"{rule['id']}: {' '.join(map(str, node['target']))}: {fault or rule['help']}"
