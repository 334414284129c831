-- What is open now, by system, bucket and channel, from the index alone.
-- depends: 0010-audit-indexes

drop index counters_rolled_open;
create index counters_rolled_open on counters_rolled (tenant_id, system) include (bucket, channel, n)
  where span = 'day' and bucket in ('waiting', 'overdue') and n <> 0;
