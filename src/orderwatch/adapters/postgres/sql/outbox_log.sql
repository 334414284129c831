-- What became of notices, for people: how channels do, what each was told, and the mailbox.
-- A line that ends in `-- when NAME` is part of its statement only when NAME was asked for.

-- name: health
-- Of each channel: its last success, its last failure, and what waits, counted up to a thousand.
select named.channel, sent.at, failed.at, failed.problem, waits.n, waits.since, waits.problem
from unnest(%(channels)s::text[]) as named (channel)
left join lateral (
  select ended_at as at from notices where channel = named.channel and state = 'sent'
  order by ended_at desc limit 1) as sent on true
left join lateral (
  select ended_at as at, problem from notices where channel = named.channel and state = 'failed'
  order by notice_id desc limit 1) as failed on true
cross join lateral (
  select count(*) as n, min(created_at) filter (where attempts > 0) as since, max(problem) as problem
  from (select created_at, attempts, problem from notices
        where channel = named.channel and state = 'waiting' order by due_at limit 1000) as waiting)
  as waits

-- name: log
select notice_id, channel, kind, message ->> 'title', state, created_at, due_at, ended_at, attempts,
  problem, incident_id, merged_into
from notices where channel = %(channel)s
  and notice_id < %(before)s                                           -- when before
order by notice_id desc limit %(most)s

-- name: kept
-- What several channels were told: the mailbox.
select notice_id, channel, kind, message ->> 'title', state, created_at, due_at, ended_at, attempts,
  problem, incident_id, merged_into
from unnest(%(channels)s::text[]) as named (name), lateral (
  select * from notices where channel = named.name
  and notice_id < %(before)s                                           -- when before
  order by notice_id desc limit %(most)s) as told
order by notice_id desc limit %(most)s

-- name: message
select notice_id, channel, kind, message ->> 'title', state, created_at, due_at, ended_at, attempts,
  problem, incident_id, merged_into, message::text
from notices where notice_id = %(notice)s
