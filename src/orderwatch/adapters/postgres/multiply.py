"""A large ledger made of a small one: its rows again and again, days earlier, as other orders.

Folding millions of orders would take longer than measuring them. A copy is the text of the real
rows with other order ids and earlier dates in every column and every document of them, so that each
row is of the size, shape and spread that folding gives it, and all tables agree with each other.
Works as the owner of the tables.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from datetime import date, timedelta

import psycopg
from msgspec import Struct

from orderwatch.adapters.postgres.database import statements

_TABLES = ("orders", "legs", "order_refs", "counters")
_SAY_EVERY = 10.0
_DATE = re.compile(rb"20\d\d-\d\d-\d\d")
_CHUNK = 1024 * 1024
_IDENTITIES = """
insert into identities (tenant_id, identity, content, received_at)
select tenant_id, md5(identity::text || %(number)s)::uuid, content, received_at
from identities_of_one
"""
"""Of events that nobody will send again, so that any name will do."""


class Base(Struct, frozen=True):
    """The ledger to copy: one day of orders whose ids all begin with `prefix`, long settled."""

    prefix: str
    orders: int
    before: date
    """Dates from here on are not the orders' own and stay."""


class Growth(Struct, frozen=True):
    """What it shall be: so many orders; the newest of them with events, up to so many."""

    orders: int
    events: int


def multiply(url: str, base: Base, growth: Growth, say: Callable[[str], None]) -> int:
    """Grow the ledger of a database; how many of the newest copies have events.

    `say` hears how far it is.
    """
    copies = -(-growth.orders // base.orders) - 1
    texts = _texts(url, (*_TABLES, "events"))
    shift = Shift(base, texts)
    events = texts["events"].count(b"\n")
    with_events = min(copies, max(0, round(growth.events / max(events, 1)) - 1))
    _prepare(url, copies, base)
    with ThreadPoolExecutor(3) as hands:
        work = [
            hands.submit(_copy_state, url, shift, copies),
            hands.submit(_copy_passing, url, base, copies),
            hands.submit(_copy_events, url, shift, with_events),
        ]
        while (
            not shift.stopped
            and (ended := wait(work, timeout=_SAY_EVERY, return_when=FIRST_EXCEPTION)).not_done
        ):
            shift.stopped = any(one.exception() for one in ended.done)
            say(f"{shift.done} of {copies} copies")
        for one in (*ended.done, *work):  # whoever failed first says why
            one.result()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("vacuum analyze")
    return with_events


class Shift:
    """Makes the texts of copies. A text is cut once at all that differs from copy to copy."""

    def __init__(self, base: Base, texts: Mapping[str, bytes]) -> None:
        self._base = base
        self._dates = {date.fromisoformat(one.decode()) for one in _dates_in(texts.values())}
        self._dates = {one for one in self._dates if one < base.before}
        differing = b"|".join([_bytes(base.prefix), *map(_bytes, self._dates)])
        cut = re.compile(b"(" + differing + b")").split
        self._parts = {table: cut(text) for table, text in texts.items()}
        self.done = 0
        self.stopped = False

    def copy(self, table: str, number: int) -> bytes:
        """The rows of copy `number`, so many days earlier and of other orders."""
        if self.stopped:
            raise RuntimeError("the other half failed")
        instead = {_bytes(one): _bytes(one - timedelta(days=number)) for one in self._dates}
        instead[_bytes(self._base.prefix)] = _bytes(int(self._base.prefix) - number)
        parts = self._parts[table].copy()
        parts[1::2] = [instead[one] for one in parts[1::2]]
        return b"".join(parts)


def _dates_in(texts: Iterable[bytes]) -> set[bytes]:
    return {one for text in texts for one in _DATE.findall(text)}


def _bytes(value: object) -> bytes:
    return str(value).encode()


def _prepare(url: str, copies: int, base: Base) -> None:
    """Months for the events to lie in, and what is counted without a date."""
    named = statements("yardstick")
    first = base.before - timedelta(days=copies + 40)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(named["ensure_partitions"], {"first": first, "months": 24})
        connection.execute(named["arrive_when_told"])
        connection.execute(named["multiply_totals"], {"times": copies + 1})
        connection.execute(named["multiply_systems"], {"times": copies + 1})


def _texts(url: str, tables: tuple[str, ...]) -> dict[str, bytes]:
    """Every row of these tables, as COPY writes them."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(statements("yardstick")["arrive_when_told"])
        return {table: b"".join(_copied_out(connection, table)) for table in tables}


def _copied_out(connection: psycopg.Connection[tuple[object, ...]], table: str) -> Iterator[bytes]:
    with connection.cursor().copy(f"copy (table {table}) to stdout") as copy:
        yield from (bytes(block) for block in copy)


def _copy_state(url: str, shift: Shift, copies: int) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        _hurry(connection)
        for number in range(1, copies + 1):
            for table in _TABLES:
                _copy_in(connection, table, shift.copy(table, number))
            shift.done = number


def _copy_events(url: str, shift: Shift, copies: int) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        _hurry(connection)
        connection.execute("create temp table identities_of_one as select * from identities")
        for number in range(1, copies + 1):
            _copy_in(connection, "events", shift.copy("events", number))
            connection.execute(_IDENTITIES, {"number": str(number)})


def _copy_passing(url: str, base: Base, copies: int) -> None:
    """What happened in which minute; what a day leaves for the next one lies beside that one's."""
    values = {"before": base.before, "copies": copies}
    with psycopg.connect(url, autocommit=True) as connection:
        _hurry(connection)
        for table in ("happenings", "durations"):
            connection.execute(statements("yardstick")[f"multiply_{table}"], values)


def _hurry(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """These rows can be made again: nobody was promised that they last."""
    connection.execute("set timezone = 'UTC'")
    connection.execute("set synchronous_commit = off")


def _copy_in(connection: psycopg.Connection[tuple[object, ...]], table: str, text: bytes) -> None:
    with connection.cursor().copy(f"copy {table} from stdin") as copy:
        for start in range(0, len(text), _CHUNK):
            copy.write(text[start : start + _CHUNK])
