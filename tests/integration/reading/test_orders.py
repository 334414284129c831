"""Readers find their orders, and nobody else's, through every filter and page."""

from __future__ import annotations

import pytest
from tests.integration.reading.conftest import Story
from tests.story import DAY, HOUR, MINUTE, T0, placed, said

ORDERS = "/api/v1/orders"


async def five_orders(story: Story) -> None:
    """Ada waits, Bea is overdue, Cleo failed at the engine, Dora is complete, Eve is on hold."""
    await story.tell(
        placed(0, order="ada", channel="app", amount="10.00", refs={"invoice_no": "INV-1"}),
        said("commerce_engine", "ACCEPTED", 5, order="ada"),
        said("stock", "RESERVED", 8, order="ada"),
        placed(-2 * HOUR, order="bea", channel="app", amount="20.50", location="TH-1"),
        placed(10, order="cleo", channel="website", amount="30.00"),
        said("commerce_engine", "REJECTED", 12, order="cleo", reason={"code": "PRICE"}),
        placed(20, order="dora", channel="website", location="TH-1", refs={"invoice_no": "INV-12"}),
        said("phoenix_oms", "COMPLETE", 30, order="dora"),
        placed(40, order="eve"),
        said("phoenix_oms", "HOLDED", 50, order="eve"),
    )


async def found(story: Story, **query: str) -> list[str]:
    answer = await story.get(ORDERS, **query)
    assert answer.status_code == 200, answer.text
    return [order["order_id"] for order in answer.json()["items"]]


async def test_the_newest_order_comes_first(story: Story) -> None:
    story.clock.set(60)
    await five_orders(story)
    assert await found(story) == ["eve", "dora", "cleo", "ada", "bea"]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({"class": "failed"}, ["cleo"]),
        ({"class": "success"}, ["dora"]),
        ({"class": "delayed"}, ["eve", "ada", "bea"]),
        ({"class": "delayed", "overdue": "true"}, ["bea"]),
        ({"overdue": "false", "class": "delayed"}, ["eve", "ada"]),
        ({"status": "HOLDED"}, ["eve"]),
        ({"status": "holded"}, ["eve"]),
        ({"status": "NOBODY_SAYS_THIS"}, []),
        ({"channel": "website"}, ["dora", "cleo"]),
        ({"system": "stock"}, ["ada"]),
        ({"system": "phoenix_oms"}, ["eve", "dora", "cleo", "ada", "bea"]),
        ({"from": "2026-03-02T16:00:20+07:00"}, ["eve", "dora"]),
        ({"to": "2026-03-02T09:00:10Z"}, ["ada", "bea"]),
        ({"from": "2026-03-02T09:00:00Z", "to": "2026-03-02T09:00:20Z"}, ["cleo", "ada"]),
        ({"q": "bea"}, ["bea"]),
        ({"q": "d"}, ["dora"]),
        ({"q": "INV-1"}, ["dora", "ada"]),
        ({"q": "INV-12"}, ["dora"]),
        ({"q": "INV-1", "channel": "app"}, ["ada"]),
        ({"q": "inv-1"}, []),
        ({"q": "%"}, []),
        ({"class": "", "q": "", "system": "stock"}, ["ada"]),
        ({"location": "TH-1"}, ["dora", "bea"]),
        ({"location": "TH-1", "channel": "app"}, ["bea"]),
        ({"location": "TH"}, []),
        ({"amount_from": "20.5"}, ["cleo", "bea"]),
        ({"amount_to": "20.5"}, ["ada", "bea"]),
        ({"amount_from": "10", "amount_to": "10.0000"}, ["ada"]),
        ({"amount_from": "-5", "overdue": "true"}, ["bea"]),
        ({"deviation": "any"}, ["dora"]),
        ({"deviation": "skipped_step"}, ["dora"]),
        ({"deviation": "regression"}, []),
    ],
)
async def test_a_filter_shows_the_orders_it_names(
    story: Story, query: dict[str, str], ids: list[str]
) -> None:
    story.clock.set(60)
    await five_orders(story)
    assert await found(story, **query) == ids


async def test_pages_show_every_order_once_even_when_many_were_placed_at_once(
    story: Story,
) -> None:
    story.clock.set(60)
    await story.tell(*[placed(0, order=f"o-{n:02}", refs={"r": "same"}) for n in range(25)])
    for query in ({}, {"q": "o-"}, {"q": "same"}, {"class": "delayed"}):
        seen: list[str] = []
        cursor = ""
        while True:
            page = (await story.get(ORDERS, limit="7", cursor=cursor, **query)).json()
            seen += [order["order_id"] for order in page["items"]]
            if page["next"] is None:
                break
            assert len(page["items"]) == 7
            cursor = page["next"]
        assert seen == [f"o-{n:02}" for n in reversed(range(25))]


