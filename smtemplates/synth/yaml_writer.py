"""Write YAML for CloudFormation with the same bytes on every machine.

No library guarantees this for both its C and its Python implementation.
"""

from __future__ import annotations

import json
import math
import re
import textwrap
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from smtemplates.synth.scalars import notation

LINE = 120
SHORT_LIST = 90
QUOTE = "'"
# Text that every YAML parser, of YAML 1.1 or 1.2, reads as text. All other text is quoted.
_WORDS = re.compile(r"[A-Za-z/_][A-Za-z0-9/_.*+-]*(?: [A-Za-z0-9/_.*+-]+)*")
_PHRASE = re.compile(r"[A-Za-z/^$(][^\x00-\x1f\x7f-\xa0\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]*(?<![ :])")
# Functions whose short form every parser knows. Some parsers know functions for Rules only in their long form.
# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
_SHORT = frozenset(
    f"Fn::{name}"
    for name in (
        *("And", "Base64", "Cidr", "Equals", "FindInMap", "GetAtt", "GetAZs", "If", "ImportValue"),
        *("Join", "Not", "Or", "Select", "Split", "Sub", "Transform"),
    )
)
_NOT_TEXT = {"true", "false", "yes", "no", "on", "off", "y", "n", "null"}
_ODD = r"[^\t\n\x20-\x7e\xa1-\u1fff\u2070-\ud7ff]"  # its compilation takes longer than a small template


def compact(value: dict[str, Any]) -> str:
    """Write a mapping in few bytes, with one line for each key.

    It is not one flow mapping, because a parser may read text that begins with a brace as JSON.
    """
    return "".join(f"{_flow(key)}: {_flow(item)}\n" for key, item in value.items())


def _flow(value: Any) -> str:
    """Write a value on one line."""
    if type(value) is str:  # faster than isinstance in `notation`, which is for its subclass
        return _flow_text(value)
    if (written := notation(value)) is not None:
        return written
    if isinstance(value, list):
        return f"[{','.join(map(_flow, value))}]"
    if not isinstance(value, dict):
        return json.dumps(value)
    tag, argument = _short(value)
    if tag:
        return f"{tag} {_flow(argument)}"
    return f"{{{','.join(f'{_flow(key)}: {_flow(item)}' for key, item in value.items())}}}"


@lru_cache(maxsize=4096)  # many keys and names occur hundreds of times in a template
def _flow_text(text: str) -> str:
    return text if _WORDS.fullmatch(text) and text.lower() not in _NOT_TEXT else _shorter(text)


def block(value: dict[str, Any]) -> str:
    """Write a mapping for people, with short functions, literal blocks for long text and short lists on one line."""
    return "".join(f"{line}\n" for line in _mapping(value, ""))


def _short(value: Any) -> tuple[str, Any]:
    """Return the tag and argument of an intrinsic function, or no tag: a node of YAML can have only one tag."""
    if not isinstance(value, dict) or len(value) != 1:
        return "", value
    ((name, argument),) = value.items()
    if name == "Fn::GetAtt":
        path = ".".join(argument) if isinstance(argument, list) and all(isinstance(e, str) for e in argument) else ""
        # the short form is split at its first period
        return ("!GetAtt", path) if argument == path.split(".", 1) else ("", value)
    if not isinstance(argument, str | list | dict):
        return "", value  # a scalar with a tag is text
    known = name == "Ref" or name in _SHORT or (name == "Condition" and isinstance(argument, str))
    return (f"!{name.removeprefix('Fn::')}", argument) if known and not _short(argument)[0] else ("", value)


def _mapping(value: dict[str, Any], indent: str) -> Iterator[str]:
    for key, item in value.items():
        yield from _entry(f"{indent}{_text(key)}:", item, indent)


