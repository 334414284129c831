"""How much may be sent, and what happens to whoever sends more."""

from __future__ import annotations

import gzip
from datetime import timedelta

import httpx
import pytest
from tests.contract.door.answers import BODY, MANY, ONE, URL, blamed, counts, problem
from tests.contract.door.conftest import Place, client_of
from tests.fakes.events import as_json, order_event

from orderwatch.core.errors import Unavailable
from orderwatch.core.ingest.batch import Overloaded
from orderwatch.core.ingest.limits import Limits, Rates


async def test_a_body_may_be_so_large_and_no_larger(place: Place) -> None:
    async with place.client(Limits(body_bytes=2000)) as client:
        text = BODY + b" " * (2000 - len(BODY))
        assert (await client.post(URL, content=text, headers=ONE)).status_code == 202
        answer = await client.post(URL, content=text + b" ", headers=ONE)
        assert blamed(answer, 413) == ["body"]
        packed = ONE | {"Content-Encoding": "gzip"}
        bomb = gzip.compress(BODY + b" " * 50_000_000)
        assert blamed(await client.post(URL, content=bomb[:1999], headers=packed), 413) == ["body"]


async def test_a_gzip_body_is_unpacked(alice: httpx.AsyncClient) -> None:
    packed = ONE | {"Content-Encoding": "gzip"}
    answer = await alice.post(URL, content=gzip.compress(BODY), headers=packed)
    assert counts(answer) == (1, 0, 0)
    broken = await alice.post(URL, content=gzip.compress(BODY)[:-4], headers=packed)
    assert blamed(broken, 400) == ["body"]
    other = await alice.post(URL, content=BODY, headers=ONE | {"Content-Encoding": "br"})
    assert blamed(other, 415) == ["content-encoding"]


async def test_a_batch_may_have_so_many_events_and_no_more(place: Place) -> None:
    async with place.client(Limits(events=3)) as client:
        three = [order_event(id=str(n)) for n in range(3)]
        assert (await client.post(URL, content=as_json(three), headers=MANY)).status_code == 202
        answer = await client.post(URL, content=as_json([*three, 4]), headers=MANY)
        assert blamed(answer, 413) == ["body"]


async def test_one_event_may_be_so_large_and_no_larger(place: Place) -> None:
    async with place.client(Limits(event_bytes=2000)) as client:
        large = order_event(id="large", data__details={"x": "y" * 2000})
        alone = await client.post(URL, content=as_json(large), headers=ONE)
        assert blamed(alone, 413) == ["event"]
        both = await client.post(URL, content=as_json([large, order_event()]), headers=MANY)
        assert (both.status_code, counts(both)) == (202, (1, 0, 0))
        assert both.json()["rejected"][0]["id"] == "large"


async def test_who_sends_too_often_waits_and_nobody_else(place: Place) -> None:
    rates = Rates(requests=1, burst=timedelta(seconds=2))
    app = place.app(rates=rates)
    async with client_of(app, place.alice) as alice, client_of(app, place.bob) as bob:
        answers = [await alice.post(URL, content=b"[]", headers=MANY) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [202, 202, 429]
        problem(answers[2], 429)
        assert (await bob.post(URL, content=b"[]", headers=MANY)).status_code == 202
        place.clock.go_on(timedelta(seconds=int(answers[2].headers["retry-after"])))
        assert (await alice.post(URL, content=b"[]", headers=MANY)).status_code == 202


async def test_who_sends_too_many_events_waits_for_them(place: Place) -> None:
    rates = Rates(events=10, burst=timedelta(seconds=1))
    async with place.client(rates=rates) as client:
        events = as_json([order_event(id=str(n)) for n in range(50)])
        assert (await client.post(URL, content=events, headers=MANY)).status_code == 202
        answer = await client.post(URL, content=BODY, headers=ONE)
        assert answer.status_code == 429
        assert 4 <= int(answer.headers["retry-after"]) <= 5


@pytest.mark.parametrize("error", [Unavailable("postgres://secret@db"), Overloaded()])
async def test_when_nothing_can_be_stored_the_sender_is_asked_to_come_again(
    place: Place, alice: httpx.AsyncClient, error: Unavailable | Overloaded
) -> None:
    place.ledger.fail_with = error
    for body in (BODY, b"not json", as_json([])):
        answer = await alice.post(URL, content=body, headers=ONE)
        problem(answer, 503)
        assert int(answer.headers["retry-after"]) >= 1
        assert "secret" not in answer.text
    place.ledger.fail_with = None
    assert counts(await alice.post(URL, content=BODY, headers=ONE)) == (1, 0, 0)
