-- The audit log: appended to, read, never changed.

-- name: lock
-- One writer per tenant until its transaction ends: numbers have no gaps, and each row follows the
-- one before it. The lock comes last in every transaction, so nobody holding it waits for another.
select pg_advisory_xact_lock(hashtext('orderwatch audit'), bound_tenant())

-- name: head
-- The time is the database's, asked under the lock: rows stand in the order of their times.
select bound_tenant(), coalesce(newest.seq, 0), newest.hash, clock_timestamp()
from (select 1) as one left join lateral
  (select seq, hash from audit_log order by seq desc limit 1) as newest on true

-- name: append
insert into audit_log (tenant_id, seq, at, kind, actor, address, action, subject, details, previous, hash)
values (%(tenant)s, %(seq)s, %(at)s, %(kind)s, %(actor)s, %(address)s, %(action)s, %(subject)s,
        %(details)s, %(previous)s, %(hash)s)

-- name: rows
select tenant_id, seq, at, kind, actor, address, action, subject, details, previous, hash
from audit_log where seq > %(after)s order by seq limit %(most)s

-- name: newest
-- A line that ends in `-- when NAME` is part of it only when NAME was asked for.
select tenant_id, seq, at, kind, actor, address, action, subject, details, previous, hash
from audit_log
where true
  and seq < %(before)s                                                 -- when before
  and actor = %(actor)s                                                -- when actor
  and action >= %(action)s and action < %(after_action)s               -- when action
  and at >= %(starts)s                                                 -- when starts
  and at < %(ends)s                                                    -- when ends
order by seq desc limit %(most)s

-- name: actors
-- One step down the index for each name, however many rows each has.
with recursive names as (
  (select actor from audit_log order by actor limit 1)
  union all
  select (select a.actor from audit_log a where a.actor > names.actor order by a.actor limit 1)
  from names where names.actor is not null)
select actor from names where actor is not null limit 500
