"""Who may send, with a key or with a signature."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from msgspec.structs import replace
from standardwebhooks import Webhook
from tests.contract.door.answers import BODY, MANY, ONE, URL, blamed, counts
from tests.contract.door.conftest import AT, Place
from tests.fakes.events import as_json, order_event
from tests.fakes.keys import ALICE, BOB

from orderwatch.core.tenants.keys import SigningSecret, new_key


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
