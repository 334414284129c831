"""A payload for eyes: pretty JSON by lines that know their field, or text, or bytes in hex.

What was refused may be anything: nothing here trusts it, and a huge one is cut with a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, Literal

import msgspec
from msgspec import Raw, Struct

from orderwatch.core.model import FieldError
from orderwatch.core.people.masking import Masking, mask_json

MOST_LINES: Final = 2_000
LONGEST_LINE: Final = 2_000
_WIDTH: Final = 16
_TEXT: Final = msgspec.json.Decoder(str)
_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_WHOLE: Final = ("", "event", "body")
"""Fields of errors that are about everything."""


class PayloadLine(Struct, frozen=True):
    """One line; `field` is the path of the value that begins on it, as errors name it."""

    number: int
    text: str
    field: str = ""
    faults: tuple[FieldError, ...] = ()


class Payload(Struct, frozen=True):
    """What is shown of a message. `faults` are those that no line is about.

    `hidden`: it is no JSON, so what is personal in it cannot be told from the rest.
    """

    form: Literal["json", "text", "hex", "hidden"]
    lines: tuple[PayloadLine, ...]
    faults: tuple[FieldError, ...] = ()
    size: int = 0
    cut: bool = False


def show_payload(
    payload: bytes, errors: Iterable[FieldError] = (), masking: Masking | None = None
) -> Payload:
    """The payload by lines, every error beside the line it is about."""
    form, lines = _lines(payload, masking)
    kept = lines[:MOST_LINES]
    pinned, loose = _pin(kept, tuple(errors))
    return Payload(form, pinned, loose, len(payload), len(lines) > len(kept))


def _lines(
    payload: bytes, masking: Masking | None
) -> tuple[Literal["json", "text", "hex", "hidden"], list[PayloadLine]]:
    pretty = _pretty(payload, masking)
    if pretty is not None:
        return "json", list(_json_lines(pretty))
    if masking is not None:
        return "hidden", []
    text = _readable(payload)
    if text is not None:
        split = text.splitlines() or [""]
        return "text", [PayloadLine(n, _short(one)) for n, one in enumerate(split, 1)]
    most = payload[: MOST_LINES * _WIDTH + 1]
    return "hex", [
        PayloadLine(n + 1, _hex(most[n * _WIDTH : (n + 1) * _WIDTH], n * _WIDTH))
        for n in range(-(-len(most) // _WIDTH))
    ]


def _pretty(payload: bytes, masking: Masking | None) -> str | None:
    """The JSON text spread over lines, every value as it was written; None when it is not JSON."""
    try:
        msgspec.json.decode(payload)
        text = payload if masking is None else bytes(mask_json(Raw(payload), masking))
        return msgspec.json.format(text, indent=2).decode()
    except _UNREADABLE:
        return None


def _json_lines(pretty: str) -> Iterator[PayloadLine]:
    """Each line of spread JSON holds one value's beginning or one bracket's end."""
    opened: list[tuple[str, int | None]] = []
    for number, line in enumerate(pretty.split("\n"), 1):
        said = line.strip()
        if said[:1] in ("}", "]"):
            path = opened.pop()[0] if opened else ""
            yield PayloadLine(number, _short(line), "")
            continue
        path, value = _value_of(said, opened)
        yield PayloadLine(number, _short(line), path)
        if value in ("{", "["):
            opened.append((path, 0 if value == "[" else None))


def _value_of(said: str, opened: list[tuple[str, int | None]]) -> tuple[str, str]:
    """The path of the value on a line, and the value without its comma."""
    if not opened:
        return "", said
    parent, place = opened[-1]
    if place is not None:
        opened[-1] = (parent, place + 1)
        return f"{parent}[{place}]", said.rstrip(",")
    key = _STRING.match(said)
    name = _TEXT.decode(key[0]) if key else ""
    rest = said[key.end() :].removeprefix(":").strip() if key else said
    return f"{parent}.{name}" if parent else name, rest.rstrip(",")


def _pin(
    lines: list[PayloadLine], errors: tuple[FieldError, ...]
) -> tuple[tuple[PayloadLine, ...], tuple[FieldError, ...]]:
    """Each error to its line; one about what is missing, to the object it is missing from."""
    by_field = {line.field: index for index, line in reversed([*enumerate(lines)]) if line.field}
    pinned: dict[int, list[FieldError]] = {}
    loose: list[FieldError] = []
    for error in errors:
        index = None if error.field in _WHOLE else _place(error.field, by_field)
        if index is None:
            loose.append(error)
        else:
            pinned.setdefault(index, []).append(error)
    marked = (
        msgspec.structs.replace(line, faults=tuple(pinned.get(index, ())))
        for index, line in enumerate(lines)
    )
    return tuple(marked), tuple(loose)


def _place(field: str, by_field: dict[str, int]) -> int | None:
    while field:
        if field in by_field:
            return by_field[field]
        field = field.rpartition(".")[0]
    return None


def _readable(payload: bytes) -> str | None:
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        return None
    odd = sum(not letter.isprintable() and letter not in "\t\r\n" for letter in text)
    return None if odd else text


def _hex(part: bytes, at: int) -> str:
    """`00000010  7b 22 61 22 ..  |{"a".|`."""
    shown = "".join(chr(one) if 32 <= one < 127 else "." for one in part)
    return f"{at:08x}  {part.hex(' '):<{3 * _WIDTH - 1}}  |{shown}|"


def _short(line: str) -> str:
    return line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}…"
