-- The outbox: notices that wait are claimed for a few seconds, sent, and recorded.

-- name: due
-- Asked once a second for each tenant: a walk over what waits.
select distinct channel from notices
where state = 'waiting' and due_at <= %(now)s and (claimed_until is null or claimed_until <= %(now)s)

-- name: lock
-- One sender of a channel at a time: its notices keep their order, and its limit is exact.
select pg_try_advisory_xact_lock(hashtext('orderwatch notices ' || %(channel)s), bound_tenant())

-- name: waiting
select notice_id, kind, message->>'priority', incident_id, due_at, attempts, claimed_until, merged_into
from notices where state = 'waiting' and channel = %(channel)s
order by due_at, notice_id limit %(most)s
for update skip locked

-- name: sent_since
select count(*) from notices
where state = 'sent' and channel = %(channel)s and ended_at > %(since)s and kind <> 'test'

-- name: claim
-- Bound together until it is known that they did not arrive.
update notices as n set claimed_until = %(until)s, attempts = attempts + 1, merged_into = %(lead)s
where notice_id = any(%(ids)s) and state = 'waiting'
returning notice_id, key::text, channel, message::text, incident_id, created_at, due_at, attempts,
  (select first.thread from notices as first
   where first.incident_id = n.incident_id and first.channel = n.channel and first.thread is not null
     and first.state in ('sent', 'merged')
   order by first.notice_id limit 1)

-- name: delivered
update notices set state = case when notice_id = %(lead)s then 'sent' else 'merged' end,
  merged_into = nullif(%(lead)s, notice_id), thread = case when notice_id = %(lead)s then %(thread)s end,
  ended_at = %(at)s, claimed_until = null, problem = null
where notice_id = any(%(ids)s) and state = 'waiting' and claimed_until = %(until)s
returning notice_id

-- name: wake_others
-- The channel takes notices again: what rested because of it is due.
update notices set due_at = %(at)s
where state = 'waiting' and channel = %(channel)s and attempts > 0 and due_at > %(at)s

-- name: put_off
update notices set due_at = %(next)s, claimed_until = null, problem = %(why)s,
  merged_into = case when %(together)s then merged_into end
where notice_id = any(%(ids)s) and state = 'waiting' and claimed_until = %(until)s
returning notice_id

-- name: given_up
update notices set state = 'failed', merged_into = nullif(%(lead)s, notice_id), ended_at = %(at)s,
  claimed_until = null, problem = %(why)s
where notice_id = any(%(ids)s) and state = 'waiting' and claimed_until = %(until)s
returning notice_id

-- name: log
insert into incident_log (tenant_id, incident_id, at, kind, actor, entry)
select bound_tenant(), id, %(at)s, %(kind)s, '', left(%(entry)s, 4000)
from unnest(%(incidents)s::bigint[]) as id

-- name: note_failure
insert into alert_causes (tenant_id, noted_at, cause)
values (bound_tenant(), %(at)s, %(cause)s::json)

-- name: add_tested
-- A test is sent at once, by whoever asks for it, and only written down here.
insert into notices (tenant_id, key, channel, kind, rule, message, state, created_at, due_at, attempts,
  ended_at, problem)
values (bound_tenant(), %(key)s::uuid, %(channel)s, 'test', '', %(message)s::json, %(state)s, %(at)s,
  %(at)s, 1, %(ended_at)s, %(problem)s)
returning notice_id

-- name: on_fire
-- What a channel was last told of each incident that goes on.
select distinct on (n.incident_id) n.message::text
from notices as n join incidents as i on i.incident_id = n.incident_id
where i.state = 'firing' and n.channel = %(channel)s and n.state in ('sent', 'merged')
  and n.kind in ('firing', 'update')
order by n.incident_id, n.notice_id desc
