"""How the door is asked, and how its answers are read."""

from __future__ import annotations

from typing import Any

import httpx
from tests.fakes.events import BATCH, STRUCTURED, as_json, order_event

URL = "/api/v1/events"
ONE = {"Content-Type": STRUCTURED}
MANY = {"Content-Type": BATCH}
BODY = as_json(order_event())
COUNTS = ("accepted", "duplicates", "parked")


def counts(answer: httpx.Response) -> tuple[int, ...]:
    return tuple(answer.json()[name] for name in COUNTS)


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The problem document of an answer, which has all its members."""
    document = answer.json()
    assert answer.status_code == status, document
    assert answer.headers["content-type"] == "application/problem+json"
    assert document["status"] == status
    assert document["type"].startswith("urn:orderwatch:problem:")
    assert document["title"]
    assert document["detail"]
    assert isinstance(document["errors"], list)
    return document  # type: ignore[no-any-return]


def blamed(answer: httpx.Response, status: int) -> list[str]:
    return [error["field"] for error in problem(answer, status)["errors"]]
