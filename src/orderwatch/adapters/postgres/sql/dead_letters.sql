-- The queue of what could not be understood or applied.
-- A line that ends in `-- when NAME` is part of its statement only when NAME was asked for.

-- name: list
select dead_letter_id, code, errors, source, event_id, order_id, system, payload, received_at,
  last_received_at, times, state, closed_at, closed_by, closed_why
from dead_letters where true
  and state = %(state)s                                                -- when state
  and code = %(code)s                                                  -- when code
  and system = %(system)s                                              -- when system
  and dead_letter_id < %(before)s                                      -- when before
order by dead_letter_id desc limit %(most)s

-- name: count
select count(*) from dead_letters where true
  and state = %(state)s                                                -- when state
  and code = %(code)s                                                  -- when code
  and system = %(system)s                                              -- when system

-- name: show
select dead_letter_id, code, errors, source, event_id, order_id, system, payload, received_at,
  last_received_at, times, state, closed_at, closed_by, closed_why
from dead_letters where dead_letter_id = %(id)s

-- name: close
update dead_letters set state = %(state)s, closed_at = %(at)s, closed_by = %(by)s, closed_why = %(why)s
where dead_letter_id = %(id)s and state = 'open' returning dead_letter_id

-- name: amend
update dead_letters set errors = %(errors)s where dead_letter_id = %(id)s and state = 'open'
