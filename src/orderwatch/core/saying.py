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


class Sentence(str):
    """An English sentence that remembers what it is made of, so that a page may say it otherwise.

    It is what a fault or refusal says, and travels as any text does.
    """

    __slots__ = ("message", "values")
    message: str
    values: dict[str, object]


def sentence(message: str, /, **values: object) -> Sentence:
    """The sentence; `sentence("There is no user %(name)s.", name=name)`."""
    said = Sentence(message % values)
    said.message, said.values = message, values
    return said
