"""The parameters of a reading call: text becomes a query that is right, or every fault at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from difflib import get_close_matches
from typing import Final

import msgspec

from orderwatch.core.model import FieldError

Pairs = Sequence[tuple[str, str]]
"""Names and values of a URL's query, decoded, in their order."""
Faults = tuple[FieldError, ...]

_PLUS_LOST: Final = re.compile(r" (?=\d\d:\d\d$)")
_STEP: Final = re.compile(r"([1-9][0-9]{0,5})([smhd])", re.ASCII)
_UNITS: Final = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
_INSTANT: Final = "must be a time with its offset, such as 2026-11-23T10:00:00+07:00 or ...Z"
_LONG_TEXT: Final = 200
_AMOUNT: Final = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,4})?", re.ASCII)


class Parameters:
    """What was asked, read name by name; `faults` grows with everything that is wrong."""

    def __init__(self, pairs: Pairs, known: Iterable[str]) -> None:
        """A parameter without a value counts as not given."""
        self.faults: list[FieldError] = []
        names = list(known)
        self._given: dict[str, str] = {}
        for name, value in pairs:
            if name not in names:
                self.fault(name[:80], _unknown(name, names))
            elif name in self._given:
                self.fault(name, "must be given once")
            elif value:
                self._given[name] = value

    def fault(self, name: str, message: str) -> None:
        """Note what is wrong with one parameter."""
        self.faults.append(FieldError(name, message))

    def text(self, name: str, most: int = _LONG_TEXT) -> str | None:
        """Any printable text."""
        value = self._given.get(name)
        if value is None:
            return None
        if len(value) > most or not value.isprintable():
            self.fault(name, f"must be at most {most} printable letters")
            return None
        return value

    def one_of(self, name: str, choices: Iterable[str]) -> str | None:
        """One of a few words."""
        value = self._given.get(name)
        words = list(choices)
        if value is None or value in words:
            return value
        self.fault(name, f"must be one of {', '.join(words)}{_meant(value, words)}")
        return None

    def flag(self, name: str) -> bool | None:
        """True or false."""
        value = self.one_of(name, ("true", "false"))
        return None if value is None else value == "true"

    def number(self, name: str, least: int, most: int) -> int | None:
        """A whole number within bounds."""
        value = self._given.get(name)
        if value is None:
            return None
        if value.isascii() and value.isdigit() and len(value) < 10 and least <= int(value) <= most:
            return int(value)
        self.fault(name, f"must be a whole number from {least} to {most}")
        return None

    def amount(self, name: str) -> Decimal | None:
        """An amount of money, as orders carry it."""
        value = self._given.get(name)
        if value is None:
            return None
        if _AMOUNT.fullmatch(value):
            return Decimal(value)
        self.fault(name, "must be an amount, such as 1250 or 99.50")
        return None

    def amounts(self) -> tuple[Decimal | None, Decimal | None]:
        """`amount_from` and `amount_to`, the one not above the other."""
        least, most = self.amount("amount_from"), self.amount("amount_to")
        if least is not None and most is not None and least > most:
            self.fault("amount_to", "must not be less than amount_from")
        return least, most

    def instant(self, name: str) -> datetime | None:
        """An RFC 3339 time with an offset. A plus that a URL turned into a space is forgiven."""
        value = self._given.get(name)
        if value is None:
            return None
        try:
            at = msgspec.convert(_PLUS_LOST.sub("+", value), datetime)
        except msgspec.ValidationError:
            at = None
        if at is None or at.tzinfo is None or not 1 < at.year < 9998:
            self.fault(name, _INSTANT)
            return None
        return at

    def window(self) -> tuple[datetime | None, datetime | None]:
        """`from` and `to`, the one before the other."""
        starts, ends = self.instant("from"), self.instant("to")
        if starts is not None and ends is not None and starts >= ends:
            self.fault("to", "must be after from")
        return starts, ends

    def step(self, name: str) -> timedelta | None:
        """Whole minutes, as `5m`, `1h` or `1d`."""
        value = self._given.get(name)
        if value is None:
            return None
        match = _STEP.fullmatch(value)
        step = int(match[1]) * _UNITS[match[2]] if match else timedelta(0)
        if not timedelta(0) < step <= timedelta(days=3660) or step % timedelta(minutes=1):
            self.fault(name, "must be whole minutes, hours or days, such as 1m, 15m, 1h or 1d")
            return None
        return step


def _unknown(name: str, names: list[str]) -> str:
    return f"is not a parameter of this call{_meant(name, names)}; there are {', '.join(names)}"


def _meant(value: str, words: list[str]) -> str:
    near = get_close_matches(value[:80].lower(), words, n=1)
    return f" (did you mean {near[0]}?)" if near else ""
