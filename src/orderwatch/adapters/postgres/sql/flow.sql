-- What happened when, the worst trouble, and one system's: for the overview and the systems' pages.
-- A line that ends in `-- when NAME` is part of its statement only when NAME was asked for.

-- name: durations
-- The window in parts, each from the coarsest sums that fit it.
select system,
  sum(n[1])::bigint, sum(n[2])::bigint, sum(n[3])::bigint, sum(n[4])::bigint, sum(n[5])::bigint,
  sum(n[6])::bigint, sum(n[7])::bigint, sum(n[8])::bigint, sum(n[9])::bigint, sum(n[10])::bigint,
  sum(n[11])::bigint, sum(n[12])::bigint, sum(n[13])::bigint, sum(n[14])::bigint, sum(n[15])::bigint,
  sum(n[16])::bigint, sum(n[17])::bigint, sum(n[18])::bigint, sum(n[19])::bigint, sum(n[20])::bigint,
  sum(n[21])::bigint, sum(n[22])::bigint
from unnest(%(spans)s::text[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
    as part (span, starts, ends),
  lateral (
    select d.system, d.channel, d.n from durations d
    where d.span = part.span and d.system = any(%(systems)s)
      and d.start >= part.starts and d.start < part.ends) as counted
where true
  and channel = %(channel)s                                            -- when channel
group by system

-- name: duration_steps
select date_bin(%(step)s, start, %(origin)s),
  sum(n[1])::bigint, sum(n[2])::bigint, sum(n[3])::bigint, sum(n[4])::bigint, sum(n[5])::bigint,
  sum(n[6])::bigint, sum(n[7])::bigint, sum(n[8])::bigint, sum(n[9])::bigint, sum(n[10])::bigint,
  sum(n[11])::bigint, sum(n[12])::bigint, sum(n[13])::bigint, sum(n[14])::bigint, sum(n[15])::bigint,
  sum(n[16])::bigint, sum(n[17])::bigint, sum(n[18])::bigint, sum(n[19])::bigint, sum(n[20])::bigint,
  sum(n[21])::bigint, sum(n[22])::bigint
from durations
where span = %(span)s and system = %(system)s and start >= %(starts)s and start < %(ends)s
  and channel = %(channel)s                                            -- when channel
group by 1

-- name: happened
select counted.system, sum(n)::bigint
from unnest(%(spans)s::text[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
    as part (span, starts, ends),
  lateral (
    select h.system, h.channel, h.n from happenings h
    where h.span = part.span and h.system = any(%(systems)s) and h.what = %(what)s
      and h.start >= part.starts and h.start < part.ends) as counted
where true
  and channel = %(channel)s                                            -- when channel
group by counted.system

-- name: standing
-- Of all the days there ever were an index has those with something open.
select system, bucket, sum(n)::bigint from counters_rolled
where span = 'day' and bucket in ('waiting', 'overdue') and n <> 0 and system = any(%(systems)s)
  and channel = %(channel)s                                            -- when channel
group by system, bucket

-- name: happening_steps
select date_bin(%(step)s, start, %(origin)s), sum(n)::bigint
from happenings
where span = %(span)s and system = %(system)s and what = %(what)s
  and start >= %(starts)s and start < %(ends)s
  and channel = %(channel)s                                            -- when channel
group by 1

-- name: weighed_steps
-- How the orders placed in each step stand, and what they are worth.
select date_bin(%(step)s, at, %(origin)s), bucket, sum(n)::bigint, sum(value)
from (
  select minute as at, bucket, n, value from counters
  where %(span)s = 'minute' and system = %(system)s and minute >= %(starts)s and minute < %(ends)s
  and channel = %(channel)s                                            -- when channel
  union all
  select start, bucket, n, value from counters_rolled
  where span = %(span)s and system = %(system)s and start >= %(starts)s and start < %(ends)s
  and channel = %(channel)s                                            -- when channel
) as counted
group by 1, 2

-- name: worst_orders
-- Worth most first, then the longest in trouble: the index has them in this order.
select state::text from orders where (class = 'failed' or overdue)
  and placed_at >= %(placed_from)s                                     -- when placed_from
  and placed_at < %(placed_to)s                                        -- when placed_to
  and channel = %(channel)s                                            -- when channel
order by amount_units desc nulls last, placed_at, order_id limit %(most)s

-- name: worst_orders_at
-- Of one system: the worst of its last thousands of legs in trouble, however many more there are.
select o.state::text
from (
  (select order_id from legs where class = 'failed' and system = %(system)s
     and ended_at >= %(placed_from)s::timestamptz - interval '1 minute'             -- when placed_from
     and ended_at < %(placed_to)s::timestamptz + interval '1 day'                   -- when placed_to
   order by ended_at desc limit 2000)
  union
  (select order_id from legs where overdue and system = %(system)s
     and deadline >= %(placed_from)s - interval '1 minute'             -- when placed_from
     and deadline < %(placed_to)s + interval '1 day'                   -- when placed_to
   order by deadline desc limit 2000)) as near
join orders o on o.order_id = near.order_id
where true
  and o.placed_at >= %(placed_from)s                                   -- when placed_from
  and o.placed_at < %(placed_to)s                                      -- when placed_to
  and o.channel = %(channel)s                                          -- when channel
order by o.amount_units desc nulls last, o.placed_at, o.order_id limit %(most)s

-- name: failures_by_reason
-- Of the newest ten thousand at most, so that a bad week costs no more than a good one.
select coalesce(reason_code, ''), count(*)::bigint, max(ended_at)
from (
  select reason_code, ended_at from legs
  where class = 'failed' and system = %(system)s
    and ended_at >= %(starts)s                                         -- when starts
    and ended_at < %(ends)s                                            -- when ends
  order by ended_at desc limit 10000) as failed
group by 1 order by 2 desc, 1

-- name: letters_and_parked
select (select count(*) from dead_letters where state = 'open' and system = %(system)s)::bigint,
  (select count(*) from parked_events where system = %(system)s)::bigint
