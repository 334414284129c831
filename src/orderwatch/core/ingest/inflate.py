"""Content-Encoding: gzip, undone with an end in sight: a few bytes can hold gigabytes."""

from __future__ import annotations

import zlib
from typing import Final, Literal

_GZIP: Final = 16 + zlib.MAX_WBITS
_MOST_MEMBERS: Final = 1000


def gunzip(packed: bytes, most: int) -> bytes | Literal["broken", "too_large"]:
    """The unpacked bytes, never more than `most` of them; or why there are none."""
    parts: list[bytes] = []
    room = most
    for _ in range(_MOST_MEMBERS):
        member = zlib.decompressobj(_GZIP)
        try:
            parts.append(member.decompress(packed, room + 1))
        except zlib.error:
            return "broken"
        room -= len(parts[-1])
        if room < 0:
            return "too_large"
        if not member.eof:
            return "broken"
        packed = member.unused_data
        if not packed:
            return b"".join(parts)
    return "broken"
