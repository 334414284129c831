-- Events that wait for their order.
-- A line that ends in `-- when NAME` is part of its statement only when NAME was asked for.

-- name: groups
-- Counted by the number of instants that have passed since it came.
select system, width_bucket(received_at, %(begins)s::timestamptz[]), count(*),
  count(distinct order_id), min(received_at)
from parked_events group by 1, 2 order by min(received_at)

-- name: list
select identity, order_id, system, received_at, event::text from parked_events where true
  and system = %(system)s                                              -- when system
  and received_at >= %(since)s                                         -- when since
  and received_at < %(before)s                                         -- when before
  and (received_at, identity) > (%(after_at)s, %(after_id)s)           -- when after
order by received_at, identity limit %(most)s
