"""kill -9 in the middle of ingest: what a 202 promised is there, and nothing counts twice."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
import pytest
from tests.acceptance.words import OMS, event, now
from tests.book import book_of, counted_again, differences
from tests.product import REPOSITORY, Product, Tenant, eventually, processes_of
from tests.sender import Counts, lines_of, read_lines, send_beside

BATCH = 40


@pytest.fixture(scope="module")
def day(product: Product, workshop: Path) -> list[bytes]:
    """A bad day's messages, in the order of sending; repeats and broken ones among them."""
    output = workshop / "kills.ndjson"
    faults = str(REPOSITORY / "examples" / "faults" / "bad-day.yaml")
    product.run("simulate", "--orders", "200", "--seed", "3", "--faults", faults, "-o", str(output))
    return read_lines(output)


def test_killing_the_server_loses_nothing_counts_nothing_twice_and_leaves_no_process_behind(
    new_product: Callable[..., Product], day: list[bytes]
) -> None:
    product = new_product()
    alice, bob = product.tenant("alice"), product.tenant("bob")
    with sending(alice, day) as to_alice, sending(bob, day) as to_bob:
        for moment in moments(day, seed=1, times=3):
            await_taken(to_alice, moment)
            promised = {
                tenant.id: list(counts.acknowledged)
                for tenant, counts in ((alice, to_alice), (bob, to_bob))
            }
            product.kill()
            product.start()
            for tenant in (alice, bob):
                assert missing(tenant, promised[tenant.id]) == []
    assert to_alice.cut_off + to_bob.cut_off > 0
    stand_as_if_nothing_had_happened(product, day, alice, bob)
    assert processes_of(product.folder)
    product.kill()
    eventually(lambda: not processes_of(product.folder), "all of its processes are gone")


def test_killing_the_database_is_told_as_503_and_heals_by_itself(
    new_product: Callable[..., Product], day: list[bytes]
) -> None:
    product = new_product()
    alice, bob = product.tenant("alice"), product.tenant("bob")
    server = product.pid
    with sending(alice, day) as to_alice, sending(bob, day) as to_bob:
        for moment, strike in zip(
            moments(day, seed=2, times=3),
            (product.kill_database, product.kill_a_connection, product.kill_database),
            strict=True,
        ):
            await_taken(to_alice, moment)
            strike()
    assert product.pid == server
    statuses = to_alice.statuses + to_bob.statuses
    assert statuses[503] > 0
    assert set(statuses) <= {202, 422, 503}
    assert to_alice.without_retry_after + to_bob.without_retry_after == 0
    assert missing(alice, to_alice.acknowledged) == []
    assert missing(bob, to_bob.acknowledged) == []
    stand_as_if_nothing_had_happened(product, day, alice, bob)


def test_a_database_that_was_away_for_a_while_is_taken_up_as_soon_as_it_is_back(
    new_product: Callable[..., Product],
) -> None:
    """Away: its connections are cut and its socket is not where it was."""
    product = new_product()
    alice, bob = product.tenant("alice"), product.tenant("bob")
    folder = parse_qs(urlsplit(product.database_url).query)["host"][0]
    socket, elsewhere = Path(folder, ".s.PGSQL.5432"), Path(folder, "elsewhere")
    with product.owner() as connection:
        socket.rename(elsewhere)
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where backend_type = 'client backend' and pid <> pg_backend_pid()"
        )
    with ThreadPoolExecutor(2) as pool:
        word = event("o-1", OMS, "PENDING", now())
        answers = list(pool.map(lambda tenant: tenant.post(word), (alice, bob)))
    assert [answer.status_code for answer in answers] == [503, 503]
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in answers)
    assert httpx.get(f"{product.url}/readyz", timeout=30).status_code == 503
    assert httpx.get(f"{product.url}/healthz").status_code == 200
    elsewhere.rename(socket)
    with alice.sender() as sender:
        began = time.monotonic()
        assert sender.send(lines_of([event("o-1", OMS, "PENDING", now())])).accepted == 1
        assert time.monotonic() - began < 5
    assert bob.post(event("o-1", OMS, "PENDING", now())).status_code == 202


def test_killing_server_and_database_together_loses_nothing(
    new_product: Callable[..., Product], day: list[bytes]
) -> None:
    product = new_product()
    alice, bob = product.tenant("alice"), product.tenant("bob")
    with sending(alice, day) as to_alice, sending(bob, day):
        for moment in moments(day, seed=3, times=2):
            await_taken(to_alice, moment)
            promised = list(to_alice.acknowledged)
            product.kill_database()
            product.kill()
            product.start()
            assert missing(alice, promised) == []
    stand_as_if_nothing_had_happened(product, day, alice, bob)


def test_a_server_that_is_asked_to_stop_keeps_what_it_promised_and_leaves_nothing_running(
    new_product: Callable[..., Product], day: list[bytes]
) -> None:
    product = new_product()
    alice = product.tenant("alice")
    with sending(alice, day) as counts:
        for moment in moments(day, seed=4, times=1):
            await_taken(counts, moment)
            promised = list(counts.acknowledged)
            assert product.stop() == 0
            assert processes_of(product.folder) == []
            product.start()
            assert missing(alice, promised) == []
    assert counts.taken + counts.rejected == len(day)


@contextmanager
def sending(tenant: Tenant, lines: list[bytes]) -> Iterator[Counts]:
    """Send all lines over several connections while the block does its worst; wait for the rest."""
    counts = Counts()
    batches = [lines[start : start + BATCH] for start in range(0, len(lines), BATCH)]
    with ThreadPoolExecutor(1) as pool:
        work: Future[Counts] = pool.submit(send_beside, tenant.sender, batches, 3, counts)
        yield counts
        work.result()


def moments(lines: list[bytes], seed: int, times: int) -> list[int]:
    """After how many taken events to strike: anywhere while there is something left to lose."""
    return sorted(random.Random(seed).sample(range(BATCH, len(lines) * 3 // 4), times))


def await_taken(counts: Counts, events: int) -> None:
    eventually(lambda: counts.taken >= events, f"{events} events are taken")


def missing(tenant: Tenant, promised: list[bytes]) -> list[tuple[str, str]]:
    """Promised events that the ledger does not have, by source and id."""
    kept = set(
        tenant.rows(
            "select event->>'source', event->>'id' from events"
            " union all select event->>'source', event->>'id' from parked_events"
        )
    )
    names = (msgspec.json.decode(line) for line in promised)
    return [name for one in names if (name := (one["source"], one["id"])) not in kept]


def stand_as_if_nothing_had_happened(product: Product, day: list[bytes], *tenants: Tenant) -> None:
    """Each tenant's ledger is that of one to whom the same was told in peace."""
    calm = product.tenant("calm")
    calm.send(lines_of(day))
    book = book_of(calm)
    assert counted_again(book) == []
    assert book["orders"]
    for tenant in tenants:
        assert differences(book_of(tenant), book) == []
        assert tenant.rebuild()["changed"] == 0
