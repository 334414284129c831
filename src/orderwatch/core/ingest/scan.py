"""JSON text, looked at token by token: what a decoder passes over and a database cannot keep.

Linear, and without recursion, so that no nesting can harm it. Slower than the decoder by far: only
text that gives reason to is looked at this way.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from orderwatch.core.model import FieldError

NUMBER_CHARS: Final = 40
"""A longer number has more digits than any amount, counter or coordinate needs."""
SPLIT_BYTES: Final = 4 * 1024 * 1024
"""More text than this is not split by hand: it would keep everybody else waiting."""

_STRING: Final = rb'"(?:[^"\\]++|\\.)*+"'
_LONG: Final = rb"[0-9.eE+-]{%d}" % (NUMBER_CHARS + 1)
_FAR: Final = rb"[0-9.][eE][+-]?[0-9]{3}"
_TOKEN: Final = re.compile(rb"%b|[\[\]{}]|%b|%b[0-9]*+" % (_STRING, _LONG, _FAR), re.DOTALL)
_ITEM_TOKEN: Final = re.compile(rb"%b|[\[\]{},]" % _STRING, re.DOTALL)
_SURROGATE: Final = re.compile(rb"(\\[^u])|\\u[dD][89a-fA-F][0-9a-fA-F]{2}", re.DOTALL)
_FORM: Final = bytes(
    0x30 if char in b"0123456789." else 0x65 if char in b"eE" else 0x2D if char in b"+-" else 0x20
    for char in range(256)
)
"""Text, reduced to the form of its numbers: digits are 0, exponents e, signs -, all else blank."""
_SUSPECT_ESCAPES: Final = (rb"\u000", rb"\u001", rb"\n", rb"\t", rb"\r", rb"\b", rb"\f")
_SUSPECT_FORMS: Final = (b"0" * (NUMBER_CHARS // 2 - 1), b"0e000", b"0e-000")
_FARTHEST: Final = 300

_NUL: Final = "has U+0000, which cannot be stored"
_NOT_TEXT: Final = "is not valid UTF-8, or has a bad escape or half of a surrogate pair"
_TOO_LONG: Final = f"has a number of more than {NUMBER_CHARS} characters; send it as text"
_TOO_FAR: Final = "has a number beyond any range; send it as text"


def has_suspect_escape(text: bytes) -> bool:
    """Whether a string may have a control character: JSON can say one only by an escape."""
    return b"\\" in text and any(escape in text for escape in _SUSPECT_ESCAPES)


def is_suspect(text: bytes, depth: int) -> bool:
    """Whether `find_faults` might find any in text of free form, which no type describes."""
    if text.count(b"{") + text.count(b"[") > depth:
        return True
    if rb"\ud" in text or rb"\uD" in text:
        return True
    form = text.translate(_FORM)
    return any(suspect in form for suspect in _SUSPECT_FORMS)


def find_faults(text: bytes, depth: int) -> list[FieldError]:
    """Too deep nesting, numbers out of any range, and text that is not Unicode, by field."""
    faults: dict[str, FieldError] = {}
    path = _Path()
    level = 0
    for match in _TOKEN.finditer(text):
        token = match[0]
        fault = None
        if token[0] == 0x22:
            if level in (1, 2) and text[match.end() : match.end() + 20].lstrip()[:1] == b":":
                path.enter(level, token)
            fault = _string_fault(token)
        elif token in b"{[":
            level += 1
            fault = f"is nested deeper than {depth} levels" if level > depth else None
        elif token in b"}]":
            level -= 1
        else:
            fault = _number_fault(token)
        if fault is not None:
            faults.setdefault(path.field, FieldError(path.field, fault))
        if level > depth:
            break
    return list(faults.values())


class _Path:
    """The member the scan is in: `data.details`; deeper ones are not told apart."""

    def __init__(self) -> None:
        self._outer = self._inner = ""

    def enter(self, level: int, token: bytes) -> None:
        name = token[1:-1].decode("utf-8", "replace")[:100]
        self._outer, self._inner = (name, "") if level == 1 else (self._outer, name)

    @property
    def field(self) -> str:
        if self._outer == "data" and self._inner:
            return f"data.{self._inner}"
        return self._outer or "event"


def _string_fault(token: bytes) -> str | None:
    if token.isascii() and b"\\" not in token:
        return None
    try:
        value = msgspec.json.decode(token, type=str)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _NOT_TEXT
    return _NUL if "\0" in value else None


def _number_fault(token: bytes) -> str | None:
    if len(token) > NUMBER_CHARS:
        return _TOO_LONG
    exponent = int(token[2:].lstrip(b"+-"))
    return _TOO_FAR if exponent > _FARTHEST else None


def without_surrogates(text: bytes) -> bytes:
    """JSON text with each escaped surrogate replaced by another escape of the same length.

    Half a pair is within the grammar of JSON, yet no decoder takes it: to tell what is no JSON at
    all from what is JSON with such a string in it, decode this.
    """
    return _SURROGATE.sub(lambda match: match[1] or rb"\ufffd", text)


def split_array(text: bytes, most: int) -> list[bytes] | None:
    """The items of a JSON array no decoder takes; None if it is none, or longer than allowed.

    At most one more than `most` of them are looked for.
    """
    if len(text) > SPLIT_BYTES:
        return None
    items: list[bytes] = []
    level = 0
    begin = text.find(b"[") + 1
    for match in _ITEM_TOKEN.finditer(text):
        token = match[0]
        if token in b"{[":
            level += 1
        elif token in b"}]":
            level -= 1
        if level == 0 or (token == b"," and level == 1):
            items.append(text[begin : match.start()].strip())
            begin = match.end()
        if level == 0:
            return items if not text[begin:].strip() else None
        if len(items) > most:
            return items
    return None
