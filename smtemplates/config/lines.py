"""Find the line of each key in a TOML text, because the parser returns values without their places."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Path = tuple[str | int, ...]
"""The keys to a value, from the top of the file; the number of an item in an array begins with 0."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*'""")
_STRING = re.compile(
    r"""
    "{3} (?: [^"\\] | \\. | "(?!"") )* "{3,5}  # up to two quotation marks can precede the closing three
    | '{3} (?: [^'] | '(?!'') )* '{3,5}
    | " (?: [^"\\] | \\. )* "
    | ' [^']* '
    """,
    re.DOTALL | re.VERBOSE,
)
_OTHER = re.compile(r"[^,\]}\n#]*")  # a number, a boolean or a date


def lines_of(text: str, loads: Callable[[str], Mapping[str, Any]]) -> dict[Path, int]:
    """Return the line of each key and of each item of an array in a valid TOML text; the first line is 1.

    `loads` parses a TOML text. It reads the escapes in quoted keys.

    The line of a table that several headers or dotted keys define is that of the first one.
    """
    scanner = _Scanner(text.replace("\r\n", "\n"), loads)
    scanner.document()
    return scanner.lines


def nearest_line(lines: Mapping[Path, int], path: Path) -> int:
    """Return the line of a key, or of the nearest table or array around it; 1 if there is none."""
    for end in range(len(path), 0, -1):
        if path[:end] in lines:
            return lines[path[:end]]
    return 1


@dataclass
class _Scanner:
    """Read a text from its beginning to its end. The text is valid, so this reports no errors."""

    text: str
    loads: Callable[[str], Mapping[str, Any]]
    lines: dict[Path, int] = field(default_factory=dict)
    position: int = 0
    # the number of tables in each array of tables
    counts: dict[Path, int] = field(default_factory=dict)

    def document(self) -> None:
        table: Path = ()
        self._skip(_BLANK)
        while self.position < len(self.text):
            if self.text[self.position] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)

    def _skip(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.position)
        found = match[0] if match else ""
        self.position += len(found)
        return found

    def _expect(self, characters: int = 1) -> None:
        self.position += characters

    def _note(self, path: Path) -> None:
        self.lines.setdefault(path, self.text.count("\n", 0, self.position) + 1)

    def _header(self) -> Path:
        """Read a header such as [template.company] or [[items]], and return the path of its table."""
        is_array = self.text.startswith("[[", self.position)
        self._expect(2 if is_array else 1)
        keys = self._keys()
        path: Path = ()
        for number, key in enumerate(keys, 1):
            path = (*path, key)
            self._note(path)
            if number < len(keys) and path in self.counts:
                path = (*path, self.counts[path] - 1)
        if is_array:
            self.counts[path] = self.counts.get(path, 0) + 1
            path = (*path, self.counts[path] - 1)
            self._note(path)
        self._expect(2 if is_array else 1)
        return path

    def _keys(self) -> list[str]:
        """Read a dotted key."""
        keys: list[str] = []
        while True:
            self._skip(_SPACE)
            keys += self.loads(f"{self._skip(_KEY)} = 0")
            self._skip(_SPACE)
            if not self.text.startswith(".", self.position):
                return keys
            self._expect()

    def _pair(self, table: Path) -> None:
        """Read a key with its value."""
        start = self.position
        keys = self._keys()
        end, self.position = self.position, start
        for number in range(1, len(keys) + 1):
            self._note((*table, *keys[:number]))
        self.position = end + 1  # after the equals sign
        self._value((*table, *keys))

    def _value(self, path: Path) -> None:
        self._skip(_SPACE)
        first = self.text[self.position]
        if first == "[":
            self._items(path)
        elif first == "{":
            self._inline_table(path)
        elif first in "\"'":
            self._skip(_STRING)
        else:
            self._skip(_OTHER)

    def _items(self, path: Path) -> None:
        self._expect()
        number = 0
        while not self._is_end("]"):
            self._note((*path, number))
            self._value((*path, number))
            number += 1

    def _inline_table(self, path: Path) -> None:
        self._expect()
        while not self._is_end("}"):
            self._pair(path)

    def _is_end(self, bracket: str) -> bool:
        """Skip spaces, line breaks, comments and a comma, and return whether the array or table ends here."""
        self._skip(_BLANK)
        if self.text[self.position] == ",":
            self._expect()
            self._skip(_BLANK)
        ended = self.text[self.position] == bracket
        if ended:
            self._expect()
        return ended
