-- What benchmarks hold the ledger against: the bare database doing one part of its work.

-- name: copy_events
copy events (tenant_id, order_id, event_time, received_at, event) from stdin

-- name: insert_event
insert into events (tenant_id, order_id, event_time, received_at, event)
values (%(tenant)s, %(order_id)s, %(event_time)s, %(received_at)s, %(event)s::json)

-- name: read_events
select order_id, event::text, received_at from events order by order_id

-- name: size
select (select count(*) from orders), (select count(*) from events), (select count(*) from legs),
  pg_database_size(current_database())

-- name: unsettled
-- Orders the watcher has yet to look at.
select count(*) from orders where next_deadline <= now()
