-- The past by arrival, for replays. Events lie in the order of their arrival, so a stretch of it is
-- found by the ranges of `events_by_arrival`.

-- name: count
select count(*) from events where received_at >= %(since)s and received_at < %(until)s

-- name: arrived
select event::text, received_at from events
where received_at >= %(since)s and received_at < %(until)s order by received_at, order_id

-- name: history
select event::text, received_at from events
where order_id = any(%(order_ids)s) and received_at < %(before)s
