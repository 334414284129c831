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
select tenant_id, seq, at, kind, actor, address, action, subject, details, previous, hash
from audit_log
where (%(before)s::bigint is null or seq < %(before)s)
  and (%(actor)s::text is null or actor = %(actor)s)
  and (%(action)s::text is null or starts_with(action, %(action)s))
order by seq desc limit %(most)s
