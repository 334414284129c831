-- What benchmarks hold the ledger against: the bare database doing one part of its work.

-- name: insert_event
insert into events (tenant_id, order_id, event_time, received_at, event)
values (%(tenant)s, %(order_id)s, %(event_time)s, %(received_at)s, %(event)s::json)

-- name: read_events
select order_id, event::text, received_at from events

-- name: size
select (select count(*) from orders), (select count(*) from events), (select count(*) from legs),
  pg_database_size(current_database())

-- name: unsettled
-- Orders the watcher has yet to look at.
select count(*) from orders where next_deadline <= now()

-- name: arrive_when_told
-- As if each event had come when it happened, so that the months of its arrival are its own.
update events set received_at = event_time

-- name: multiply_totals
update totals set value = value * %(times)s

-- name: multiply_systems
update systems set events = events * %(times)s

-- name: multiply_happenings
-- Legs end on the days after, too: copies of neighbouring days lie in slots of their own.
insert into happenings (tenant_id, span, system, start, channel, what, slot, n)
select tenant_id, span, system, start - make_interval(days => copy), channel, what,
  slot + 8 * (1 + copy %% 90), n
from happenings, generate_series(1, %(copies)s) as copy where start < %(before)s::date

-- name: multiply_durations
insert into durations (tenant_id, span, system, start, channel, slot, n)
select tenant_id, span, system, start - make_interval(days => copy), channel,
  slot + 8 * (1 + copy %% 90), n
from durations, generate_series(1, %(copies)s) as copy where start < %(before)s::date

-- name: ensure_partitions
select ensure_event_partitions(%(first)s::date, %(months)s)

-- name: order_ids
select order_id from orders order by order_id
