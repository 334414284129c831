"""What the door answers, and what it keeps."""

from __future__ import annotations

from typing import Any, cast

import httpx
import pytest
from tests.contract.door.answers import BODY, MANY, ONE, URL, blamed, counts, problem
from tests.contract.door.conftest import Place
from tests.fakes.events import BATCH, STRUCTURED, as_json, order_event
from tests.fakes.keys import ALICE


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
