"""What a condition may ask, for each thing a rule looks at: the names, their types, what they mean.

The documentation of conditions is generated from this table, and a condition that asks for anything
else is refused with the nearest name.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from msgspec import Struct

FactValue = str | float | bool
Facts = dict[str, FactValue]
"""What a condition is asked about: every name of its look; unknown is "", 0 or false."""


class FactType(StrEnum):
    """What kind of value a fact has."""

    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"


class Fact(Struct, frozen=True):
    """One name a condition may use."""

    type: FactType
    means: str


_TEXT, _NUMBER, _FLAG = FactType.TEXT, FactType.NUMBER, FactType.FLAG

_ORDER: Final = {
    "what": Fact(_TEXT, "`status` (the order itself) or `leg` (one of its legs)"),
    "class": Fact(_TEXT, "`success`, `failed` or `delayed`, as it is now"),
    "before": Fact(_TEXT, "`success`, `failed`, `waiting` or `overdue` before; empty: it is new"),
    "overdue": Fact(_FLAG, "whether it is past its deadline"),
    "system": Fact(
        _TEXT, "whose leg it is; for the order itself the system that failed it, or the OMS"
    ),
    "stage": Fact(
        _TEXT, "the stage of that system's leg: engine, payment, fulfilment, delivery ..."
    ),
    "status": Fact(_TEXT, "the native status, verbatim"),
    "reason": Fact(_TEXT, "the code of the reason the system gave"),
    "rule": Fact(_TEXT, "the rule of the verdict, as in `why`"),
    "final": Fact(_FLAG, "whether the OMS status is final"),
    "channel": Fact(_TEXT, "the order's channel"),
    "location": Fact(_TEXT, "store or warehouse"),
    "fulfilment": Fact(_TEXT, "`store`, `warehouse` or empty"),
    "delivery": Fact(_TEXT, "`express`, `scheduled` or empty"),
    "payment": Fact(_TEXT, "the payment method, where an event's details name one"),
    "amount": Fact(_NUMBER, "what the order is worth"),
    "age_s": Fact(_NUMBER, "seconds since the order was placed"),
    "late_s": Fact(_NUMBER, "seconds past the deadline, 0 when there is none"),
}
_ABOUT: Final = {
    "system": Fact(_TEXT, "the system, with `per: system`"),
    "channel": Fact(_TEXT, "the channel, with `per: channel`"),
}

FACTS: Final[dict[str, dict[str, Fact]]] = {
    "order": _ORDER,
    "deadline": _ORDER,
    "window": _ABOUT
    | {
        "total": Fact(
            _NUMBER,
            "orders active in the window (with `per: system`: legs that ended, and deadlines of "
            "legs that passed)",
        ),
        "failed": Fact(_NUMBER, "of them Failed"),
        "overdue": Fact(_NUMBER, "of them overdue"),
        "waiting": Fact(_NUMBER, "of them Delayed and not overdue"),
        "success": Fact(_NUMBER, "of them Success"),
        "trouble_share": Fact(_NUMBER, "(failed + overdue) / total, 0 to 1"),
        "success_rate": Fact(_NUMBER, "success / (success + failed), 0 to 1; 1 when nothing ended"),
        "best_rate": Fact(
            _NUMBER,
            "the highest success rate the day can still reach, if every open and every expected "
            "order succeeds",
        ),
        "goal": Fact(_NUMBER, "the book's `success_goal`"),
        "p50_s": Fact(_NUMBER, "median seconds a leg took, with `per: system`"),
        "p95_s": Fact(_NUMBER, "95th percentile of the seconds a leg took, with `per: system`"),
        "threshold_s": Fact(_NUMBER, "seconds the flow template allows the leg"),
    },
    "silence": _ABOUT
    | {
        "quiet_s": Fact(_NUMBER, "seconds since the last word, or since the last order came"),
        "expected": Fact(
            _FLAG,
            "whether anything is expected: legs wait for the system, and the flow template does "
            "not let it be quiet for so long; orders are, within the rule's `hours`",
        ),
        "waiting": Fact(_NUMBER, "how many legs wait for the system"),
    },
    "schedule": {
        "total": Fact(_NUMBER, "orders placed in the day before"),
        "success": Fact(_NUMBER, "of them Success"),
        "failed": Fact(_NUMBER, "of them Failed"),
        "overdue": Fact(_NUMBER, "of them overdue"),
        "success_rate": Fact(_NUMBER, "success / (success + failed), 0 to 1"),
        "goal": Fact(_NUMBER, "the book's `success_goal`"),
        "weekday": Fact(_NUMBER, "1 is Monday, 7 is Sunday"),
    },
    "requests": {
        "connector": Fact(_TEXT, "which polled API"),
        "total": Fact(_NUMBER, "requests in the window"),
        "errors": Fact(_NUMBER, "of them errors and time-outs"),
        "error_share": Fact(_NUMBER, "errors / total, 0 to 1"),
    },
    "mismatches": {
        "type": Fact(_TEXT, "missing, orphan, status, total, timestamp or duplicate"),
        "open": Fact(_NUMBER, "open mismatches of this type"),
        "limit": Fact(_NUMBER, "the rule's `limits` for this type"),
    },
    "season": {
        "measure": Fact(_TEXT, "`volume` or `latency`"),
        "system": Fact(_TEXT, "the system whose latency it is; empty for volume"),
        "value": Fact(_NUMBER, "orders a minute, or seconds, in the last 15 minutes"),
        "low": Fact(_NUMBER, "the lower edge of the learned band"),
        "high": Fact(_NUMBER, "the upper edge"),
        "outside": Fact(_FLAG, "whether the value is outside the band"),
        "weeks": Fact(_NUMBER, "how many earlier weeks the band was learned from"),
    },
    "incident": {
        "rule": Fact(_TEXT, "the rule whose incident it is"),
        "state": Fact(_TEXT, "`firing` or `resolved`"),
        "priority": Fact(_TEXT, "`high`, `medium` or `low`"),
        "team": Fact(_TEXT, "whose it is"),
        "orders": Fact(_NUMBER, "how many orders it touched"),
        "money": Fact(_NUMBER, "what they are worth"),
        "lasted_s": Fact(_NUMBER, "seconds from firing to resolved"),
    },
    "notice": {
        "channel": Fact(_TEXT, "the channel that failed"),
        "kind": Fact(_TEXT, "the kind of channel"),
        "attempts": Fact(_NUMBER, "how often it was tried"),
    },
}
"""By `Look`: what its condition may ask."""
