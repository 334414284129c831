-- The read path: every statement runs in a transaction bound to its tenant and asks an index.
-- A line that ends in `-- when NAME` is part of its statement only when NAME was asked for.

-- name: list_orders
-- Planned anew each time, so that the partial indexes for delayed, failed and overdue serve.
select state::text from orders where true
  and class = %(class)s                                                -- when class
  and overdue = %(overdue)s                                            -- when overdue
  and status = %(status)s                                              -- when status
  and channel = %(channel)s                                            -- when channel
  and systems @> array[%(system)s::text]                               -- when system
  and placed_at >= %(placed_from)s                                     -- when placed_from
  and placed_at < %(placed_to)s                                        -- when placed_to
  and order_id >= %(text)s and order_id <= %(text_end)s                -- when text
  and order_id = any(%(referred)s)                                     -- when referred
  and location = %(location)s                                          -- when location
  and amount_units >= (%(amount_from)s * 10000)::bigint                -- when amount_from
  and amount_units <= (%(amount_to)s * 10000)::bigint                  -- when amount_to
  and deviations > 0                                                   -- when deviating
  and deviation_kinds @> array[%(deviation)s::text]                    -- when deviation
  and (placed_at, order_id) < (%(after_at)s, %(after_id)s)             -- when after
  and (placed_at, order_id) > (%(before_at)s, %(before_id)s)           -- when before
order by
  placed_at, order_id,                                                 -- when before
  placed_at desc, order_id desc limit %(most)s

-- name: count_listed
-- How many orders a filter names, up to a number worth counting to.
select count(*) from (
  select from orders where true
  and class = %(class)s                                                -- when class
  and overdue = %(overdue)s                                            -- when overdue
  and status = %(status)s                                              -- when status
  and channel = %(channel)s                                            -- when channel
  and systems @> array[%(system)s::text]                               -- when system
  and placed_at >= %(placed_from)s                                     -- when placed_from
  and placed_at < %(placed_to)s                                        -- when placed_to
  and location = %(location)s                                          -- when location
  and amount_units >= (%(amount_from)s * 10000)::bigint                -- when amount_from
  and amount_units <= (%(amount_to)s * 10000)::bigint                  -- when amount_to
  and deviations > 0                                                   -- when deviating
  and deviation_kinds @> array[%(deviation)s::text]                    -- when deviation
  order by placed_at desc, order_id desc limit %(most)s) as listed

-- name: related
-- Orders that share a reference with this one; of each reference the last few.
select mine.name, mine.value, shared.order_id
from unnest(%(names)s::text[], %(values)s::text[]) as mine (name, value),
  lateral (
    select order_id from order_refs where value = mine.value and name = mine.name
      and order_id <> %(order_id)s order by order_id desc limit %(most)s) as shared

-- name: days_with_orders
select min(start), max(start) + interval '1 day' from counters_rolled
where span = 'day' and system = %(system)s and n > 0
  and channel = %(channel)s                                            -- when channel

-- name: referred
-- Orders that have a reference beginning so; of very many, the first in the alphabet.
select distinct order_id from (
  select order_id from order_refs where value >= %(text)s and value <= %(text_end)s
  order by value limit 500) as near

-- name: get_orders
select state::text from orders where order_id = any(%(order_ids)s)

-- name: applied_events
select event::text, received_at from events where order_id = %(order_id)s

-- name: parked_for
select event::text, received_at from parked_events where order_id = %(order_id)s

-- name: last_words
select system, max(last_event_at), max(last_received_at), sum(events)::bigint from systems
group by system

-- name: open_by_system
select system, sum(n)::bigint from counters_rolled
where span = 'day' and bucket in ('waiting', 'overdue') and n <> 0 and system = any(%(systems)s)
group by system

-- name: count_orders
-- The window in parts, each from the coarsest sums that fit it.
select counted.system, channel, bucket, sum(n)::bigint, sum(value)
from unnest(%(spans)s::text[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
    as part (span, starts, ends),
  lateral (
    select system, channel, bucket, n, value from counters
    where part.span = 'minute' and system = any(%(systems)s)
      and minute >= part.starts and minute < part.ends
    union all
    select system, channel, bucket, n, value from counters_rolled
    where span = part.span and system = any(%(systems)s)
      and start >= part.starts and start < part.ends
  ) as counted
where true
  and channel = %(channel)s                                            -- when channel
group by counted.system, channel, bucket

-- name: count_steps
select date_bin(%(step)s, at, %(origin)s), bucket, sum(n)::bigint
from (
  select minute as at, bucket, n from counters
  where %(span)s = 'minute' and system = %(system)s and minute >= %(starts)s and minute < %(ends)s
  and channel = %(channel)s                                            -- when channel
  union all
  select start, bucket, n from counters_rolled
  where span = %(span)s and system = %(system)s and start >= %(starts)s and start < %(ends)s
  and channel = %(channel)s                                            -- when channel
) as counted
group by 1, 2

-- name: tenants
select tenant_id, name from tenants where disabled_at is null order by tenant_id

-- name: totals
select metric, labels, le, sum(value) from totals group by metric, labels, le

-- name: parked_by_system
select system, count(*) from parked_events group by system

-- name: open_dead_letters_by_system
select coalesce(system, ''), count(*) from dead_letters where state = 'open' group by 1
