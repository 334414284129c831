"""Events into the ledger: once, whole, in any order, each order as the pure fold has it."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from tests.integration.postgres.book import check_book, events_of
from tests.integration.postgres.conftest import House
from tests.story import (
    DAY,
    HOUR,
    MINUTE,
    batch,
    folded,
    lotus,
    moment,
    placed,
    restaurant,
    said,
    told,
)

from orderwatch.app.rebuild_state import rebuild_state
from orderwatch.app.record_events import NotStorable
from orderwatch.core.ingest.batch import Batch, Refused
from orderwatch.core.model import FieldError, ReceivedEvent
from orderwatch.core.tracking.explain import explain

OMS = "phoenix_oms"


async def test_an_order_is_told_as_its_events_say(house: House) -> None:
    story = [
        placed(amount="10.50", channel="app", refs={"awb": "A-1"}),
        said("commerce_engine", "ACCEPTED", 1),
    ]
    receipt = await house.hear(*story, now=5)
    assert (receipt.accepted, receipt.duplicates, receipt.parked) == (2, 0, 0)
    order = told(*story, now=5)
    row = await house.one(
        "select status, class, overdue, amount::text, currency, deadline, next_deadline, rule "
        "from orders where order_id = 'o-1'"
    )
    assert row == (
        "PENDING", "delayed", False, "10.5000", "THB",
        order.deadline, order.next_deadline, order.why.rule,
    )  # fmt: skip
    assert await house.rows("select name, order_id from order_refs where value = 'A-1'") == [
        ("awb", "o-1")
    ]
    await check_book(house, now=5)


async def test_an_event_sent_twice_counts_once(house: House) -> None:
    story = [placed(amount="10.50"), said("commerce_engine", "ACCEPTED", 1)]
    await house.hear(*story, now=5)
    before = await house.rows("select * from orders"), await house.rows("select * from counters")
    receipt = await house.hear(*story, *story, now=900)
    assert (receipt.accepted, receipt.duplicates) == (0, 4)
    after = await house.rows("select * from orders"), await house.rows("select * from counters")
    assert after == before
    assert await house.one("select count(*) from events") == 2
    await check_book(house, now=5)


async def test_an_event_twice_in_one_batch_counts_once(house: House) -> None:
    receipt = await house.hear(placed(), placed(), placed())
    assert (receipt.accepted, receipt.duplicates) == (1, 2)
    await check_book(house, now=0)


@pytest.mark.parametrize(
    "other",
    [
        said("stock", "RESERVED", 6, id="e-1"),
        said("stock", "RESERVED", 5, id="e-1", order="o-2"),
        said("stock", "OUT_OF_STOCK", 5, id="e-1"),
        said("stock", "RESERVED", 5, id="e-1", amount="1.00"),
    ],
    ids=["time", "subject", "status", "amount"],
)
@pytest.mark.parametrize("together", [True, False])
async def test_another_event_under_a_used_name_is_rejected_and_kept(
    house: House, other: ReceivedEvent, together: bool
) -> None:
    first = said("stock", "RESERVED", 5, id="e-1")
    if together:
        receipt = await house.hear(placed(), first, other, now=9)
    else:
        await house.hear(placed(), first, now=9)
        receipt = await house.hear(other, now=9)
    [rejection] = receipt.rejected
    assert rejection.id == "e-1"
    assert rejection.index == (2 if together else 0)
    assert rejection.errors[0].field == "id"
    code, event_id, payload = await house.one("select code, event_id, payload from dead_letters")
    assert (code, event_id) == ("identity_conflict", "e-1")
    assert payload == bytes(other.text)
    assert await house.one("select count(*) from events") == 2
    await check_book(house, now=9)


async def test_a_conflicting_announcement_announces_nothing(house: House) -> None:
    """It is not an event, so what waits for that order waits on, and nobody's batch fails."""
    await house.hear(placed(id="taken", order="o-1"))
    await house.hear(said("stock", "RESERVED", 5, order="o-2"), now=6)
    receipt = await house.hear(placed(id="taken", order="o-2"), placed(order="o-3"), now=7)
    assert (receipt.accepted, len(receipt.rejected)) == (1, 1)
    assert await house.rows("select order_id, received_at from parked_events") == [
        ("o-2", datetime(2026, 3, 2, 9, 0, 6, tzinfo=UTC))
    ]
    await house.hear(placed(order="o-2"), now=8)
    assert await house.one("select count(*) from parked_events") == 0
    await check_book(house, now=8)


async def test_a_late_event_folds_its_order_again(house: House) -> None:
    await house.hear(placed(), said(OMS, "SHIPPING", 60), now=60)
    assert await house.one("select deviations from orders") == 1
    await house.hear(said(OMS, "PROCESSING", 30), now=61)
    assert await house.one("select deviations from orders") == 0
    await check_book(house, now=61)


