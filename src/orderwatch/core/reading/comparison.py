"""A figure now beside the same figure before: how much it differs, and whether that is bad news."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, Literal

from msgspec import Struct

Good = Literal["more", "fewer", "neither"]
"""Which way is good news."""

_WORTH_SAYING: Final = Decimal("0.1")
"""A tenth of what it was: less than that is how days differ."""
_FEW: Final = 3


class Difference(Struct, frozen=True):
    """`by` is now less then; `is_worse` is said with colour, so it takes more than a few."""

    by: Decimal
    then: Decimal
    is_worse: bool


def compare(
    now: Decimal | int, then: Decimal | int, good: Good, few: Decimal | int = _FEW
) -> Difference:
    """Worse is what moved the wrong way by a tenth of what it was, and by at least `few`."""
    by = Decimal(now) - Decimal(then)
    wrong = by < 0 if good == "more" else by > 0
    far = abs(by) >= few and abs(by) >= abs(Decimal(then)) * _WORTH_SAYING
    return Difference(by, Decimal(then), good != "neither" and wrong and far)


def compare_rates(now: float | None, then: float | None) -> Difference | None:
    """Two shares in points; a point down is bad news. None while either is unknown."""
    if now is None or then is None:
        return None
    points = [round(Decimal(100 * share), 1) for share in (now, then)]
    by = points[0] - points[1]
    return Difference(by, points[1], by <= -1)
