"""What the door answers, and what it keeps."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

import httpx
import pytest
from msgspec.structs import replace
from standardwebhooks import Webhook
from tests.contract.door.conftest import AT, Place, client_of
from tests.fakes.events import BATCH, STRUCTURED, as_json, order_event
from tests.fakes.keys import ALICE, BOB

from orderwatch.core.errors import Unavailable
from orderwatch.core.ingest.batch import Overloaded
from orderwatch.core.ingest.limits import Limits, Rates
from orderwatch.core.tenants.keys import SigningSecret, new_key

URL = "/api/v1/events"
ONE = {"Content-Type": STRUCTURED}
MANY = {"Content-Type": BATCH}
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


async def test_an_event_is_accepted_once_and_counted_as_a_duplicate_after(
    place: Place, alice: httpx.AsyncClient
) -> None:
    text = as_json(order_event())
    first = await alice.post(URL, content=text, headers=ONE)
    assert (first.status_code, counts(first)) == (202, (1, 0, 0))
    assert first.json() == {"accepted": 1, "duplicates": 0, "parked": 0, "rejected": []}
    again = await alice.post(URL, content=text, headers=ONE)
    assert (again.status_code, counts(again)) == (202, (0, 1, 0))
    assert place.ledger.texts[ALICE] == [text]


async def test_an_event_of_an_order_nobody_announced_is_parked(alice: httpx.AsyncClient) -> None:
    text = as_json(order_event(data__system="checkout", subject="unheard-of"))
    assert counts(await alice.post(URL, content=text, headers=ONE)) == (0, 0, 1)


async def test_the_same_id_with_other_content_is_told_apart(alice: httpx.AsyncClient) -> None:
    await alice.post(URL, content=as_json(order_event()), headers=ONE)
    other = as_json(order_event(data__status="COMPLETE"))
    answer = await alice.post(URL, content=other, headers=ONE)
    assert blamed(answer, 422) == ["id"]


async def test_an_empty_batch_is_fine(alice: httpx.AsyncClient) -> None:
    answer = await alice.post(URL, content=b"[]", headers=MANY)
    assert answer.status_code == 202
    assert answer.json() == {"accepted": 0, "duplicates": 0, "parked": 0, "rejected": []}


async def test_one_bad_event_never_stops_its_neighbours(
    place: Place, alice: httpx.AsyncClient
) -> None:
    events = [order_event(id=f"e-{n}", data__attempt=n % 2) for n in range(10)]
    answer = await alice.post(URL, content=as_json(events), headers=MANY)
    assert (answer.status_code, counts(answer)) == (202, (5, 0, 0))
    rejected = answer.json()["rejected"]
    assert [(r["index"], r["id"]) for r in rejected] == [(n, f"e-{n}") for n in range(0, 10, 2)]
    assert {error["field"] for r in rejected for error in r["errors"]} == {"data.attempt"}
    assert [letter.id for letter in place.ledger.dead_letters[ALICE]] == [r["id"] for r in rejected]


async def test_when_no_event_is_good_the_answer_says_so_for_each(alice: httpx.AsyncClient) -> None:
    events = [order_event(id="a", time="x"), order_event(id="b", subject="")]
    answer = await alice.post(URL, content=as_json(events), headers=MANY)
    assert blamed(answer, 422) == ["[0].time", "[1].subject"]
    assert [r["id"] for r in answer.json()["rejected"]] == ["a", "b"]
    assert counts(answer) == (0, 0, 0)


async def test_binary_mode_means_the_same(place: Place, alice: httpx.AsyncClient) -> None:
    event = order_event(subject="ก 1")
    event.pop("datacontenttype")
    data = event.pop("data")
    headers = {f"ce-{name}": str(value) for name, value in event.items()}
    headers |= {"ce-subject": '"%E0%B8%81 1"', "Content-Type": "application/json; charset=utf-8"}
    answer = await alice.post(URL, content=as_json(data), headers=headers)
    assert counts(answer) == (1, 0, 0)
    (kept,) = place.ledger.events[ALICE].values()
    assert (kept.order_id, kept.datacontenttype) == ("ก 1", "application/json")


@pytest.mark.parametrize(
    ("header", "value", "field"),
    [("ce-datacontenttype", "application/json", "datacontenttype"), ("ce-id", "%C0%A0", "id"),
     ("ce-time", "noon", "time"), ("ce-specversion", "2.0", "specversion")],
)  # fmt: skip
async def test_a_wrong_header_in_binary_mode_is_named(
    place: Place, alice: httpx.AsyncClient, header: str, value: str, field: str
) -> None:
    event = order_event()
    names = ("specversion", "id", "source", "type", "subject", "time")
    headers = {f"ce-{name}": event[name] for name in names} | {"Content-Type": "application/json"}
    answer = await alice.post(
        URL, content=as_json(event["data"]), headers=headers | {header: value}
    )
    assert blamed(answer, 422) == [field]
    assert len(place.ledger.dead_letters[ALICE]) == 1


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "application/cbor"])
async def test_binary_data_that_is_not_json_is_no_order_event(
    place: Place, alice: httpx.AsyncClient, content_type: str
) -> None:
    headers = {"ce-id": "1", "Content-Type": content_type}
    assert blamed(await alice.post(URL, content=b"x", headers=headers), 415) == ["content-type"]
    assert not place.ledger.dead_letters


async def test_plain_json_is_told_what_is_missing(alice: httpx.AsyncClient) -> None:
    answer = await alice.post(URL, json=order_event())
    assert blamed(answer, 415) == ["content-type"]
    assert STRUCTURED in problem(answer, 415)["detail"]
    assert STRUCTURED in answer.headers["accept-post"]


@pytest.mark.parametrize("content_type", [STRUCTURED, BATCH])
async def test_what_is_not_json_is_kept_whole(
    place: Place, alice: httpx.AsyncClient, content_type: str
) -> None:
    body = b'{"specversion": "1.0", \xff oops'
    answer = await alice.post(URL, content=body, headers={"Content-Type": content_type})
    assert blamed(answer, 400) == ["body"]
    (letter,) = place.ledger.dead_letters[ALICE]
    assert (letter.payload, letter.code) == (body, "not_json")


# Who may send


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Basic b3c6eA==", "Bearer nonsense", "Bearer ow_000000000000_x",
     "Bearer " + new_key(bytes(70)).text, "Bearer \xff"],
)  # fmt: skip
async def test_strangers_are_not_let_in_and_nothing_of_theirs_is_kept(
    place: Place, authorization: str | None
) -> None:
    async with place.client() as client:
        del client.headers["authorization"]
        headers = dict(ONE) | (
            {"Authorization": authorization} if authorization is not None else {}
        )
        raw = [(k.encode(), v.encode("latin-1")) for k, v in headers.items()]
        answer = await client.post(URL, content=b"not json", headers=raw)
    assert blamed(answer, 401) == ["authorization"]
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert not place.ledger.dead_letters


async def test_a_revoked_key_lets_nobody_in(place: Place, alice: httpx.AsyncClient) -> None:
    kept = place.keys.kept
    kept[place.alice.id] = replace(kept[place.alice.id], revoked_at=AT)
    answer = await alice.post(URL, content=as_json(order_event()), headers=ONE)
    assert blamed(answer, 401) == ["authorization"]


async def test_bob_may_only_speak_for_his_own_source(place: Place, bob: httpx.AsyncClient) -> None:
    answer = await bob.post(URL, content=as_json(order_event()), headers=ONE)
    assert blamed(answer, 403) == ["source"]
    both = [order_event(), order_event(source="/checkout/th")]
    mixed = await bob.post(URL, content=as_json(both), headers=MANY)
    assert (mixed.status_code, counts(mixed)) == (202, (1, 0, 0))
    assert [error["field"] for error in mixed.json()["rejected"][0]["errors"]] == ["source"]
    assert not place.ledger.events[ALICE]
    assert len(place.ledger.dead_letters[BOB]) == 2


# Signed


def signed_headers(place: Place, body: bytes, secret: str | None = None) -> dict[str, str]:
    webhook = Webhook(secret or place.alice.signing_text)
    return ONE | {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(AT.timestamp())),
        "webhook-signature": webhook.sign("msg_1", AT, body.decode()),
    }


@pytest.fixture
async def unknown(place: Place) -> httpx.AsyncClient:
    client = place.client()
    del client.headers["authorization"]
    return client


BODY = as_json(order_event())


async def test_a_signed_event_needs_no_key_but_its_id(
    place: Place, unknown: httpx.AsyncClient
) -> None:
    headers = signed_headers(place, BODY)
    by_url = await unknown.post(f"{URL}?key={place.alice.id}", content=BODY, headers=headers)
    assert (by_url.status_code, counts(by_url)) == (202, (1, 0, 0))
    named = headers | {"Orderwatch-Key-Id": place.alice.id}
    assert counts(await unknown.post(URL, content=BODY, headers=named)) == (0, 1, 0)
    assert blamed(await unknown.post(URL, content=BODY, headers=headers), 401) == [
        "orderwatch-key-id"
    ]


Spoil = Callable[[dict[str, str]], dict[str, str]]


@pytest.mark.parametrize(
    ("spoil", "field"),
    [
        (lambda h: h | {"webhook-signature": "v1,AAAA"}, "webhook-signature"),
        (lambda h: h | {"webhook-signature": "garbage"}, "webhook-signature"),
        (lambda h: h | {"webhook-id": "msg_2"}, "webhook-signature"),
        (lambda h: h | {"webhook-id": ""}, "webhook-id"),
        (lambda h: h | {"webhook-timestamp": ""}, "webhook-timestamp"),
        (lambda h: h | {"webhook-timestamp": "1614265330"}, "webhook-timestamp"),
        (lambda h: h | {"webhook-timestamp": str(int(AT.timestamp()) + 400)}, "webhook-timestamp"),
    ],
)
async def test_a_wrong_signature_is_refused_and_nothing_kept(
    place: Place, unknown: httpx.AsyncClient, spoil: Spoil, field: str
) -> None:
    headers = spoil(signed_headers(place, BODY))
    answer = await unknown.post(f"{URL}?key={place.alice.id}", content=BODY, headers=headers)
    assert blamed(answer, 401) == [field]
    assert not place.ledger.events[ALICE]
    assert not place.ledger.dead_letters[ALICE]


async def test_an_old_recording_cannot_be_played_again(
    place: Place, unknown: httpx.AsyncClient
) -> None:
    headers = signed_headers(place, BODY)
    url = f"{URL}?key={place.alice.id}"
    assert (await unknown.post(url, content=BODY, headers=headers)).status_code == 202
    assert counts(await unknown.post(url, content=BODY, headers=headers)) == (0, 1, 0)
    place.clock.go_on(timedelta(minutes=6))
    assert blamed(await unknown.post(url, content=BODY, headers=headers), 401) == [
        "webhook-timestamp"
    ]


async def test_a_secret_is_changed_without_a_lost_event(
    place: Place, unknown: httpx.AsyncClient
) -> None:
    key = place.keys.kept[place.alice.id]
    new = SigningSecret(b"n" * 32)
    old = replace(key.signing_secrets[0], expires_at=AT + timedelta(minutes=2))
    place.keys.kept[key.id] = replace(key, signing_secrets=(new, old))
    url = f"{URL}?key={key.id}"
    by_old = signed_headers(place, BODY)
    by_new = signed_headers(place, BODY, "whsec_" + "bm5u" * 10 + "bm4=")
    for headers in (by_old, by_new):
        assert (await unknown.post(url, content=BODY, headers=headers)).status_code == 202
    place.clock.go_on(timedelta(minutes=3))
    assert blamed(await unknown.post(url, content=BODY, headers=by_old), 401) == [
        "webhook-signature"
    ]
    assert (await unknown.post(url, content=BODY, headers=by_new)).status_code == 202


async def test_a_request_with_key_and_signature_must_have_both_right(
    place: Place, alice: httpx.AsyncClient
) -> None:
    headers = signed_headers(place, BODY)
    assert (await alice.post(URL, content=BODY, headers=headers)).status_code == 202
    wrong = headers | {"webhook-signature": "v1,AAAA"}
    assert blamed(await alice.post(URL, content=BODY, headers=wrong), 401) == ["webhook-signature"]
    other = f"{URL}?key={place.bob.id}"
    assert blamed(await alice.post(other, content=BODY), 401) == ["orderwatch-key-id"]


# Limits


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


# Everything else the server says


async def test_every_error_is_a_problem_document(alice: httpx.AsyncClient) -> None:
    problem(await alice.get("/nowhere"), 404)
    assert "POST" in (await alice.get(URL)).headers["allow"]
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        problem(await alice.request(method, URL), 405)


async def test_a_mistake_of_ours_is_told_without_its_insides(
    place: Place, alice: httpx.AsyncClient
) -> None:
    place.ledger.fail_with = ValueError("secret inside")  # type: ignore[assignment]
    transport = httpx.ASGITransport(app=cast("Any", place.app()), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://door.test") as client:
        answer = await client.post(URL, content=BODY, headers=ONE | dict(alice.headers))
    problem(answer, 500)
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


async def test_a_webhook_sender_may_ask_whether_it_is_welcome(alice: httpx.AsyncClient) -> None:
    asked = {"WebHook-Request-Origin": "phoenix.example", "WebHook-Request-Rate": "120"}
    answer = await alice.options(URL, headers=asked)
    assert answer.is_success
    assert answer.headers["webhook-allowed-origin"] == "phoenix.example"
    assert int(answer.headers["webhook-allowed-rate"]) >= 1
    assert "POST" in answer.headers["allow"]
    assert "webhook-allowed-origin" not in (await alice.options(URL)).headers


async def test_the_api_describes_itself(alice: httpx.AsyncClient) -> None:
    document = (await alice.get("/api/v1/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    assert document["info"]["version"] == "9.9.9"
    answers = document["paths"][URL]["post"]["responses"]
    assert set(answers) >= {"202", "400", "401", "403", "413", "415", "422", "429", "503"}
    assert references(document) <= set(document["components"]["schemas"])
    page = await alice.get("/api/v1/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert URL in page.text
    assert "http://" not in page.text
    assert "https://" not in page.text


def references(value: Any) -> set[str]:
    """The names of all schemas a document refers to."""
    if isinstance(value, list):
        return set().union(*map(references, value))
    if not isinstance(value, dict):
        return set()
    here = {value["$ref"].rsplit("/", 1)[1]} if "$ref" in value else set()
    return here.union(*map(references, value.values()))
