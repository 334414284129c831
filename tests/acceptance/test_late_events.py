"""Events before their order, ten years after it, or from nowhere: kept, told, never lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tests.acceptance.words import OMS, event, life, now
from tests.book import book_of, counted_again, differences
from tests.product import Product, Tenant, eventually


def test_legs_seen_before_their_order_wait_and_then_count_as_if_in_order(
    alice: Tenant, bob: Tenant
) -> None:
    at = now(-7200)
    orders = [life(f"o-{n}", at + timedelta(seconds=n)) for n in range(30)]
    in_order = [one for order in orders for one in order]
    legs_first = [one for one in in_order if one["data"]["system"] != OMS]
    oms_last = [one for one in in_order if one["data"]["system"] == OMS]
    assert alice.send(in_order).accepted == len(in_order)
    early = bob.send(legs_first)
    assert (early.parked, early.accepted) == (len(legs_first), 0)
    assert bob.get("orders").json()["items"] == []
    assert bob.get("orders/o-1").status_code == 404
    waiting = bob.get("orders/o-1/events").json()["items"]
    assert len(waiting) == 6
    assert all(one["parked"] for one in waiting)
    again = bob.send(legs_first)
    assert (again.parked, again.duplicates) == (0, len(legs_first))
    assert bob.send(oms_last).accepted == len(oms_last)
    assert differences(book_of(bob), book_of(alice)) == []


def test_what_waited_for_a_day_becomes_a_dead_letter_and_may_come_again(
    product: Product, new_product: Callable[..., Product], alice: Tenant, bob: Tenant
) -> None:
    """The clock of a running server cannot be moved, so the event is made a day older.

    A worker looks at everything that waits when it starts, and then once a minute.
    """
    lost = [event(f"o-{n}", "stock", "RESERVED", now()) for n in range(3)]
    for tenant in (alice, bob):
        assert tenant.send(lost).parked == 3
    with product.owner() as connection:
        connection.execute(
            "update parked_events set received_at = received_at - interval '25 hours'"
            " where tenant_id = %s and order_id <> 'o-2'",
            [alice.id],
        )
    new_product(role="worker", database_url=product.database_url)
    eventually(
        lambda: alice.rows("select count(*) from dead_letters") == [(2,)],
        "what waited for a day is a dead letter",
    )
    letters = alice.rows(
        "select code, order_id, system, event_id, state, times from dead_letters order by order_id"
    )
    assert letters == [
        ("never_announced", f"o-{n}", "stock", lost[n]["id"], "open", 1) for n in range(2)
    ]
    assert alice.rows("select order_id from parked_events") == [("o-2",)]
    assert bob.rows("select count(*) from parked_events") == [(3,)]
    assert bob.rows("select count(*) from dead_letters") == [(0,)]
    assert alice.send([event("o-0", OMS, "PENDING", now()), lost[0]]).accepted == 2
    assert [leg["system"] for leg in alice.get("orders/o-0").json()["legs"]] == [
        "commerce_engine",
        "stock",
    ]


def test_history_from_ten_years_ago_is_taken_like_todays(alice: Tenant) -> None:
    long_ago = datetime(2016, 9, 4, 12, tzinfo=UTC)
    events = life("old-1", long_ago)
    assert alice.send(events).accepted == len(events)
    order = alice.get("orders/old-1").json()
    assert (order["status"], order["class"], order["deviations"]) == ("COMPLETE", "success", [])
    assert datetime.fromisoformat(order["placed_at"]) == long_ago
    found = alice.get("orders", **{"from": "2016-01-01T00:00:00Z", "to": "2017-01-01T00:00:00Z"})
    assert [one["order_id"] for one in found.json()["items"]] == ["old-1"]


def test_impossible_times_unknown_words_and_unknown_systems_are_kept_and_said(
    alice: Tenant, bob: Tenant
) -> None:
    at = now(-3600)
    strange = [
        event("o-1", "rider_app", "PICKED_UP", datetime(1948, 1, 1, tzinfo=UTC)),
        event("o-1", OMS, "CLOSED", datetime(2199, 1, 1, tzinfo=UTC)),
        event("o-1", "stock", "RESERVED", at - timedelta(minutes=10)),
        event("o-1", "stock", "จองแล้ว", at + timedelta(minutes=1)),
        event("o-1", OMS, "TELEPORTED", at + timedelta(minutes=2)),
        event("o-1", "drone", "HOVERING", at + timedelta(minutes=3)),
    ]
    placed = event("o-1", OMS, "PENDING", at)
    assert alice.send([placed, *strange]).accepted == 7
    assert bob.send([event("o-1", OMS, "PENDING", at)]).accepted == 1
    order = alice.get("orders/o-1").json()
    kinds = [(one["kind"], one["system"]) for one in order["deviations"]]
    assert sorted(kinds) == [
        ("impossible_time", OMS),
        ("impossible_time", "rider_app"),
        ("impossible_time", "stock"),
        ("unknown_status", OMS),
        ("unknown_status", "stock"),
        ("unknown_system", "drone"),
    ]
    assert order["class"] == "delayed"
    assert order["status"] == "TELEPORTED"
    assert datetime.fromisoformat(order["placed_at"]) == at
    history = alice.get("orders/o-1/events").json()["items"]
    assert {one["status"] for one in history} == {
        "PENDING", "PICKED_UP", "CLOSED", "RESERVED", "จองแล้ว", "TELEPORTED", "HOVERING",
    }  # fmt: skip
    assert bob.get("orders/o-1").json()["deviations"] == []
    assert counted_again(book_of(alice)) == []
    assert alice.rebuild()["changed"] == 0


def test_an_order_that_goes_on_after_its_end_stays_ended_and_says_so(alice: Tenant) -> None:
    at = now(-3600)
    alice.send(
        [
            event("o-1", OMS, "PENDING", at),
            event("o-1", OMS, "CANCELED", at + timedelta(minutes=1)),
            event("o-1", OMS, "PROCESSING", at + timedelta(minutes=2)),
            event("o-1", "checkout", "CAPTURED", at + timedelta(minutes=3)),
        ]
    )
    order = alice.get("orders/o-1").json()
    assert (order["status"], order["class"]) == ("CANCELED", "failed")
    assert [one["kind"] for one in order["deviations"]] == ["event_after_final"]


def test_the_same_id_with_another_content_is_refused_and_kept_as_a_dead_letter(
    alice: Tenant, bob: Tenant
) -> None:
    at = now(-60)
    first = event("o-1", OMS, "PENDING", at, id="e-1")
    other = event("o-1", OMS, "CANCELED", at, id="e-1")
    assert alice.send([first]).accepted == 1
    refused = alice.post(other)
    assert refused.status_code == 422
    assert refused.json()["rejected"][0]["errors"][0]["field"] == "id"
    assert alice.rows("select code, times from dead_letters") == [("identity_conflict", 1)]
    assert alice.get("orders/o-1").json()["status"] == "PENDING"
    assert bob.send([other]).accepted == 1
