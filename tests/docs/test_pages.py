"""Test pages whose content follows from the code: messages, commands, costs, and the projects that they show."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import command_reference
import cost_examples
import pytest

from docs.text import PAGES, ROOT, commands_of, leaves, options_of, parser_of, read
from smtemplates.config.check import check

PAGES_WITH_PROJECTS = ("docs/tutorial/team-of-five.md", "docs/how-to/private-network.md")
REGION = '[defaults]\nregions = ["eu-west-1"]\nstaging = { create = true }\n'
FEWEST_WORDS = 4  # of a text that must be on the page


def test_every_failure_of_the_deployer_is_on_the_page() -> None:
    """The longest constant part of the text of each failure or rejection is on the page about troubleshooting."""
    page = read("docs/troubleshooting.md").replace("\\", "")
    texts = list(failures())
    assert len(texts) > 30
    assert [text for text in texts if text not in page] == []


def failures() -> list[str]:
    """Return the longest constant part of the text of each error that the deployer raises, except for bad input."""
    found = []
    for path in sorted((ROOT / "smtemplates" / "deploy").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
                kind, text = node.exc.func, node.exc.args[0]
                if isinstance(kind, ast.Name) and kind.id.endswith("Error") and kind.id != "UsageError":
                    parts = [text] if isinstance(text, ast.Constant) else getattr(text, "values", [])
                    words = [" ".join(str(each.value).split()) for each in parts if isinstance(each, ast.Constant)]
                    found += [max(words, key=len)] if words and len(max(words, key=len).split()) >= FEWEST_WORDS else []
    return found


def test_every_command_and_option_is_on_the_page() -> None:
    """The reference of the command line has a section for each command, with all its options."""
    page = command_reference.page()
    for words in leaves(parser_of("smtemplates")):
        section = page.partition(f"\n## {words}\n")[2].partition("\n## ")[0]
        parser = parser_of("smtemplates")
        for word in words.split():
            parser = commands_of(parser)[word]
        shown = set(re.findall(r"`(--?[\w-]+)", section))
        listed = set(re.findall(r"--?[\w-]+", parser.format_help())) & options_of(parser)  # without former names
        assert listed - {"-h", "--help"} <= shown, words


def test_totals_of_the_cost_examples_are_the_sums_of_their_rows() -> None:
    """The page shows the products of the arithmetic, and their sum."""
    for table in re.findall(r"\| Item .*?\*\*\d+\.\d\d\*\* \|", cost_examples.page(), re.DOTALL):
        total = float(re.findall(r"\*\*(\d+\.\d\d)\*\* \|$", table)[0])
        rows = re.findall(r"^\| [^|]+ \| ([\d. ×]+) [^|]*\| ([\d.]+) \|$", table, re.MULTILINE)
        assert len(rows) > 3
        for factors, product in rows:
            value = 1.0
            for factor in factors.split("×"):
                value *= float(factor)
            assert round(value, 2) == pytest.approx(float(product), abs=0.005)
        assert sum(float(product) for _, product in rows) == pytest.approx(total)


def test_no_cell_of_a_table_repeats_a_line() -> None:
    """A reader sees each action, resource and condition of a row once."""
    cells = [
        cell for page in PAGES for row in re.findall(r"^\| .*$", read(page), re.MULTILINE) for cell in row.split("|")
    ]
    lines = [[line.strip() for line in cell.split("<br>")] for cell in cells if "<br>" in cell]
    assert [each for each in lines if len(set(each)) < len(each)] == []


@pytest.mark.parametrize("page", PAGES_WITH_PROJECTS)
def test_projects_on_pages_have_no_problems(page: str, tmp_path: Path) -> None:
    """The first configuration file on a page is valid, and its stacks fit their templates."""
    text = re.findall(r"^```toml\n(.*?)^```", read(page), re.MULTILINE | re.DOTALL)[0]
    file = tmp_path / "smtemplates.toml"
    file.write_text(text if "[defaults]" in text else f"{REGION}{text}", encoding="utf-8")
    check(file)
