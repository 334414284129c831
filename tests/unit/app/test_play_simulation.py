"""Playing a simulation: messages leave when they are due, and a shut door only delays them."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime

import msgspec
import pytest
from msgspec.structs import replace

from orderwatch.app.deliver import Answer, NotDelivered, Patience, TurnedAway, Unreachable
from orderwatch.app.parcels import BATCH, Line
from orderwatch.app.play_simulation import play
from orderwatch.app.send_events import Dispatch, Road, Tally, send_events
from orderwatch.core.simulation.faults import DEMO_FAULTS
from orderwatch.core.simulation.lotus_o2o import demo_plan
from orderwatch.core.simulation.simulate import SimulatedMessage, simulate

NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += seconds
        await asyncio.sleep(0)


class Door:
    """Takes what is JSON; before that, answers with what it was told to."""

    def __init__(self, clock: Clock, *first: Answer | None) -> None:
        self.clock, self.first = clock, list(first)
        self.taken: list[tuple[float, bytes]] = []
        self.asked: list[tuple[float, int]] = []

    async def post(self, body: bytes, content_type: str) -> Answer:
        self.asked.append((self.clock.at, len(body)))
        await asyncio.sleep(0)
        if self.first:
            answer = self.first.pop(0)
            if answer is None:
                raise Unreachable("nobody is there")
            return answer
        try:
            read = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return Answer(400, b'{"title":"not JSON"}')
        items = read if content_type == BATCH else [read]
        self.taken += [(self.clock.at, msgspec.json.encode(item)) for item in items]
        return Answer(202, msgspec.json.encode({"accepted": len(items), "rejected": []}))


def road(door: Door, retry_for: float = float("inf")) -> Road:
    return Road(door, door.clock, Patience(retry_for, lambda: 0.5))


def messages(orders: int) -> list[SimulatedMessage]:
    plan = replace(demo_plan(NOW, per_minute=120), orders=orders)
    return list(simulate(plan, 1, NOW, DEMO_FAULTS))


@pytest.mark.parametrize("speed", [1.0, 60.0])
async def test_each_message_leaves_when_it_is_due_and_the_past_at_once(speed: float) -> None:
    door, tally, sent = Door(Clock()), Tally(), messages(100)
    await play(sent, road(door), NOW, tally, speed)
    due = Counter((message.send_at - NOW).total_seconds() / speed for message in sent)
    assert tally.sent == due.total()
    assert (
        sum(at == 0 for at, _ in door.asked)
        >= sum(message.send_at <= NOW for message in sent) / 500
    )
    for (at, _), early in zip(door.taken, sorted(due.elements()), strict=False):
        assert at <= max(0.0, early) + 20
    assert door.clock.at == pytest.approx(max(due), abs=0.5)


async def test_nothing_leaves_before_it_is_due() -> None:
    door, sent = Door(Clock()), messages(60)
    due: dict[bytes, float] = {}
    for message in sent:
        due.setdefault(message.body, (message.send_at - NOW).total_seconds())
    await play([m for m in sent if is_json(m.body)], road(door), NOW, Tally())
    for at, body in door.taken:
        if body in due:
            assert at >= due[body] - 0.2


def is_json(body: bytes) -> bool:
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True


async def test_a_server_that_is_away_for_minutes_loses_nothing() -> None:
    busy = Answer(503, b"", retry_after=60.0)
    door, tally, sent = Door(Clock(), None, None, busy, busy, None), Tally(), messages(50)
    await play(sent, road(door), NOW, tally)
    assert tally.sent == len(sent)
    assert tally.retries == 5
    assert len({size for _, size in door.asked[:6]}) == 1
    waits = [later[0] - earlier[0] for earlier, later in zip(door.asked, door.asked[1:6])]  # noqa: B905
    assert waits[2] >= 60
    assert waits[3] >= 60


async def test_a_key_that_is_refused_ends_the_play() -> None:
    with pytest.raises(TurnedAway, match="orderwatch key create"):
        await play(messages(5), road(Door(Clock(), Answer(401, b""))), NOW, Tally())


async def test_pauses_double_up_to_half_a_minute_and_patience_ends() -> None:
    door = Door(Clock(), *[None] * 100)
    lines = [Line("file:1", b"{}")]
    with pytest.raises(NotDelivered):
        await send_events(lines, road(door, 300), Dispatch(connections=1), Tally())
    waits = [b[0] - a[0] for a, b in zip(door.asked, door.asked[1:])]  # noqa: B905
    assert waits[0] < 0.5
    assert waits == sorted(waits)
    assert max(waits) <= 30
    assert 250 < door.clock.at <= 300


async def test_few_lines_are_read_ahead_however_long_the_file_is() -> None:
    read = most = 0
    door = Door(Clock())
    tally = Tally()

    def endless() -> object:
        nonlocal read
        for number in range(20_000):
            read += 1
            yield Line(f"file:{number}", b"{}", 3)

    def watch(_: object) -> None:
        nonlocal most
        most = max(most, read - tally.sent)

    await send_events(endless(), road(door), Dispatch(batch=100, connections=2), tally, watch)  # type: ignore[arg-type]
    assert tally.sent == 20_000
    assert most <= (2 + 4 + 3) * 100


async def test_a_file_that_breaks_off_is_told() -> None:
    def broken() -> object:
        yield Line("file:1", b"{}")
        raise OSError(5, "Input/output error", "file")

    with pytest.raises(OSError, match="Input/output error"):
        await send_events(broken(), road(Door(Clock())), Dispatch(batch=1), Tally())  # type: ignore[arg-type]
