-- What alert rules are judged by: sums of counters, each statement served by one index.

-- name: active
-- Each window from its first minute on; the primary key has the minutes in order.
select part.number, counted.channel, sum(counted.success)::bigint, sum(counted.failed)::bigint,
  sum(counted.waiting)::bigint, sum(counted.overdue)::bigint
from unnest(%(numbers)s::int[], %(starts)s::timestamptz[]) as part (number, starts),
  lateral (select channel, success, failed, waiting, overdue from activity where minute >= part.starts)
    as counted
group by 1, 2

-- name: happened
select part.number, counted.system, counted.channel, counted.what, sum(counted.n)::bigint
from unnest(%(numbers)s::int[], %(spans)s::text[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
    as part (number, span, starts, ends),
  lateral (
    select h.system, h.channel, h.what, h.n from happenings h
    where h.span = part.span and h.system = any(%(systems)s) and h.what = any(%(whats)s)
      and h.start >= part.starts and h.start < part.ends) as counted
group by 1, 2, 3, 4

-- name: took
select part.number, counted.system, counted.channel,
  sum(n[1])::bigint, sum(n[2])::bigint, sum(n[3])::bigint, sum(n[4])::bigint, sum(n[5])::bigint,
  sum(n[6])::bigint, sum(n[7])::bigint, sum(n[8])::bigint, sum(n[9])::bigint, sum(n[10])::bigint,
  sum(n[11])::bigint, sum(n[12])::bigint, sum(n[13])::bigint, sum(n[14])::bigint, sum(n[15])::bigint,
  sum(n[16])::bigint, sum(n[17])::bigint, sum(n[18])::bigint, sum(n[19])::bigint, sum(n[20])::bigint,
  sum(n[21])::bigint, sum(n[22])::bigint
from unnest(%(numbers)s::int[], %(spans)s::text[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
    as part (number, span, starts, ends),
  lateral (
    select d.system, d.channel, d.n from durations d
    where d.span = part.span and d.system = any(%(systems)s)
      and d.start >= part.starts and d.start < part.ends) as counted
group by 1, 2, 3

-- name: placed
-- How the orders placed in each part stand now.
select part.number, counted.channel, counted.bucket, sum(counted.n)::bigint
from unnest(%(numbers)s::int[], %(spans)s::text[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
    as part (number, span, starts, ends),
  lateral (
    select channel, bucket, n from counters
    where part.span = 'minute' and system = '' and minute >= part.starts and minute < part.ends
    union all
    select channel, bucket, n from counters_rolled
    where span = part.span and system = '' and start >= part.starts and start < part.ends
  ) as counted
where counted.bucket = any(array['success', 'failed', 'waiting', 'overdue'])
group by 1, 2, 3

-- name: recorded_days
-- The days of the last weeks on which any order was placed.
select distinct start from counters_rolled
where span = 'day' and system = '' and n > 0 and start >= %(since)s

-- name: last_words
select system, max(last_received_at), max(last_event_at) from systems
where system = any(%(systems)s) group by system

-- name: open_by_system
select system, sum(n)::bigint from counters_rolled
where span = 'day' and bucket in ('waiting', 'overdue') and n <> 0 and system = any(%(systems)s)
group by system

-- name: newest
select placed_at from orders where placed_at <= %(now)s order by placed_at desc limit 1

-- name: newest_by_channel
-- From the day to the hour to the minute in which a channel's newest order was placed, and in that
-- minute to the order itself.
select channel, coalesce(newest.placed_at, in_minute.start)
from (select distinct labels[1] as channel from totals where metric = 'orders_placed') as known,
  lateral (select start from counters_rolled r
    where r.span = 'day' and r.system = '' and r.channel = known.channel and r.n > 0
      and r.start <= %(now)s order by r.start desc limit 1) as in_day,
  lateral (select start from counters_rolled r
    where r.span = 'hour' and r.system = '' and r.channel = known.channel and r.n > 0
      and r.start >= in_day.start and r.start <= %(now)s order by r.start desc limit 1) as in_hour,
  lateral (select minute as start from counters c
    where c.system = '' and c.channel = known.channel and c.n > 0
      and c.minute >= in_hour.start and c.minute <= %(now)s order by c.minute desc limit 1) as in_minute
  left join lateral (select max(placed_at) as placed_at from orders o
    where o.placed_at >= in_minute.start and o.placed_at < in_minute.start + interval '1 minute'
      and o.placed_at <= %(now)s and o.channel is not distinct from nullif(known.channel, '')) as newest
    on true

-- name: mismatches
select labels[1], sum(value)::bigint from totals where metric = 'mismatches_open' group by 1

-- name: connectors
select connector from connectors

-- name: usual
-- The newest orders before an instant, with what they may have in common.
-- How it was paid is told as causes tell it: by the kinds of its amounts.
select dimension, value, count(*)::bigint from (
  select channel, location, (state -> 17)::text as amounts
  from orders where placed_at < %(before)s order by placed_at desc, order_id desc limit %(most)s) as latest,
  lateral (values ('orders', ''), ('channel', channel), ('location', location), ('payment', case
    when amounts like '%%/cod\_expected"%%' or amounts like '%%/cod\_collected"%%' then 'cod'
    when amounts like '%%/authorized"%%' or amounts like '%%/captured"%%' then 'prepaid' end))
    as found (dimension, value)
where value is not null
group by 1, 2

-- name: known_connectors
select connector from connectors where connector = any(%(connectors)s)

-- name: add_connectors
-- As many as there is room for; of those that come at once the first in the alphabet.
insert into connectors (tenant_id, connector, first_seen_at)
select bound_tenant(), asked.connector, %(now)s
from unnest(%(connectors)s::text[]) as asked (connector)
where not exists (select from connectors c where c.connector = asked.connector)
order by asked.connector
limit greatest(0, %(most)s - (select count(*) from connectors))
on conflict do nothing
