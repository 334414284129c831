"""What a benchmark sends and asks: requests that are whole, calls that differ."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec

from orderwatch.core.model import Event
from orderwatch.entrypoints.cli.bench.calls import Shelf, paths
from orderwatch.entrypoints.cli.bench.load import read_requests, write_requests
from orderwatch.entrypoints.cli.bench.traffic import batches, events_of_a_day, events_of_orders

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)


def test_requests_are_read_as_they_were_written_each_with_its_length(tmp_path: Path) -> None:
    bodies = [b"[]", '["ข้าวหอมมะลิ"]'.encode()]
    assert write_requests(tmp_path / "requests", 8080, "ow_a_b", bodies) == 2
    requests = list(read_requests(tmp_path / "requests"))
    for request, body in zip(requests, bodies, strict=True):
        head, _, sent = request.partition(b"\r\n\r\n")
        assert sent == body
        assert b"Content-Length: %d" % len(body) in head
        assert b"Authorization: Bearer ow_a_b" in head
        assert head.startswith(b"POST /api/v1/events HTTP/1.1\r\n")


def test_a_day_is_cut_into_batches_without_losing_an_event() -> None:
    events = events_of_a_day(MONDAY, 20_000, 1_234)
    cut = [msgspec.json.decode(body, type=list[Event]) for body in batches(events, 500)]
    assert [len(batch) for batch in cut] == [500, 500, 234]
    assert len({event.ref for batch in cut for event in batch}) == 1_234


def test_the_day_to_be_copied_ends_before_the_next_begins() -> None:
    lives = events_of_orders(MONDAY, 250, 200, 731_000_000)
    events = [msgspec.json.decode(text, type=Event) for text in lives]
    placed = [event.time for event in events if event.data.status == "PENDING"]
    assert len({event.order_id for event in events}) == 200
    assert {event.order_id[:6] for event in events} == {"731000"}
    assert max(placed) < MONDAY + timedelta(days=1)


def test_every_call_is_drawn_anew_and_the_same_for_the_same_seed() -> None:
    shelf = Shelf([f"7310000{number}" for number in range(10, 99)], MONDAY, MONDAY + 30 * _DAY)
    assert paths(shelf, 1) == paths(shelf, 1)
    differing = [name for name, path in paths(shelf, 1).items() if path != paths(shelf, 7)[name]]
    assert {"order", "its events", "orders, one day", "series of a day"} <= set(differing)


def test_a_window_lies_within_what_there_is() -> None:
    shelf = Shelf(["7310000010"], MONDAY, MONDAY + 3 * _DAY)
    for seed in range(50):
        query = parse_qs(urlsplit(paths(shelf, seed)["orders, one day"]).query)
        begins, ends = (datetime.fromisoformat(query[name][0]) for name in ("from", "to"))
        assert ends - begins == _DAY
        assert shelf.begins <= begins
        assert ends <= shelf.ends


_DAY = timedelta(days=1)
