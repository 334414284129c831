"""Send events to a server: several requests under way, paced, until every line is judged.

Memory holds the requests under way and a few being packed, however long the files are.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from typing import Final

from msgspec import Struct

from orderwatch.app.deliver import Clock, Door, Patience, Receipt, Rejected, deliver
from orderwatch.app.parcels import Line, Parcel, pack

AHEAD: Final = 4
"""Parcels packed in advance."""


class Dispatch(Struct, frozen=True, kw_only=True):
    """How to send: lines a request, requests at once, events a second (None: all it takes)."""

    batch: int = 500
    connections: int = 4
    rate: float | None = None
    show: int = 10


class Tally(Struct):
    """What became of everything sent so far; `rejections` are the first few."""

    sent: int = 0
    accepted: int = 0
    duplicates: int = 0
    parked: int = 0
    rejected: int = 0
    retries: int = 0
    rejections: list[Rejected] = []

    def add(self, parcel: Parcel, receipt: Receipt, show: int) -> None:
        """Counts a judged parcel."""
        self.sent += len(parcel.lines)
        self.accepted += receipt.accepted
        self.duplicates += receipt.duplicates
        self.parked += receipt.parked
        self.rejected += len(receipt.rejected)
        self.retries += receipt.retries
        self.rejections += receipt.rejected[: max(0, show - len(self.rejections))]


class Road(Struct, frozen=True):
    """What sending needs: a door, a clock, and patience."""

    door: Door
    clock: Clock
    patience: Patience


async def send_events(
    lines: Iterable[Line],
    road: Road,
    dispatch: Dispatch,
    tally: Tally,
    progress: Callable[[Parcel], object] = lambda _: None,
) -> None:
    """Send every line; `tally` counts as it goes and is right when this ends or raises.

    Order is not kept: the ledger does not need it. Raises NotDelivered and TurnedAway.
    """
    supply = _Supply(pack(lines, dispatch.batch))
    pace = _Pace(road.clock, dispatch.rate)

    async def carry() -> None:
        while (parcel := await supply.next()) is not None:
            await pace.wait_for(len(parcel.lines))
            receipt = await deliver(parcel, road.door, road.clock, road.patience)
            tally.add(parcel, receipt, dispatch.show)
            progress(parcel)

    carriers = [asyncio.create_task(carry()) for _ in range(dispatch.connections)]
    try:
        await asyncio.gather(*carriers)
    finally:
        supply.close()
        for carrier in carriers:
            carrier.cancel()
        await asyncio.gather(*carriers, return_exceptions=True)


class _Supply:
    """Parcels read by a thread of its own, so that a slow pipe keeps nobody waiting.

    The thread is a daemon: one that hangs on a pipe does not keep the program from ending.
    """

    def __init__(self, parcels: Iterator[Parcel]) -> None:
        self._loop = asyncio.get_running_loop()
        self._closed = False
        self._ready: asyncio.Queue[Parcel | Exception | None] = asyncio.Queue(AHEAD)
        threading.Thread(target=self._read, args=(parcels,), daemon=True).start()

    async def next(self) -> Parcel | None:
        """The next parcel; None for everybody once there are no more."""
        parcel = await self._ready.get()
        if isinstance(parcel, Exception):
            raise parcel
        if parcel is None:
            self._ready.put_nowait(None)
        return parcel

    def close(self) -> None:
        """Nobody wants more: the reader ends with what it has in its hands."""
        self._closed = True
        while not self._ready.empty():
            self._ready.get_nowait()

    def _read(self, parcels: Iterator[Parcel]) -> None:
        try:
            for parcel in parcels:
                if not self._hand_over(parcel):
                    return
        except OSError as error:
            self._hand_over(error)
        else:
            self._hand_over(None)

    def _hand_over(self, parcel: Parcel | Exception | None) -> bool:
        """Whether somebody still wants it, once there is room."""
        if self._closed:
            return False
        putting = self._ready.put(parcel)
        try:
            asyncio.run_coroutine_threadsafe(putting, self._loop).result()
        except (RuntimeError, CancelledError):
            # The loop is gone, and with it whoever wanted to know.
            putting.close()
            return False
        return True


class _Pace:
    """Spreads events evenly over time, whoever sends them."""

    def __init__(self, clock: Clock, rate: float | None) -> None:
        self._clock, self._rate = clock, rate
        self._next = clock.now()

    async def wait_for(self, events: int) -> None:
        """Returns when so many more events may leave."""
        if self._rate is None:
            return
        now = self._clock.now()
        begin = max(self._next, now)
        self._next = begin + events / self._rate
        if begin > now:
            await self._clock.sleep(begin - now)
