"""What people write: a note on an order, the name of a view. Cleaned, so that it can be shown."""

from __future__ import annotations

import unicodedata
from typing import Final

LONGEST_NOTE: Final = 2_000
LONGEST_NAME: Final = 60
_LONGEST_BLANKS: Final = 2


def clean_note(typed: str) -> str:
    """A note as it is kept, several lines perhaps; empty when nothing was written."""
    lines = unicodedata.normalize("NFC", typed).replace("\r\n", "\n").split("\n")
    kept: list[str] = []
    for line in (_printable(line).rstrip() for line in lines):
        if line or any(kept[-_LONGEST_BLANKS:]):
            kept.append(line)
    return "\n".join(kept).strip()[:LONGEST_NOTE].rstrip()


def clean_name(typed: str) -> str:
    """A name as it is kept: one line, single blanks; empty when nothing was written."""
    words = _printable(unicodedata.normalize("NFC", typed)).split()
    return " ".join(words)[:LONGEST_NAME].rstrip()


def _printable(text: str) -> str:
    """Without what cannot be seen but changes how the rest reads, such as control letters."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
