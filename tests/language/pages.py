"""Read the texts of pages: HTML, JavaScript, style sheets, Markdown and policy files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from language.text import Text, has_words

SPOKEN_ATTRIBUTES = {"title", "alt", "placeholder", "aria-label"}
SCRIPT = re.compile(
    r"""//(?P<line>[^\n]*)|/\*(?P<block>.*?)\*/|"(?P<double>(?:[^"\\\n]|\\.)*)"|'(?P<single>(?:[^'\\\n]|\\.)*)'"""
    r"""|`(?P<template>(?:[^`\\]|\\.)*)`""",
    re.DOTALL,
)
FENCE = re.compile(r"^\s*```.*?^\s*```\s*$|<!--.*?-->", re.DOTALL | re.MULTILINE)


def script_texts(place: str, source: str) -> Iterator[Text]:
    """Yield the comments and the strings of two words or more of JavaScript."""
    for match in SCRIPT.finditer(source):
        line = source.count("\n", 0, match.start()) + 1
        if match["line"] is not None or match["block"] is not None:
            text = re.sub(r"^\s*\*", "", match["line"] or match["block"] or "", flags=re.MULTILINE)
            yield Text(f"{place}:{line}", "comment", text)
        else:
            text = re.sub(r"\$\{[^}]*\}", "X", match["double"] or match["single"] or match["template"] or "")
            text = re.sub(r"<[^>]*>", " ", text)
            if has_words(text):
                yield Text(f"{place}:{line}", "message", text)


def style_texts(place: str, source: str) -> Iterator[Text]:
    """Yield the comments of a style sheet."""
    for match in re.finditer(r"/\*(.*?)\*/", source, re.DOTALL):
        yield Text(f"{place}:{source.count(chr(10), 0, match.start()) + 1}", "comment", match[1])


class _Page(HTMLParser):
    """Collect the texts, spoken attributes, scripts and styles of a page."""

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place, self.element, self.found = place, "", list[Text]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.element = tag
        for name, value in attrs:
            if name in SPOKEN_ATTRIBUTES and value and has_words(value):
                self.found.append(Text(f"{self.place}:{self.getpos()[0]}", "prose", value))

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 the base class calls it so
        self.element = ""

    def handle_data(self, data: str) -> None:
        line = self.getpos()[0]
        if self.element == "script":
            inner: Iterator[Text] = script_texts(self.place, "\n" * (line - 1) + data)
        elif self.element == "style":
            inner = style_texts(self.place, "\n" * (line - 1) + data)
        else:
            inner = iter([Text(f"{self.place}:{line}", "prose", data)] if has_words(data, 1) else [])
        self.found.extend(inner)

    def handle_comment(self, data: str) -> None:
        self.found.append(Text(f"{self.place}:{self.getpos()[0]}", "comment", data))


def page_texts(place: str, source: str) -> Iterator[Text]:
    """Yield the texts of an HTML page or an SVG drawing."""
    page = _Page(place)
    page.feed(source)
    page.close()
    yield from page.found


def markdown_texts(place: str, source: str) -> Iterator[Text]:
    """Yield the paragraphs, items, cells and headings of Markdown; code in fences is left out."""
    blank = FENCE.sub(lambda match: "\n" * match[0].count("\n"), source)
    begin, lines = 0, list[str]()
    for number, line in enumerate([*blank.splitlines(), ""], 1):
        text = line.strip()
        starts = re.match(r"[|#>]|[-*+] |\d+\. |$", text) is not None
        if starts and lines:
            yield Text(f"{place}:{begin}", "prose", "\n".join(lines))
            lines = []
        if text.startswith("|"):
            yield from (
                Text(f"{place}:{number}", "prose", cell.strip()) for cell in text.split("|") if has_words(cell, 1)
            )
        elif text:
            begin = number if not lines else begin
            lines.append(re.sub(r"^(?:#+|>|[-*+]|\d+\.)\s*", "", text))


def guard_texts(place: str, source: str) -> Iterator[Text]:
    """Yield the comments and the messages of a policy file of CloudFormation Guard."""
    for match in re.finditer(r"<<(.*?)>>|^\s*#([^\n]*)", source, re.DOTALL | re.MULTILINE):
        line = source.count("\n", 0, match.start()) + 1
        yield Text(f"{place}:{line}", "message" if match[1] else "comment", match[1] or match[2] or "")