async def test_a_cursor_is_good_for_its_own_filter_and_unchanged(story: Story) -> None:
    story.clock.set(60)
    await five_orders(story)
    cursor = (await story.get(ORDERS, limit="2")).json()["next"]
    for query in (
        {"cursor": cursor, "class": "delayed"},
        {"cursor": cursor[:-2]},
        {"cursor": "x" + cursor},
        {"cursor": "รหัส"},
        {"cursor": "AAAA"},
    ):
        answer = await story.get(ORDERS, **query)
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"
        assert [error["field"] for error in answer.json()["errors"]] == ["cursor"]


@pytest.mark.parametrize(
    ("query", "field", "remedy"),
    [
        ({"class": "late"}, "class", "must be one of success, failed, delayed"),
        ({"class": "sucess"}, "class", "did you mean success?"),
        ({"overdue": "yes"}, "overdue", "must be one of true, false"),
        ({"amount_from": "much"}, "amount_from", "such as 1250 or 99.50"),
        ({"amount_from": "2", "amount_to": "1"}, "amount_to", "must not be less than amount_from"),
        ({"deviation": "regresion"}, "deviation", "did you mean regression?"),
        ({"system": "stok"}, "system", "did you mean stock?"),
        ({"from": "yesterday"}, "from", "2026-11-23T10:00:00+07:00"),
        ({"from": "2026-03-02T09:00:00"}, "from", "with its offset"),
        ({"to": "9999-12-31T23:59:59Z"}, "to", "with its offset"),
        ({"from": "2026-03-02T09:00:00Z", "to": "2026-03-02T09:00:00Z"}, "to", "after from"),
        ({"limit": "0"}, "limit", "from 1 to 500"),
        ({"limit": "501"}, "limit", "from 1 to 500"),
        ({"limit": "٣"}, "limit", "from 1 to 500"),
        ({"q": "a\x00b"}, "q", "printable"),
        ({"q": "x" * 201}, "q", "at most 200"),
        ({"clas": "failed"}, "clas", "did you mean class?"),
        ({"order": "1"}, "order", "there are class, overdue"),
    ],
)
async def test_a_wrong_parameter_is_named_with_the_remedy(
    story: Story, query: dict[str, str], field: str, remedy: str
) -> None:
    answer = await story.get(ORDERS, **query)
    assert answer.status_code == 400, answer.text
    problem = answer.json()
    assert [error["field"] for error in problem["errors"]] == [field]
    assert remedy in problem["errors"][0]["message"]


async def test_a_parameter_given_twice_is_refused_beside_every_other_fault(story: Story) -> None:
    answer = await story.get(f"{ORDERS}?class=failed&class=success&limit=x&what=1")
    assert answer.status_code == 400
    fields = [error["field"] for error in answer.json()["errors"]]
    assert sorted(fields) == ["class", "limit", "what"]


async def test_a_plus_that_the_url_made_a_space_is_still_an_offset(story: Story) -> None:
    story.clock.set(60)
    await five_orders(story)
    answer = await story.get(f"{ORDERS}?from=2026-03-02T16:00:40+07:00")
    assert [order["order_id"] for order in answer.json()["items"]] == ["eve"]


async def test_one_order_comes_with_its_legs_and_the_reason_for_each_verdict(story: Story) -> None:
    story.clock.set(60)
    await five_orders(story)
    order = (await story.get(f"{ORDERS}/cleo")).json()
    assert (order["class"], order["overdue"], order["status"]) == ("failed", False, "PENDING")
    assert order["amount"] == {"value": "30.00", "currency": "THB"}
    assert order["placed_at"] == "2026-03-02T09:00:10Z"
    assert order["why"]["rule"] == "leg.commerce_engine.failed"
    assert "commerce_engine said REJECTED (PRICE)" in order["why"]["sentence"]
    (engine,) = order["legs"]
    assert engine["system"] == "commerce_engine"
    assert (engine["class"], engine["duration_s"], engine["blind_since"]) == ("failed", 2.0, None)
    assert "next_deadline" not in order
    assert order["mismatches"] == []


