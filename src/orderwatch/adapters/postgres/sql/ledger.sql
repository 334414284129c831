-- The write path: what one batch of one tenant touches is claimed and loaded in one round trip,
-- and written back in another. All rows go in sorted by key, so two writers never deadlock.

-- name: claim
-- What is really new: only these are folded and counted, so a retry moves nothing.
insert into identities (tenant_id, identity, content, received_at)
select bound_tenant(), identity, content, %(now)s
from unnest(%(identities)b::uuid[], %(contents)b::bigint[]) as claimed (identity, content)
order by identity
on conflict do nothing
returning identity

-- name: known_contents
select identity, content from identities where identity = any(%(identities)b::uuid[])

-- name: unclaim
delete from identities where identity = any(%(identities)b::uuid[])

-- name: load
-- Locked in key order; the newest committed version of each, even after waiting for its writer.
select order_id, revision, state::text, standing::text from orders
where order_id = any(%(order_ids)b) order by order_id for update

-- name: unpark
delete from parked_events where order_id = any(%(order_ids)b)
returning identity, received_at, event::text

-- name: history
select event::text, received_at from events where order_id = any(%(order_ids)b)

-- name: store_events
insert into events (tenant_id, order_id, event_time, received_at, event)
select bound_tenant(), order_id, event_time, received_at, event
from json_to_recordset(%(rows)s::json)
  as r (order_id text, event_time timestamptz, received_at timestamptz, event json)

-- name: park
insert into parked_events (tenant_id, order_id, identity, system, received_at, event)
select bound_tenant(), order_id, identity, system, received_at, event
from json_to_recordset(%(rows)s::json)
  as r (order_id text, identity uuid, system text, received_at timestamptz, event json)
on conflict do nothing

-- name: store_orders
-- A row is written only by one who saw the version before it; the caller counts what was written.
insert into orders as o (tenant_id, order_id, revision, placed_at, status, class, overdue, refunded,
  channel, fulfilment, delivery, location, amount, currency, status_since, deadline, next_deadline,
  updated_at, rule, systems, deviations, deviation_kinds, amount_units, state, standing)
select bound_tenant(), order_id, revision, placed_at, status, class, overdue, refunded,
  channel, fulfilment, delivery, location, amount, currency, status_since, deadline, next_deadline,
  updated_at, rule, systems, deviations, deviation_kinds, amount * 10000, state, standing
from json_to_recordset(%(rows)s::json)
  as r (order_id text, revision bigint, placed_at timestamptz, status text, class text,
    overdue boolean, refunded boolean, channel text, fulfilment text, delivery text, location text,
    amount numeric, currency text, status_since timestamptz, deadline timestamptz,
    next_deadline timestamptz, updated_at timestamptz, rule text, systems text[], deviations int,
    deviation_kinds text[], state json, standing json)
on conflict (tenant_id, order_id) do update set
  revision = excluded.revision, placed_at = excluded.placed_at, status = excluded.status,
  class = excluded.class, overdue = excluded.overdue, refunded = excluded.refunded,
  channel = excluded.channel, fulfilment = excluded.fulfilment, delivery = excluded.delivery,
  location = excluded.location, amount = excluded.amount, currency = excluded.currency,
  status_since = excluded.status_since, deadline = excluded.deadline,
  next_deadline = excluded.next_deadline, updated_at = excluded.updated_at, rule = excluded.rule,
  systems = excluded.systems, deviations = excluded.deviations,
  deviation_kinds = excluded.deviation_kinds, amount_units = excluded.amount_units,
  state = excluded.state, standing = excluded.standing
where o.revision = excluded.revision - 1

-- name: store_legs
insert into legs (tenant_id, order_id, system, status, class, overdue, started_at, ended_at,
  deadline, attempts, reason_code)
select bound_tenant(), order_id, system, status, class, overdue, started_at, ended_at,
  deadline, attempts, reason_code
from json_to_recordset(%(rows)s::json)
  as r (order_id text, system text, status text, class text, overdue boolean,
    started_at timestamptz, ended_at timestamptz, deadline timestamptz, attempts int,
    reason_code text)
on conflict (tenant_id, order_id, system) do update set
  status = excluded.status, class = excluded.class, overdue = excluded.overdue,
  started_at = excluded.started_at, ended_at = excluded.ended_at, deadline = excluded.deadline,
  attempts = excluded.attempts, reason_code = excluded.reason_code

-- name: drop_legs
delete from legs l using unnest(%(order_ids)b::text[], %(systems)b::text[]) as gone (order_id, system)
where l.order_id = gone.order_id and l.system = gone.system

-- name: store_refs
insert into order_refs (tenant_id, value, name, order_id)
select bound_tenant(), value, name, order_id
from unnest(%(values)b::text[], %(names)b::text[], %(order_ids)b::text[]) as r (value, name, order_id)
order by value, order_id, name
on conflict do nothing

-- name: move_counters
insert into counters as c (tenant_id, minute, system, channel, bucket, slot, n, value)
select bound_tenant(), minute, system, channel, bucket, writer_slot(), n, value
from unnest(%(minutes)b::timestamptz[], %(systems)b::text[], %(channels)b::text[],
  %(buckets)b::text[], %(ns)b::bigint[], %(values)b::numeric[])
  as r (minute, system, channel, bucket, n, value)
