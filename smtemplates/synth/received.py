"""Read and compare the text of templates that AWS returns.

AWS stores a template as the text that was sent, except that it returns question marks for characters outside ASCII. A
plain scalar of YAML that begins with such a character is then no longer valid YAML.

Source: https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1220
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import yaml

from smtemplates.errors import UsageError
from smtemplates.synth.loader import BYTE_ORDER_MARK, is_deep, read_yaml

_LOST = re.compile(r"[^\x00-\x3e\x40-\x7f]+")  # question marks, and the characters for which AWS returns them
_MARK = "\ufffd"


def read(text: str) -> dict[str, Any] | None:
    """Return the content of a template that AWS returned, or None if it cannot be read.

    The last of several equal keys counts.
    """
    masked = text.removeprefix(BYTE_ORDER_MARK).replace("?", _MARK)
    content = _parse(masked)
    return content if content is None or masked == text else _mapped(content, lambda part: part.replace(_MARK, "?"))


def digest(text: str) -> str:
    """Return the SHA-256 of the content of a template in hexadecimal digits.

    It is the same for the text that is sent and the text that AWS returns, and for each notation of the content:
    JSON or YAML, the order of keys, and the short or long form of functions. Several question marks in succession count
    as one, because it is not documented how many AWS returns for a character outside the Basic Multilingual Plane.
    """
    masked = _lose(text.removeprefix(BYTE_ORDER_MARK))
    content = _parse(masked)
    return _hash(masked) if content is None else digest_of(content)


def digest_of(content: Mapping[str, Any]) -> str:
    """Return the digest of each text with this content, so that a text that was written from it is not read again."""
    normal = _mapped(dict(content), _lose)
    return _hash(json.dumps(normal, sort_keys=True, separators=(",", ":"), ensure_ascii=False))


def _hash(normal: str) -> str:
    return hashlib.sha256(normal.replace(_MARK, "?").encode()).hexdigest()


def _lose(text: str) -> str:
    return text if text.isascii() and "?" not in text else _LOST.sub(_MARK, text)


def _parse(text: str) -> dict[str, Any] | None:
    """Return the content of a text in which a mark replaces question marks, which have a meaning in YAML."""
    for attempt in (text, text.replace(_MARK, "?")):
        for parse in (json.loads, read_yaml) if text.lstrip().startswith("{") else (read_yaml,):
            try:
                content = parse(attempt)
            except (ValueError, RecursionError, yaml.YAMLError, UsageError):
                continue
            if isinstance(content, dict) and not is_deep(content):
                return content
    return None


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    """Return a value with changed texts, in which `Fn::GetAtt` has one form."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_mapped(item, change) for item in value]
    if not isinstance(value, dict):
        return value
    return {change(key): _mapped(_path(item) if key == "Fn::GetAtt" else item, change) for key, item in value.items()}


def _path(value: Any) -> Any:
    """Return the resource and the attribute of `Fn::GetAtt`, which can also be one text with periods."""
    parts = [value] if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        return value
    return ".".join(parts).split(".", 1)
