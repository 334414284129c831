"""How core says something to a reader without knowing their language: it is handed who says it."""

from __future__ import annotations

from typing import Protocol


class Say(Protocol):
    """Says an English text in the reader's language, with values put in by name."""

    def __call__(self, message: str, /, **values: object) -> str:
        """The text; `say("allowed %(time)s", time="5 min")`. A percent sign is written twice."""
        ...


def in_english(message: str, /, **values: object) -> str:
    """The text as it is."""
    return message % values