async def test_a_batch_may_touch_old_new_late_and_waiting_orders_at_once(house: House) -> None:
    await house.hear(placed(order="old"), said("stock", "RESERVED", 3, order="waits"), now=5)
    await house.hear(
        said("commerce_engine", "ACCEPTED", 7, order="old"),
        placed(order="new"),
        placed(order="waits"),
        said("stock", "RESERVED", 1, order="old"),
        said("stock", "CHECKING", 1, order="unheard"),
        now=8,
    )
    assert await house.rows("select order_id from orders order by 1") == [
        ("new",), ("old",), ("waits",),
    ]  # fmt: skip
    await check_book(house, now=8)


async def test_history_from_years_ago_lies_in_the_partition_of_its_arrival(house: House) -> None:
    long_ago = datetime(2016, 10, 2, tzinfo=UTC)
    await house.hear(placed(long_ago), said(OMS, "COMPLETE", long_ago.replace(month=11)), now=5)
    assert await house.one("select class from orders") == "success"
    names = await house.rows("select distinct tableoid::regclass::text from events")
    assert names == [("events_202603",)]
    await check_book(house, now=5)


@pytest.mark.parametrize("year", [1948, 2199])
async def test_impossible_times_are_kept_and_freeze_nothing(house: House, year: int) -> None:
    strange = said(OMS, "CANCELED", datetime(year, 1, 1, tzinfo=UTC))
    await house.hear(strange, now=5)
    assert await house.one("select status from orders") == "CANCELED"
    await house.hear(placed(), said("stock", "RESERVED", 2), now=6)
    assert await house.one("select status, deviations from orders") == ("PENDING", 1)
    await check_book(house, now=6)


async def test_words_and_systems_nobody_knows_make_no_labels(house: House) -> None:
    await house.hear(placed(), *(said(f"stranger-{n}", "HI", n) for n in range(5)), now=9)
    labels = await house.rows(
        "select labels, sum(value) from totals where metric = 'events' group by 1"
    )
    assert sorted(labels) == [(["other", "accepted"], 5.0), ([OMS, "accepted"], 1.0)]
    heard = await house.rows("select system, sum(events) from systems group by 1 order by 1")
    assert heard == [("other", 5), (OMS, 1)]
    await check_book(house, now=9)


async def test_labels_keep_their_number_whatever_a_channel_is_called(house: House) -> None:
    await house.hear(placed(order="o-1"), now=0)
    await house.hear(placed(order="o-2", channel="a\x1fb"), now=0)
    numbers = await house.rows(
        "select metric, min(cardinality(labels)), max(cardinality(labels)) from totals "
        "group by 1 order by 1"
    )
    assert {metric: (least, most) for metric, least, most in numbers} == {
        "events": (2, 2),
        "ingest_lag": (1, 1),
        "orders": (2, 2),
        "orders_open": (2, 2),
        "orders_placed": (1, 1),
        "transmissions": (3, 3),
    }


async def test_another_template_is_another_flow(house: House) -> None:
    flow = restaurant()
    story = [said("pos_hub", "NEW"), said("card_terminal", "REFUSED", 5)]
    await house.hear(*story, now=6, flow=flow)
    assert await house.one("select status, class from orders") == ("RECEIVED", "failed")
    await check_book(house, now=6, flow=flow)


async def test_every_name_of_an_order_is_kept_whatever_came_first(house: House) -> None:
    """What an order was called once must find it, also when it got a new airway bill."""
    calls = [placed(), *(said("stock", "CHECKING", n, refs={"awb": f"A-{n}"}) for n in (1, 2, 3))]
    await house.hear(*calls, now=4)
    for one in reversed(calls):
        copy = said(
            one.event.data.system, one.event.data.status, one.event.time,
            order="o-2", refs=one.event.data.refs,
        )  # fmt: skip
        await house.hear(copy, now=5)
    first = await house.rows("select value from order_refs where order_id = 'o-1' order by 1")
    second = await house.rows("select value from order_refs where order_id = 'o-2' order by 1")
    assert first == second == [("A-1",), ("A-2",), ("A-3",)]


async def test_a_leg_nobody_spoke_of_moves_with_its_threshold_and_its_start(house: House) -> None:
    flow = restaurant()
    await house.hear(said("pos_hub", "READY"), said("card_terminal", "CASH", 2), now=3, flow=flow)
    await house.hear(said("kitchen_display", "BUMPED", 4, delivery="express"), now=5, flow=flow)
    await check_book(house, now=5, flow=flow)
    for n, change in enumerate(
        [
            said("kitchen_display", "FIRED", 10),
            said("kitchen_display", "BUMPED", 12, id="again"),
            said("pos_hub", "READY", 15, channel="delivery_site"),
            said("pos_hub", "RECEIVED", 20),
            said("courier", "CALLED", datetime(1948, 1, 1, tzinfo=UTC)),
            said("card_terminal", "APPROVED", 1),
        ]
    ):
        await house.hear(change, now=30 + n, flow=flow)
        await check_book(house, now=30 + n, flow=flow)


async def test_a_batch_the_size_of_a_big_request_goes_through(house: House) -> None:
    events = [placed(n % 60, order=f"o-{n}", refs={"awb": f"A-{n}"}) for n in range(3_000)]
    receipt = await house.hear(*events, now=60)
    assert receipt.accepted == 3_000
    assert (await house.hear(*events, now=61)).duplicates == 3_000
    assert await house.one("select sum(n) from counters where system = ''") == 3_000


