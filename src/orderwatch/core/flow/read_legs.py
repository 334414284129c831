"""The downstream part of a flow template: its legs, their words, and the order they start in."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final, Literal, get_args

from msgspec import Struct

from orderwatch.core.flow.read_threshold import UNKNOWN, read_threshold
from orderwatch.core.flow.read_words import place_of, refuse_shared_words
from orderwatch.core.flow.template import PLACED, Condition, LegRule, Threshold
from orderwatch.core.model import Delivery, Fulfilment
from orderwatch.core.yaml_fields import Fields, Problems, did_you_mean, entries
from orderwatch.core.yaml_source import Mapping, Node, Scalar

_KEYS: Final = (
    "title",
    "stage",
    "threshold",
    "silent_after",
    "required",
    "starts",
    "succeeds_when",
    "fails_when",
    "success",
    "failed",
    "in_progress",
)
_OUTCOMES: Final = ("success", "failed", "in_progress")
_CONDITIONS: Final = ("fulfilment", "delivery", "channel")

_Starts = tuple[tuple[str, ...], Literal["all", "any"]]


class Surroundings(Struct, frozen=True):
    """What a leg may refer to outside the legs."""

    oms: str
    channels: Collection[str]


def read_legs(node: Node | None, problems: Problems, around: Surroundings) -> dict[str, LegRule]:
    """Every leg by system, each after the legs it starts from."""
    read = [
        (key, Fields(value, problems, _KEYS))
        for key, value in entries(node, problems, of="system: {success: [...]}")
    ]
    legs = {key.text: _leg(key, fields, around) for key, fields in read}
    for key, fields in read:
        _check_name(key, problems, around)
        _check_starts(legs[key.text], key, fields, legs)
    return _in_order_of_starts(legs, {key.text: key for key, _ in read}, problems)


def _leg(key: Scalar, fields: Fields, around: Surroundings) -> LegRule:
    threshold = fields.need("threshold", "30 s")
    fields.need("success", "the words that end it well")
    fields.need("failed", "the words that end it badly, or []")
    words = list(_words(fields, key))
    refuse_shared_words(words, fields.problems)
    if fields.get("success") and not any(outcome == "success" for _, outcome, _ in words):
        fields.problems.add(fields.get("success") or key, "needs at least one word")
    starts, starts_on = _starts(fields)
    return LegRule(
        system=key.text,
        title=fields.text("title", default=key.text, longest=60),
        threshold=read_threshold(threshold, fields.problems, around.channels)
        if threshold
        else Threshold(UNKNOWN),
        starts=starts,
        starts_on=starts_on,
        required=_required(fields, around),
        success=fields.texts("success", longest=80),
        failed=fields.texts("failed", longest=80),
        in_progress=fields.texts("in_progress", longest=80),
        stage=fields.text("stage", longest=60),
        silent_after=fields.duration("silent_after"),
        succeeds_when=fields.text("succeeds_when", longest=400),
        fails_when=fields.text("fails_when", longest=400),
    )


def _words(fields: Fields, key: Scalar) -> Iterator[tuple[str, str, Node]]:
    for outcome in _OUTCOMES:
        listed = fields.get(outcome)
        for index, word in enumerate(fields.texts(outcome, longest=80)):
            yield word, outcome, place_of(listed, index, key)


def _starts(fields: Fields) -> _Starts:
    """The systems a leg starts from; a plain list means all of them."""
    listed = fields.get("starts")
    if not isinstance(listed, Mapping):
        return fields.texts("starts") or (PLACED,), "all"
    choice = Fields(listed, fields.problems, ("any", "all"))
    if len(listed.entries) != 1:
        fields.problems.add(listed, "write either any: [...] or all: [...]")
    return (choice.texts("any"), "any") if choice.get("any") else (choice.texts("all"), "all")


def _required(fields: Fields, around: Surroundings) -> Condition | None:
    """Which orders need the leg; None if none does until the system speaks."""
    stated = fields.get("required")
    if isinstance(stated, Mapping):
        return _condition(Fields(stated, fields.problems, _CONDITIONS), around)
    return None if fields.choice("required", ("always", "never")) == "never" else Condition()


def _condition(fields: Fields, around: Surroundings) -> Condition:
    if isinstance(fields.node, Mapping) and not fields.node.entries:
        fields.problems.add(fields.node, "is empty: write always, never or a condition")
    return Condition(
        fulfilment=fields.choice("fulfilment", get_args(Fulfilment)),
        delivery=fields.choice("delivery", get_args(Delivery)),
        channel=fields.choice("channel", around.channels),
    )


def _check_name(key: Scalar, problems: Problems, around: Surroundings) -> None:
    if not key.text.strip() or key.text != key.text.strip() or len(key.text) > 60:
        problems.add(key, "a system is a word of 1 to 60 characters")
    elif key.text.startswith("@"):
        problems.add(key, "a system does not begin with @: that is kept for places such as @placed")
    elif key.text == around.oms:
        problems.add(key, "is the OMS itself: a leg is a system behind it")


def _check_starts(leg: LegRule, key: Scalar, fields: Fields, legs: dict[str, LegRule]) -> None:
    listed = fields.get("starts")
    if isinstance(listed, Mapping):
        listed = listed.entries.get(leg.starts_on)
    for index, name in enumerate(leg.starts):
        at = place_of(listed, index, key)
        if name != PLACED and name not in legs:
            known = (PLACED, *legs)
            fields.problems.add(at, f"no leg {name}: {did_you_mean(name, known)}")
        elif name == PLACED and len(leg.starts) > 1:
            fields.problems.add(at, f"{PLACED} is always first: remove it, or the others")
    if not leg.starts:
        fields.problems.add(listed or key, f"is empty: write [{PLACED}] or the legs it follows")


def _in_order_of_starts(
    legs: dict[str, LegRule], keys: dict[str, Scalar], problems: Problems
) -> dict[str, LegRule]:
    """The legs, each after those it starts from; what waits for itself is a problem."""
    ordered: dict[str, LegRule] = {}
    waiting = dict(legs)
    while waiting:
        ready = next(
            (leg for leg in waiting.values() if not any(name in waiting for name in leg.starts)),
            None,
        )
        if ready is None:
            cycle = _cycle(waiting)
            message = f"the legs wait for each other: {' -> '.join(cycle)}; break the circle"
            problems.add(keys[cycle[0]], message, f"{keys[cycle[0]].field}.starts")
            break
        ordered[ready.system] = waiting.pop(ready.system)
    return ordered | waiting


def _cycle(waiting: dict[str, LegRule]) -> list[str]:
    """One circle among legs that each wait for another of them, first leg repeated at the end."""
    path = [next(iter(waiting))]
    while (following := _first_waiting(waiting, path[-1])) not in path:
        path.append(following)
    return [*path[path.index(following) :], following]


def _first_waiting(waiting: dict[str, LegRule], system: str) -> str:
    return next(name for name in waiting[system].starts if name in waiting)
