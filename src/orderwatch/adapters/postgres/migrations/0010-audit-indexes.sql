-- The audit log by who did it, by what was done, and by when.
-- depends: 0006-passing

create index audit_log_by_actor on audit_log (tenant_id, actor, seq);
create index audit_log_by_action on audit_log (tenant_id, action, seq);
create index audit_log_by_time on audit_log (tenant_id, at);