on conflict (tenant_id, minute, system, channel, bucket, slot)
do update set n = c.n + excluded.n, value = c.value + excluded.value

-- name: move_totals
insert into totals as t (tenant_id, metric, labels, le, slot, value)
select bound_tenant(), metric,
  case labels when '' then array[''] else string_to_array(labels, chr(31)) end, le, writer_slot(), value
from unnest(%(metrics)b::text[], %(labels)b::text[], %(les)b::text[], %(values)b::float8[])
  as r (metric, labels, le, value)
on conflict (tenant_id, metric, labels, le, slot) do update set value = t.value + excluded.value

-- name: count_happenings
insert into happenings as h (tenant_id, span, system, start, channel, what, slot, n)
select bound_tenant(), span, system, start, channel, what, writer_slot(), n
from unnest(%(spans)b::text[], %(systems)b::text[], %(starts)b::timestamptz[],
  %(channels)b::text[], %(whats)b::text[], %(ns)b::bigint[])
  as r (span, system, start, channel, what, n)
on conflict (tenant_id, span, system, start, channel, what, slot)
do update set n = h.n + excluded.n

-- name: count_durations
insert into durations as d (tenant_id, span, system, start, channel, slot, n)
select bound_tenant(), span, system, start, channel, writer_slot(), n
from json_to_recordset(%(rows)s::json)
  as r (span text, system text, start timestamptz, channel text, n int[])
on conflict (tenant_id, span, system, start, channel, slot)
do update set n = added(d.n, excluded.n)

-- name: count_activity
insert into activity as a (tenant_id, minute, channel, slot, success, failed, waiting, overdue)
select bound_tenant(), to_timestamp(60.0 * minute), channel, writer_slot(), success, failed, waiting, overdue
from unnest(%(minutes)b::bigint[], %(channels)b::text[], %(success)b::int[], %(failed)b::int[],
  %(waiting)b::int[], %(overdue)b::int[]) as r (minute, channel, success, failed, waiting, overdue)
on conflict (tenant_id, minute, channel, slot) do update set success = a.success + excluded.success,
  failed = a.failed + excluded.failed, waiting = a.waiting + excluded.waiting,
  overdue = a.overdue + excluded.overdue

-- name: forget_activity
-- Minutes nobody asks about any more; writers have stopped moving them.
delete from activity where minute < %(before)s

-- name: hear_systems
insert into systems as s (tenant_id, system, slot, last_event_at, last_received_at, events)
select bound_tenant(), system, writer_slot(), last_event_at, last_received_at, events
from unnest(%(systems)b::text[], %(event_ats)b::timestamptz[], %(received_ats)b::timestamptz[],
  %(events)b::bigint[]) as r (system, last_event_at, last_received_at, events)
order by system
on conflict (tenant_id, system, slot) do update set
  last_event_at = greatest(s.last_event_at, excluded.last_event_at),
  last_received_at = greatest(s.last_received_at, excluded.last_received_at),
  events = s.events + excluded.events

-- name: bury
-- The same bad message sent again is the same dead letter.
insert into dead_letters as d (tenant_id, code, errors, source, event_id, order_id, system, payload,
  digest, received_at, last_received_at)
values (bound_tenant(), %(code)s, %(errors)s, %(source)s, %(event_id)s, %(order_id)s, %(system)s,
  %(payload)s, %(digest)s, %(now)s, %(now)s)
on conflict (tenant_id, digest, code) where state = 'open'
do update set times = d.times + 1, last_received_at = excluded.last_received_at

-- name: due
-- Orders whose verdict the clock may have changed; another worker's are passed over.
select order_id, revision, state::text, standing::text from orders
where next_deadline <= %(now)s order by next_deadline limit %(most)s for update skip locked

-- name: left_parked
-- Parked events whose order has appeared: parked by one writer while another announced it.
select distinct p.order_id from parked_events p
where p.received_at > %(since)s and exists (select 1 from orders o where o.tenant_id = p.tenant_id
  and o.order_id = p.order_id) limit 1000

-- name: expired
-- What waits although its order is there (see left_parked) is applied, however old.
delete from parked_events where (tenant_id, order_id, identity) in (
  select tenant_id, order_id, identity from parked_events p where received_at < %(before)s
    and not exists (select 1 from orders o where o.tenant_id = p.tenant_id and o.order_id = p.order_id)
  order by received_at limit %(most)s for update skip locked)
returning identity, order_id, system, event::text

-- name: next_orders
select distinct order_id from events where order_id > %(after)s order by order_id limit %(most)s

-- name: verdicts
select order_id, class, overdue, status, deadline, next_deadline, rule from orders
where order_id = any(%(order_ids)b)

-- name: note_causes
-- The front half of the alerts' outbox: whoever evaluates next takes them.
insert into alert_causes (tenant_id, noted_at, cause)
select bound_tenant(), %(now)s, cause::json
from unnest(%(causes)b::text[]) with ordinality as noted (cause, place) order by place
