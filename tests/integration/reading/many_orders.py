"""Very many orders, fast: a few told by stories, the rest their copies, spread over days."""

from __future__ import annotations

import psycopg
from tests.integration.reading.conftest import Story
from tests.story import HOUR, MINUTE, T0, placed, said

from orderwatch.core.model import ReceivedEvent
from orderwatch.core.tracking.state import OrderState

PLACES = OrderState.__struct_fields__
"""Where the stored state, an array, has what differs between the copies."""
LEGS = ("commerce_engine", "checkout", "stock", "invoice")
WORDS = {
    "commerce_engine": "ACCEPTED",
    "checkout": "CAPTURED",
    "stock": "RESERVED",
    "invoice": "ISSUED",
}

_COPY = """
insert into orders
select tenant_id, new_id, 1, at, status, class, overdue, refunded, channel,
  fulfilment, delivery, 'TH-' || lpad((g %% 500)::text, 4, '0'), 100 + g %% 3000, currency,
  at, at, case when class = 'delayed' then at end,
  at, rule, systems, (g %% 40 = 0)::int,
  jsonb_set(jsonb_set(state::jsonb, array[%(placed_at)s], to_jsonb(at)),
    array[%(order_id)s], to_jsonb(new_id))::json, standing,
  case when g %% 40 > 0 then '{}' when g %% 400 = 0 then array['regression']
    else array['skipped_step'] end,
  (100 + g %% 3000) * 10000
from (
  select g, kind, kind || '-' || lpad(g::text, 8, '0') as new_id,
    %(now)s::timestamptz - (%(n)s - g) * (%(days)s * interval '1 day') / %(n)s as at
  from (
    select g, case
      when g > %(n)s * 0.99 then (array['open', 'late', 'failed', 'done'])[1 + g %% 4]
      when g %% 5000 = 0 then 'fraud'
      when g %% 5003 = 0 then 'open'
      when g %% 50 = 0 then 'failed'
      when g %% 33 = 0 then 'gone'
      else 'done' end as kind
    from generate_series(1, %(n)s) as g) as kinds) as copies
join orders on orders.order_id = kind and tenant_id = %(tenant)s
"""
_REFS = """
insert into order_refs select tenant_id, 'INV-' || order_id, 'invoice_no', order_id from orders
where tenant_id = %(tenant)s on conflict do nothing
"""
_COUNT = """
insert into counters
select tenant_id, date_trunc('minute', placed_at), system, coalesce(channel, ''), bucket,
  (hashtext(order_id) & 7)::smallint as slot, count(*), coalesce(sum(amount), 0)
from (
  select orders.*, '' as system,
    case when class <> 'delayed' then class when overdue then 'overdue' else 'waiting' end as bucket
  from orders
  union all
  select orders.*, unnest(systems), class from orders where class <> 'delayed') as counted
where tenant_id = %(tenant)s and order_id like '%%-%%'
group by 1, 2, 3, 4, 5, 6
on conflict (tenant_id, system, minute, channel, bucket, slot) do update
set n = counters.n + excluded.n, value = counters.value + excluded.value
"""


async def tell_many_orders(story: Story, url: str, n: int, days: int = 30) -> None:
    """`n` orders of Alice over the last days: nearly all done, the newest hundredth half open."""
    story.clock.set(0)
    for order in ("done", "open", "late", "failed", "gone", "fraud"):
        await story.tell(*_story_of(order))
    with psycopg.connect(url, autocommit=True) as connection:
        places = {name: str(PLACES.index(name)) for name in ("order_id", "placed_at")}
        values = {"n": n, "days": days, "now": T0, "tenant": story.alice} | places
        for statement in (_COPY, _REFS, _COUNT, "analyze orders, order_refs, counters"):
            connection.execute(statement, values)
        connection.execute("analyze counters_rolled")


def _story_of(order: str) -> list[ReceivedEvent]:
    started = -2 * HOUR if order == "late" else -10 * MINUTE
    channel = "app" if order in {"done", "open"} else "website"
    told = [placed(started, order=order, channel=channel, amount="100.00")]
    if order == "failed":
        return [*told, said("commerce_engine", "REJECTED", started + 2, order=order)]
    for second, system in enumerate(LEGS[: 1 if order == "open" else 4]):
        told.append(said(system, WORDS[system], started + second, order=order))
    last = {"done": "COMPLETE", "gone": "CANCELED", "fraud": "FRAUD"}.get(order)
    return told if last is None else [*told, said("phoenix_oms", last, started + 60, order=order)]