def _entry(start: str, value: Any, indent: str) -> Iterator[str]:
    """Write the value after a key or a dash, on the same line or on the lines below."""
    tag, value = _short(value)
    start = f"{start} {tag}" if tag else start
    if isinstance(value, str):
        yield from _string(start, value, indent + "  ")
    elif not isinstance(value, dict | list) or not value or _width(value) < SHORT_LIST:
        yield f"{start} {_inline(value)}"
    elif isinstance(value, dict):
        yield start
        yield from _mapping(value, indent + "  ")
    else:
        yield start
        for item in value:
            yield from _item(item, indent)


def _item(value: Any, indent: str) -> Iterator[str]:
    """Write an item of a list; a mapping starts on the line of the dash."""
    if isinstance(value, dict) and value and not _short(value)[0]:
        first, *rest = _mapping(value, indent + "  ")
        yield f"{indent}- {first.lstrip(' ')}"
        yield from rest
    else:
        yield from _entry(f"{indent}-", value, indent + ("" if isinstance(value, str) else "  "))


def _string(start: str, text: str, indent: str) -> Iterator[str]:
    if "\n" in text and not _is_odd(text) and text[0] not in " \t\n":
        body = text.rstrip("\n")
        ending = {0: "-", 1: ""}.get(len(text) - len(body), "+")
        yield f"{start} |{ending}"
        for line in (text.removesuffix("\n") if ending == "+" else body).split("\n"):
            yield f"{indent}{line}" if line else ""
        return
    plain = _text(text)
    words = textwrap.wrap(text, LINE - len(indent), break_long_words=False, break_on_hyphens=False)
    cannot_fold = text[:1] == " " or " ".join(words) != text or _is_odd(text)  # a first space is indentation
    if len(start) + len(plain) < LINE or not words[1:] or cannot_fold:
        yield f"{start} {plain}"
        return
    yield f"{start} >-"
    yield from (f"{indent}{line}" for line in words)


def _text(text: str) -> str:
    """Write text on one line: plain if every parser reads it as text, otherwise quoted."""
    if (written := notation(text)) is not None:
        return written
    if _PHRASE.fullmatch(text) and ": " not in text and " #" not in text and text.lower() not in _NOT_TEXT:
        return text
    return _single(text) if _fits_single(text) else _double(text)


def _shorter(text: str) -> str:
    """Quote text with the quotation marks that need fewer bytes."""
    double = _double(text)
    return single if _fits_single(text) and len(single := _single(text)) < len(double) else double


def _fits_single(text: str) -> bool:
    return not _is_odd(text) and "\n" not in text and "\t" not in text


def _single(text: str) -> str:
    return f"'{text.replace(QUOTE, QUOTE * 2)}'"


def _double(text: str) -> str:
    """Quote text as JSON does, except for characters that YAML escapes differently."""
    written = json.dumps(text, ensure_ascii=False)
    return re.sub(_ODD, lambda odd: f"\\U{ord(odd.group()):08x}", written) if _is_odd(written) else written


def _is_odd(text: str) -> bool:
    """Return whether a text has characters that must be escaped. Most texts need no regular expression for this."""
    if text.isascii():
        return not text.replace("\t", "").replace("\n", "").isprintable()
    return re.search(_ODD, text) is not None


def _inline(value: Any) -> str:
    """Write a short list or a value that is not text on one line."""
    tag, value = _short(value)
    if (written := notation(value) or "") and not tag:
        return written
    if isinstance(value, list):
        written = f"[{', '.join(map(_inline, value))}]"
    elif isinstance(value, str):
        written = value if _WORDS.fullmatch(value) and value.lower() not in _NOT_TEXT else _quoted(value)
    else:
        written = json.dumps(value)
    return f"{tag} {written}" if tag else written


def _quoted(text: str) -> str:
    written = _text(text)
    return written if written[0] in "'\"" else _single(text)


def _width(value: Any) -> float:
    """Return the characters of a value on one line; mappings and text with line breaks do not fit on any line."""
    _, value = _short(value)
    if isinstance(value, str):
        return math.inf if "\n" in value else len(value) + 6
    if isinstance(value, list):
        return sum(map(_width, value)) + 4
    return math.inf if isinstance(value, dict) and value else 6
