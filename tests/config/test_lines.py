"""The line of a key of the configuration file, for TOML in every notation."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import tomli
from hypothesis import given, settings
from hypothesis import strategies as st

from smtemplates.config.lines import Path, lines_of, nearest_line

# Values that contain everything that looks like the start of a key, a header, a comment or the end of a value.
SCALARS = [
    "1",
    "0x1F",
    "6.02e+23",
    "true",
    "nan",
    "1979-05-27T07:32:00Z",
    "1979-05-27 07:32:00",
    '"# no comment"',
    '"a \\" = 1, [b] \\\\"',
    "'\"'",
    "'C:\\'",
    "''",
    '""',
    '"""\n[table]\nname = "x" # "" \\"" """',
    '"""\\\n   joined"""',
    "'''\n[[table]]\nname = ''\\'''",
    "'''it'''''",
    '"""two quotation marks"""""',
]
SPACES = st.sampled_from(["", " ", "\t", "  "])
BREAKS = st.sampled_from(["", " ", "\n", "\n  # a comment ] }\n", "\r\n"])
NAMES = st.text("a-_Ä. #[]='\"\\\t", max_size=6)


class Writer:
    """Write a random document. Every key contains a token that occurs nowhere else."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.tokens = (f"k{number}x" for number in itertools.count())
        self.numbers = itertools.count(100_000)

    def key(self) -> str:
        name = self.draw(NAMES) + next(self.tokens)
        if re.fullmatch(r"[A-Za-z0-9_-]+", name) and self.draw(st.booleans()):
            return name
        if "'" not in name and self.draw(st.booleans()):
            return f"'{name}'"
        return json.dumps(name, ensure_ascii=self.draw(st.booleans()))

    def dotted(self, most: int = 3) -> str:
        keys = [self.key() for _ in range(self.draw(st.integers(1, most)))]
        space = self.draw(SPACES)
        return f"{space}.{space}".join(keys)

    def pair(self, level: int) -> str:
        return f"{self.dotted()}{self.draw(SPACES)}={self.draw(SPACES)}{self.value(level)}"

    def value(self, level: int = 0) -> str:
        kind = self.draw(st.sampled_from(["scalar", "scalar", "array", "table"] if level < 3 else ["scalar"]))
        if kind == "scalar":
            return self.draw(st.sampled_from(SCALARS))
        count = self.draw(st.integers(0, 3))
        items = [self.pair(level + 1) if kind == "table" else self.item() for _ in range(count)]
        inside = f"{self.draw(BREAKS)},{self.draw(BREAKS)}".join(items)
        if items:
            inside += self.draw(BREAKS) + self.draw(st.sampled_from(["", ","]))
        inside = self.draw(BREAKS) + inside
        return f"{{{inside}{self.draw(BREAKS)}}}" if kind == "table" else f"[{inside}{self.draw(BREAKS)}]"

    def item(self) -> str:
        """Write an item of an array whose first line contains a number that occurs nowhere else."""
        number = str(next(self.numbers))
        return self.draw(st.sampled_from([number, f'"{number}"', f"[ {number}, 1]", f"{{ a = {number} }}"]))

    def document(self) -> str:
        lines = [self.pair(0) for _ in range(self.draw(st.integers(0, 3)))]
        arrays = [self.dotted() for _ in range(self.draw(st.integers(0, 2)))]
        for _ in range(self.draw(st.integers(0, 5))):
            array = self.draw(st.sampled_from(arrays)) if arrays else ""
            kind = self.draw(st.sampled_from(["table", "array", "inside"])) if array else "table"
            if kind == "table":
                lines.append(f"{self.draw(SPACES)}[{self.dotted()}] # [not.a.table]")
            elif kind == "array" or f"[[{array}]]" not in lines:
                lines.append(f"[[{array}]]")
            else:
                lines.append(f"[{array}.{self.dotted(2)}]")
            lines += [self.pair(0) for _ in range(self.draw(st.integers(0, 3)))]
            lines += self.draw(st.sampled_from([[], [""], ["# name = 1"]]))
        return "\n".join(lines) + self.draw(st.sampled_from(["", "\n"]))


@st.composite
def documents(draw: st.DrawFn) -> str:
    text = Writer(draw).document()
    return text.replace("\r\n", "\n").replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


def paths(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield the path and the value of every key and of every item."""
    for key, inside in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, key), inside
        if isinstance(inside, dict | list):
            yield from paths(inside, (*path, key))


def mark_of(key: str | int, value: Any) -> str:
    """Return the text that the line of a key or item contains, or ''."""
    if isinstance(key, str):
        return "".join(re.findall(r"k\d+x", key))
    found = re.search(r"\d{6}", str(value))
    return found[0] if found and not re.search(r"k\d+x", str(value)) else ""


@pytest.mark.slow
@settings(deadline=None, max_examples=300)
@given(documents())
def test_the_line_of_every_key_contains_the_key(text: str) -> None:
    """This holds for headers, dotted keys, quoted keys, inline tables, arrays and arrays of tables."""
    content = tomli.loads(text)
    found = lines_of(text, tomli.loads)
    assert found.keys() == {path for path, _ in paths(content)}
    written = text.split("\n")
    for path, value in paths(content):
        assert mark_of(path[-1], value) in written[found[path] - 1], (path, found[path])


TEXT = """\
# a comment
[stack.churn]
parameters.VpcId = { output = "network.VpcId", region = "eu-west-1" }
[stack.churn.tags]
team = 'x'
[stack]
[[item]]
name = 1
[[item]]
[item.inside]
regions = [
  "eu-west-1",

  "eu-west-2" ]
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("stack",), 2),
        (("stack", "churn"), 2),
        (("stack", "churn", "parameters"), 3),
        (("stack", "churn", "parameters", "VpcId", "region"), 3),
        (("stack", "churn", "tags", "team"), 5),
        (("item",), 7),
        (("item", 0, "name"), 8),
        (("item", 1), 9),
        (("item", 1, "inside", "regions", 1), 14),
    ],
)
def test_the_line_of_a_key(path: Path, line: int) -> None:
    """A table has the line of the first header or key that defines it."""
    assert lines_of(TEXT, tomli.loads)[path] == line


def test_a_missing_key_has_the_line_of_the_table_around_it() -> None:
    """A problem with a key that does not exist is reported for the nearest table around it."""
    lines = lines_of(TEXT, tomli.loads)
    assert nearest_line(lines, ("stack", "churn", "parameters", "VpcId", "account")) == 3
    assert nearest_line(lines, ("stack", "churn", "template")) == 2
    assert nearest_line(lines, ("defaults",)) == 1
