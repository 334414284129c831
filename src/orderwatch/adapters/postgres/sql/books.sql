-- The alert books of a tenant.

-- name: newest_book
select source from alert_books order by version desc limit 1

-- name: book_versions
select version, name, applied_at, applied_by from alert_books order by version desc

-- name: book_source
select source from alert_books where version = %(version)s

-- name: apply_book
-- Only on the version it was written for: two people at once do not undo each other's work.
insert into alert_books (tenant_id, version, name, source, applied_by)
select bound_tenant(), %(base)s::int + 1, %(name)s, %(source)s, %(by)s
where %(base)s::int = (select coalesce(max(version), 0) from alert_books)
returning version

-- name: rule_faults
select rule, why, first_at, last_at, times from rule_faults order by rule

-- name: forget_faults
-- They are those of rules that were in force until now.
delete from rule_faults
