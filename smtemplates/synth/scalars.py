"""Values of plain scalars that remember how they were written.

YAML parsers disagree on plain scalars such as `012`, `1e3`, `2012-10-17` or `y`. If the text that is sent contains the
same notation as the file, CloudFormation reads the same value from both.
"""

from __future__ import annotations

import re
from typing import Any

_MAX_DIGITS = 300  # Python rejects numbers with thousands of digits
_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FRACTION = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+][0-9]+)?")
_TRUE = {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"}
_FALSE = {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"}
_NULL = {"", "~", "null", "Null", "NULL"}
_UNSETTLED = re.compile(r"[-+]?\.?[0-9][0-9A-Za-z_.+-]*|[-+]?\.[A-Za-z]+|[yYnN]|=|<<")
_FIRST = frozenset("-+.0123456789yYnN=<")  # the first characters of the texts that these expressions match


class PlainText(str):
    """A text that other parsers may read as a number, a date, a boolean or a merge key."""

    __slots__ = ()


class _Whole(int):
    written: str


class _Fraction(float):
    written: str


def _as_written(number: _Whole | _Fraction, text: str) -> _Whole | _Fraction:
    number.written = text
    return number


def plain(text: str) -> Any:
    """Return the value of a plain scalar: null, a boolean, a decimal number or text."""
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if text[0] not in _FIRST:
        return text
    if len(text) <= _MAX_DIGITS and _WHOLE.fullmatch(text):
        return int(text) if str(int(text)) == text else _as_written(_Whole(text), text)
    if len(text) <= _MAX_DIGITS and _FRACTION.fullmatch(text):
        return float(text) if repr(float(text)) == text else _as_written(_Fraction(text), text)
    return PlainText(text) if _UNSETTLED.fullmatch(text) else text


def plain_key(text: str) -> str:
    """Return a plain scalar that is a key, which is always text."""
    value = plain(text)
    return value if isinstance(value, str) else PlainText(text)


def json_number(text: str) -> Any:
    """Return the value of a number in JSON. A number that is too large for Python remains text."""
    if (value := plain(text)).__class__ is not PlainText:
        return value
    number = float(text) if len(text) <= _MAX_DIGITS else float("inf")
    return value if number in (float("inf"), float("-inf")) else number


def notation(value: Any) -> str | None:
    """Return the notation in which a value was read, if it is not the notation in which the value is usually written.

    The notation of a number that Python writes in a way that YAML reads as text is also returned.
    """
    if isinstance(value, PlainText):
        return str(value)
    if isinstance(value, _Whole | _Fraction):
        return value.written
    if isinstance(value, float):
        written = repr(value)
        return {"inf": ".inf", "-inf": "-.inf", "nan": ".nan"}.get(written) or (
            written if "." in written else written.replace("e", ".0e")
        )
    return None
