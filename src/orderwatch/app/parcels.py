"""On the sender's side of the door: lines of events are packed into requests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec
from msgspec import Struct

BATCH: Final = "application/cloudevents-batch+json"
SINGLE: Final = "application/cloudevents+json"
LARGEST: Final = 1024 * 1024
"""A request closes at so many bytes, however few events it holds."""


class Line(Struct, frozen=True, gc=False):
    """One event as it stands in a file; `where` is file:line, `size` what reading it took."""

    where: str
    text: bytes
    size: int = 0


class Parcel(Struct, frozen=True):
    """Lines that travel in one request. A line that is not JSON travels alone, as it is."""

    lines: Sequence[Line]
    is_json: bool = True

    @property
    def content_type(self) -> str:
        """What the request says it carries."""
        return BATCH if self.is_json else SINGLE

    @property
    def body(self) -> bytes:
        """The request's body."""
        if not self.is_json:
            return self.lines[0].text
        return b"[" + b",".join([line.text for line in self.lines]) + b"]"

    def halves(self) -> tuple[Parcel, Parcel]:
        """Two smaller ones, to find the line a server cannot take."""
        middle = len(self.lines) // 2
        return Parcel(self.lines[:middle]), Parcel(self.lines[middle:])


def pack(lines: Iterable[Line], most: int) -> Iterator[Parcel]:
    """Parcels of at most `most` lines, lazily; nothing is dropped, neighbours stay unaffected."""
    waiting: list[Line] = []
    size = 0
    for line in lines:
        if not is_json(line.text):
            yield Parcel([line], is_json=False)
            continue
        if waiting and size + len(line.text) > LARGEST:
            yield Parcel(waiting)
            waiting, size = [], 0
        waiting.append(line)
        size += len(line.text)
        if len(waiting) >= most:
            yield Parcel(waiting)
            waiting, size = [], 0
    if waiting:
        yield Parcel(waiting)


def is_json(text: bytes) -> bool:
    """Whether a line is one JSON value, in UTF-8 and not absurdly nested."""
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True
