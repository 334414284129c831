-- The monthly partitions of the events.

-- name: prepare
select ensure_event_partitions(%(first)s::date, %(months)s)

-- name: clear
select drop_event_partitions(%(before)s)

-- name: forget
-- Identities of dropped events: found by arrival through a block range index.
delete from identities where received_at < date_trunc('month', %(before)s::timestamptz)
