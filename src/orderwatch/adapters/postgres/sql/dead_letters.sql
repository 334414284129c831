-- The queue of what could not be understood or applied.
-- A line that ends in `-- when NAME` is part of its statement only when NAME was asked for.

-- name: list
select dead_letter_id, code, errors, source, event_id, order_id, system,
  case when %(whole)s then payload else '' end, received_at, last_received_at, times, state, closed_at, closed_by, closed_why
from dead_letters where true
  and state = %(state)s                                                -- when state
  and code = %(code)s                                                  -- when code
  and system = %(system)s                                              -- when system
  and system is null                                                   -- when no_system
  and dead_letter_id < %(before)s                                      -- when before
order by dead_letter_id desc limit %(most)s

-- name: count
select count(*) from dead_letters where true
  and state = %(state)s                                                -- when state
  and code = %(code)s                                                  -- when code
  and system = %(system)s                                              -- when system
  and system is null                                                   -- when no_system

-- name: kinds
-- Each kind with the errors of its newest letter.
select kind.code, kind.system, kind.count, kind.times, kind.first_at, kind.last_at, newest.errors
from (
  select code, system, count(*), sum(times)::bigint as times, min(received_at) as first_at,
    max(last_received_at) as last_at, max(dead_letter_id) as newest
  from dead_letters where true
  and state = %(state)s                                                -- when state
  and code = %(code)s                                                  -- when code
  and system = %(system)s                                              -- when system
  and system is null                                                   -- when no_system
  group by code, system
) as kind join dead_letters as newest on newest.dead_letter_id = kind.newest
order by kind.last_at desc

-- name: show
select dead_letter_id, code, errors, source, event_id, order_id, system, payload, received_at,
  last_received_at, times, state, closed_at, closed_by, closed_why
from dead_letters where dead_letter_id = %(id)s

-- name: close
update dead_letters set state = %(state)s, closed_at = %(at)s, closed_by = %(by)s, closed_why = %(why)s
where dead_letter_id = %(id)s and state = 'open' returning dead_letter_id

-- name: reopen
-- Not where the same message came again meanwhile: that one is open in its place.
update dead_letters as d set state = 'open', closed_at = null, closed_by = null, closed_why = null
where state = 'discarded' and closed_at = %(at)s and closed_by = %(by)s
  and not exists (select 1 from dead_letters as again where again.tenant_id = d.tenant_id
    and again.state = 'open' and again.digest = d.digest and again.code = d.code)
returning dead_letter_id

-- name: amend
update dead_letters set errors = %(errors)s where dead_letter_id = %(id)s and state = 'open'