async def test_an_order_is_judged_at_the_instant_it_is_asked_for(story: Story) -> None:
    await story.tell(placed(0, order="ada"))
    story.clock.set(29)
    assert (await story.get(f"{ORDERS}/ada")).json()["overdue"] is False
    story.clock.set(31)
    order = (await story.get(f"{ORDERS}/ada")).json()
    assert order["overdue"] is True
    assert order["why"]["rule"] == "leg.commerce_engine.threshold"


async def test_a_leg_says_since_when_its_system_cannot_be_seen(story: Story) -> None:
    await story.tell(placed(0, order="ada"), said("commerce_engine", "RECEIVED", 1, order="ada"))
    story.clock.set(11 * MINUTE)
    (engine,) = (await story.get(f"{ORDERS}/ada")).json()["legs"]
    assert engine["blind_since"] == "2026-03-02T09:00:00Z"
    assert "blind since" in engine["why"]["sentence"]


async def test_nobody_told_of_this_order(story: Story) -> None:
    for order_id in ("ghost", "a%00b", "x" * 101, "ghost/events", "%20/events"):
        answer = await story.get(f"{ORDERS}/{order_id}")
        assert answer.status_code == 404
        assert answer.json()["type"] == "urn:orderwatch:problem:no-such-order"


async def test_history_is_in_event_time_whatever_the_order_of_arrival(story: Story) -> None:
    await story.tell(said("phoenix_oms", "PROCESSING", 30, order="ada", details={"note": "é"}))
    story.clock.set(40)
    await story.tell(
        said("phoenix_oms", "PENDING_PAYMENT", 20, order="ada", sequence="10"),
        said("checkout", "CAPTURED", 20, order="ada", sequence="9"),
        placed(0, order="ada", amount="9.90"),
    )
    items = (await story.get(f"{ORDERS}/ada/events")).json()["items"]
    assert [one["status"] for one in items] == [
        "PENDING", "CAPTURED", "PENDING_PAYMENT", "PROCESSING"
    ]  # fmt: skip
    first, last = items[0], items[-1]
    assert first["data"]["amount"] == {"value": "9.90", "currency": "THB"}
    assert first["received_at"] == "2026-03-02T09:00:40Z"
    assert first["source"] == "/phoenix_oms"
    assert last["data"]["details"] == {"note": "é"}
    assert last["event"]["specversion"] == "1.0"
    assert items[1]["sequence"] == "9"
    assert not any(one["parked"] for one in items)


async def test_what_waits_for_an_order_is_seen_before_the_order_is(story: Story) -> None:
    await story.tell(said("stock", "RESERVED", 3, order="ada"))
    assert (await story.get(f"{ORDERS}/ada")).status_code == 404
    (item,) = (await story.get(f"{ORDERS}/ada/events")).json()["items"]
    assert (item["system"], item["parked"]) == ("stock", True)
    await story.tell(placed(0, order="ada"))
    items = (await story.get(f"{ORDERS}/ada/events")).json()["items"]
    assert [one["parked"] for one in items] == [False, False]


async def test_bob_sees_his_own_order_and_none_of_alices(story: Story) -> None:
    story.clock.set(60)
    await five_orders(story)
    await story.tell(placed(0, order="ada", channel="bobs"), to=story.bob)
    items = (await story.get_as(story.bob, ORDERS)).json()["items"]
    assert [(order["order_id"], order["channel"]) for order in items] == [("ada", "bobs")]
    assert (await story.get_as(story.bob, ORDERS, q="INV-1")).json()["items"] == []
    assert (await story.get_as(story.bob, f"{ORDERS}/bea")).status_code == 404
    assert (await story.get_as(story.bob, f"{ORDERS}/bea/events")).status_code == 404
    events = (await story.get_as(story.bob, f"{ORDERS}/ada/events")).json()["items"]
    assert len(events) == 1


async def test_reading_needs_a_key_that_may_read(story: Story) -> None:
    sender = story.keys.give(story.alice, seed="a key that may only send")
    for key, status in ((None, 401), ("ow_nonsense", 401), (sender.text, 403)):
        async with story.client(key) as client:
            for path in (ORDERS, f"{ORDERS}/ada", f"{ORDERS}/ada/events", "/api/v1/summary"):
                answer = await client.get(path)
                assert answer.status_code == status
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.json()["errors"][0]["field"] == "authorization"


async def test_orders_of_long_ago_are_found_by_when_they_were_placed(story: Story) -> None:
    story.clock.set(0)
    await story.tell(placed(-3000 * DAY, order="old"), placed(0, order="new"))
    ids = await found(story, to=T0.replace(year=2020).isoformat())
    assert ids == ["old"]
