"""Ways in which a message can be broken, each as a door would meet it from a real sender."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from orderwatch.core.model import Event
from orderwatch.core.simulation.chance import Chance

Breaker = Callable[[dict[str, Any]], None]
_decode = msgspec.json.Decoder(dict[str, Any]).decode


def _without(*path: str) -> Breaker:
    def breaks(event: dict[str, Any]) -> None:
        del _inner(event, path)[path[-1]]

    return breaks


def _with(value: object, *path: str) -> Breaker:
    def breaks(event: dict[str, Any]) -> None:
        _inner(event, path)[path[-1]] = value

    return breaks


def _inner(event: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = event
    for name in path[:-1]:
        found = found[name]
    return found


_BY_FIELD: Final[dict[str, Breaker]] = {
    "missing_id": _without("id"),
    "missing_source": _without("source"),
    "missing_subject": _without("subject"),
    "missing_time": _without("time"),
    "missing_data": _without("data"),
    "missing_status": _without("data", "status"),
    "empty_status": _with("", "data", "status"),
    "status_is_a_number": _with(7, "data", "status"),
    "data_is_a_text": _with("PENDING", "data"),
    "amount_is_a_float": _with({"value": 1250.5, "currency": "THB"}, "data", "amount"),
    "amount_with_comma": _with({"value": "1,250.00", "currency": "THB"}, "data", "amount"),
    "currency_in_lower_case": _with({"value": "1250.00", "currency": "baht"}, "data", "amount"),
    "time_without_offset": _with("2026-01-05T12:00:00", "time"),
    "time_in_words": _with("yesterday noon", "time"),
    "time_is_a_number": _with(1767589200, "time"),
    "unknown_field": _with("x", "data", "store_id"),
    "unknown_delivery": _with("drone", "data", "delivery"),
    "attempt_zero": _with(0, "data", "attempt"),
    "other_version": _with("0.3", "specversion"),
    "other_type": _with("com.example.order", "type"),
    "subject_too_long": _with("2" * 101, "subject"),
}
_BY_TEXT: Final[dict[str, Callable[[bytes], bytes]]] = {
    "truncated": lambda body: body[: len(body) * 2 // 3],
    "not_json": lambda body: b"order=" + body.replace(b'"', b"'"),
    "not_utf8": lambda body: body.replace(b'"status":"', b'"status":"\xc3\x28', 1),
    "two_in_one": lambda body: body + body,
    "empty_object": lambda _: b"{}",
}
WAYS: Final = (*_BY_FIELD, *_BY_TEXT)


def broken(event: Event, rng: Chance) -> tuple[str, bytes]:
    """The way, and the message broken that way."""
    body = msgspec.json.encode(event)
    way = WAYS[int(rng.random() * len(WAYS))]
    if way in _BY_TEXT:
        return way, _BY_TEXT[way](body)
    fields = _decode(body)
    _BY_FIELD[way](fields)
    return way, msgspec.json.encode(fields)
