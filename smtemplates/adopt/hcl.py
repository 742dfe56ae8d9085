"""The notation of Terraform: write its texts, and read files of variable values.

A file of variable values contains only constants, so that no library for the whole language is necessary.

Source: https://developer.hashicorp.com/terraform/language/values/variables#variable-definitions-tfvars-files
Source: https://developer.hashicorp.com/terraform/language/expressions/strings
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from smtemplates.console.files import read
from smtemplates.errors import UsageError

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r]+|\#[^\n]*|//[^\n]*|/\*.*?\*/)
    |(?P<line>\n)
    |(?P<text>"(?:[^"\\\n]|\\.)*")
    |<<(?P<dash>-?)(?P<word>[^\W\d][\w-]*)[ \t\r]*\n(?P<heredoc>(?:[^\n]*\n)*?)[ \t]*(?P=word)(?=[ \t\r]*(?:\n|\Z))
    |(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])
    |(?P<name>[^\W\d][\w-]*)
    |(?P<mark>[=:,\[\]{}])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))|([$%])\4\{", re.DOTALL)
_TEMPLATE = re.compile(r"(?<![$%])[$%]\{")
_LETTERS = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_ESCAPED = {character: letter for letter, character in _LETTERS.items()}
_MOST_SHORT = 0xFFFF  # the largest code of an escape sequence with four digits
_OPENING = re.compile(r"([$%])\{")
_DOUBLED = r"\1\1{"
_WORDS = {"true": True, "false": False, "null": None}
_MOST_DEPTH = 50


def quoted(text: str) -> str:
    """Return a text in quotation marks, in which nothing is a template or a control character."""
    plain = "".join(map(_escaped, text))
    return f'"{_OPENING.sub(_DOUBLED, plain)}"'


def _escaped(character: str) -> str:
    if character in _ESCAPED:
        return f"\\{_ESCAPED[character]}"
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code <= _MOST_SHORT else f"\\U{code:08x}"


def read_values(path: Path) -> dict[str, Any]:
    """Return the variables of a .tfvars or .tfvars.json file.

    Raises:
        UsageError: The file cannot be read, or contains more than constants.
    """
    text = read(path).removeprefix("\ufeff")
    return _json_values(text, str(path)) if path.suffix == ".json" else parse_values(text, str(path))


def _json_values(text: str, name: str) -> dict[str, Any]:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{name} is not valid JSON.") from error
    if not isinstance(values, dict):
        raise UsageError(f"{name} does not contain an object of variables.")
    return values


def parse_values(text: str, name: str) -> dict[str, Any]:
    """Return the variables in the text of a .tfvars file; `name` is the file in messages.

    Raises:
        UsageError: The text contains more than assignments of constants.
    """
    return _Reader(text, name).variables()


class _Reader:
    """Read tokens: pairs of a kind and a value. Line breaks separate entries, but not inside brackets."""

    def __init__(self, text: str, name: str) -> None:
        self.text, self.name = text, name
        self.tokens = self._tokens()
        self.kind: str = ""
        self.value: Any = None
        self.line = 1
        self.advance()

    def error(self, reason: str) -> UsageError:
        return UsageError(
            f"{self.name}:{self.line}: {reason}. A file of variable values contains only assignments of constants, "
            'such as project_name = "churn".'
        )

    def _tokens(self) -> Iterator[tuple[str, Any]]:
        place = 0
        while place < len(self.text):
            found = _TOKEN.match(self.text, place)
            if not found:
                raise self.error("this is not a constant")
            kind = found.lastgroup or ""
            if kind == "text":
                yield "value", self.unescaped(found["text"][1:-1])
            elif kind == "heredoc":
                yield "value", _heredoc(found["heredoc"], indented=bool(found["dash"]))
            elif kind == "number":
                yield "value", _number(found["number"])
            elif kind != "space":
                yield kind, found[0]
            self.line += found[0].count("\n")
            place = found.end()
        yield "end", None

    def unescaped(self, text: str) -> str:
        if _TEMPLATE.search(text):
            raise self.error("a text contains a template, which is not a constant")

        def plain(found: re.Match[str]) -> str:
            code = found[1] or found[2]
            if code:
                return self._character(int(code, 16))
            if found[4]:
                return f"{found[4]}{{"
            if found[3] not in _LETTERS:
                raise self.error("an escape sequence is not valid")
            return _LETTERS[found[3]]

        return _ESCAPE.sub(plain, text)

    def _character(self, code: int) -> str:
        try:
            character = chr(code)
            character.encode()  # half of a surrogate pair is not a character
        except (ValueError, OverflowError) as error:
            raise self.error("an escape sequence is not a character") from error
        return character

    def advance(self) -> None:
        self.kind, self.value = next(self.tokens, ("end", None))

    def skip(self, *marks: str) -> None:
        while self.kind == "line" or (self.kind == "mark" and self.value in marks):
            self.advance()

    def variables(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        self.skip()
        while self.kind != "end":
            key = self.key("=")
            if key in found:
                raise self.error(f"the variable {key} has two values")
            found[key] = self.constant(0)
            if self.kind not in ("line", "end"):
                raise self.error("a line contains more than one assignment")
            self.skip()
        return found

    def key(self, marks: str) -> str:
        if self.kind not in ("name", "value"):
            raise self.error("a name is missing")
        key = str(self.value)
        self.advance()
        if self.kind != "mark" or self.value not in marks:
            raise self.error("an equals sign is missing")
        self.advance()
        return key

    def constant(self, depth: int) -> Any:
        if depth > _MOST_DEPTH:
            raise self.error("values are nested too deeply")
        kind, value = self.kind, self.value
        if kind == "value" or (kind == "name" and value in _WORDS):
            self.advance()
            return value if kind == "value" else _WORDS[value]
        if kind == "mark" and value in ("[", "{"):
            self.advance()
            return self._list(depth) if value == "[" else self._object(depth)
        raise self.error("this is not a constant")

    def _list(self, depth: int) -> list[Any]:
        found: list[Any] = []
        self._entries("]", lambda: found.append(self.constant(depth + 1)))
        return found

    def _object(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}

        def entry() -> None:
            key = self.key("=:")
            found[key] = self.constant(depth + 1)

        self._entries("}", entry)
        return found

    def _entries(self, end: str, entry: Callable[[], None]) -> None:
        self.skip()
        while (self.kind, self.value) != ("mark", end):
            entry()
            if (self.kind, self.value) != ("mark", end) and self.kind != "line" and self.value != ",":
                raise self.error(f"{end} is missing")
            self.skip(",")
        self.advance()


def _number(text: str) -> int | float:
    return int(text) if re.fullmatch(r"-?\d{1,18}", text) else float(text)


def _heredoc(text: str, *, indented: bool) -> str:
    lines = text.split("\n")[:-1]
    if indented:
        margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
        lines = [line[margin:] for line in lines]
    return "".join(f"{line}\n" for line in lines)