async def test_one_order_may_be_very_talkative(house: House) -> None:
    await house.hear(placed(), *(said("stock", "CHECKING", n, id=str(n)) for n in range(1, 1_500)),
                     now=2_000)  # fmt: skip
    await house.hear(said("stock", "RECEIVED", 0.5), now=2_001)
    assert await house.one("select (state->>-1)::int from orders") == 1_501
    await check_book(house, now=2_001)


async def test_what_the_door_refused_is_kept_beside_what_it_let_in(house: House) -> None:
    letter = Refused(
        index=1, code="not_json", errors=(FieldError("", "is not JSON"),), payload=b"{\xff\x00"
    )
    for _ in range(2):
        await house.record([batch(placed(), rejected=[letter])])
    [row] = await house.rows("select code, payload, times, state from dead_letters")
    assert row == ("not_json", b"{\xff\x00", 2, "open")


@pytest.mark.parametrize(
    "event",
    [
        said("stock", "RES\0ERVED", 1),
        said("stock", "RESERVED", 1, location="\0"),
        said("stock", "RESERVED", 1, refs={"a": "\0"}),
    ],
    ids=["status", "location", "ref"],
)
async def test_a_value_the_database_refuses_is_called_so_and_nothing_is_stored(
    house: House, event: ReceivedEvent
) -> None:
    with pytest.raises(NotStorable):
        await house.hear(placed(), event, now=2)
    assert await house.one("select count(*) from identities") == 0
    assert (await house.hear(placed(), now=3)).accepted == 1


async def test_long_names_of_references_harm_nobody(house: House) -> None:
    awkward = {"\N{PILE OF POO}" * 500 + str(n) * 9: "\N{GRINNING FACE}" * 200 for n in range(3)}
    awkward |= {"".join(chr(0x4E00 + n * 7 % 20_000) for n in range(5_000)): "x"}
    receipt = await house.hear(placed(order="\N{GRINNING FACE}" * 100, refs=awkward))
    assert receipt.accepted == 1
    await check_book(house, now=0)


async def test_a_batch_of_nothing_but_refusals_and_an_empty_one_are_fine(house: House) -> None:
    receipts = (await house.record([Batch([], []), batch(placed()), Batch([], [])])).receipts
    assert [one.accepted for one in receipts] == [0, 1, 0]


async def test_when_retention_has_taken_the_history_a_late_word_is_still_heard(
    house: House,
) -> None:
    """The rest of the history cannot give the order back; what is known must not be lost."""
    await house.hear(placed(), said("commerce_engine", "ACCEPTED", 10), now=20)
    house.as_owner(
        "delete from events where event->'data'->>'status' = 'PENDING' and tenant_id = %s",
        house.alice,
    )
    await house.hear(said("stock", "RESERVED", 5), now=30)
    assert await house.one("select status from orders") == "PENDING"
    legs = await house.rows("select system from legs order by system")
    assert ("stock",) in legs
    await house.hear(said("checkout", "CAPTURED", 7), said("stock", "RESERVED", 40, id="x"), now=41)
    assert await house.one("select (state->>-1)::int from orders") == 5


async def test_every_order_is_what_its_stored_events_say(house: House) -> None:
    story = [placed(), said(OMS, "PROCESSING", MINUTE), said("commerce_engine", "ACCEPTED", 2)]
    for one in reversed(story):
        await house.hear(one, now=HOUR)
    stored = await events_of(house)
    assert set(stored) == {"o-1"}
    assert folded(*stored["o-1"]).event_count == 3
    await check_book(house, now=HOUR)
    assert not [one for one in stored["o-1"] if one.received_at > one.event.time.replace(hour=12)]


async def test_history_is_late_at_once(house: House) -> None:
    await house.hear(placed(), now=2 * DAY)
    assert await house.one("select overdue from orders") is True


@pytest.mark.parametrize("time", ["0002-01-01T00:00:00+23:59", "9998-12-31T23:59:59-23:59"])
async def test_the_ends_of_time_are_only_impossible_times(house: House, time: str) -> None:
    end = datetime.fromisoformat(time)
    await house.hear(placed(end, due_at=end), said("stock", "CHECKING", end, due_at=end), now=5)
    await check_book(house, now=5)
    await house.hear(placed(due_at=end), said("commerce_engine", "SENT", 1, due_at=end), now=6)
    orders = await check_book(house, now=6)
    sentence = explain(orders["o-1"], moment(7), ZoneInfo("Asia/Bangkok")).why.sentence
    assert sentence.startswith("Delayed: ")


async def test_rebuilding_after_retention_leaves_what_the_events_cannot_give_back(
    house: House,
) -> None:
    await house.hear(placed(), said("commerce_engine", "ACCEPTED", 10), now=20)
    house.as_owner(
        "delete from events where event->'data'->>'status' = 'PENDING' and tenant_id = %s",
        house.alice,
    )
    rebuilt = await rebuild_state(house.ledger, house.alice, lotus(), lambda: moment(20))
    assert rebuilt.changed == 0
    assert await house.one("select status from orders") == "PENDING"
