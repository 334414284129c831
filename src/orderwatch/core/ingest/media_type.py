"""A Content-Type, taken apart: `application/json; charset=utf-8`."""

from __future__ import annotations

from email.message import Message
from typing import Final

from msgspec import Struct

_UTF8: Final = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})


class MediaType(Struct, frozen=True):
    """Type and subtype in lower case, and the charset if one was named."""

    name: str
    charset: str | None = None

    @property
    def is_utf8(self) -> bool:
        """Whether its text is UTF-8 (or plain ASCII, which is UTF-8 too)."""
        return self.charset is None or self.charset in _UTF8

    @property
    def is_json(self) -> bool:
        """Whether a body of this type is JSON."""
        return self.name in {"application/json", "text/json"} or self.name.endswith("+json")


def parse_media_type(text: str) -> MediaType:
    """Read a Content-Type; an illegible one has an empty name."""
    lowered = text.strip().lower()
    if ";" not in lowered:
        return MediaType(lowered)
    message = Message()
    message["content-type"] = lowered.replace("\r", " ").replace("\n", " ")
    charset = message.get_param("charset")
    name = lowered.partition(";")[0].strip()
    return MediaType(name, charset.strip() if isinstance(charset, str) else None)
