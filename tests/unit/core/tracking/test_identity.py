"""Source and id name an event; what it states tells a repeat from a conflict."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from tests.story import said

from orderwatch.core.tracking.identity import content, identity

BASE: dict[str, Any] = {"system": "stock", "status": "RESERVED", "at": 0, "id": "e-1"}


def test_source_and_id_name_an_event_wherever_it_is_said() -> None:
    one = said(**BASE).event
    assert identity(one) == identity(said(**{**BASE, "order": "o-2", "at": 5}).event)
    assert identity(one) != identity(said(**BASE, source="/elsewhere").event)
    assert identity(one) != identity(said(**{**BASE, "id": "e-2"}).event)


def test_the_border_between_source_and_id_cannot_be_moved() -> None:
    one = said("stock", "RESERVED", source="/a", id="b/c").event
    assert identity(one) != identity(said("stock", "RESERVED", source="/a/b", id="c").event)


@pytest.mark.parametrize(
    "change",
    [
        {"order": "o-2"},
        {"at": 0.000001},
        {"sequence": "1"},
        {"system": "invoice", "source": "/stock"},
        {"status": "OUT_OF_STOCK"},
        {"amount": "1.00"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_states_something_else_is_another_event(change: dict[str, Any]) -> None:
    assert content(said(**BASE).event) != content(said(**{**BASE, **change}).event)


def test_a_retry_that_was_written_anew_is_the_same_statement() -> None:
    one = said(**BASE, amount="10.5")
    again = said(
        **{**BASE, "at": datetime.fromisoformat("2026-03-02T16:00:00+07:00")},
        amount="10.5000",
        details={"try": 2},
    )
    assert content(one.event) == content(again.event)
