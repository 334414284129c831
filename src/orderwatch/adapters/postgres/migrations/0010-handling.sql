-- What people ask of incidents: their orders page by page, and what became of a channel's notices.
-- depends: 0007-alerting

-- Under row security an index is sought by operators that cannot leak alone; those of numeric may.
alter table incident_orders
  add column amount_units bigint generated always as ((amount * 10000)::bigint) stored;
drop index incident_orders_worst;
create index incident_orders_worst
  on incident_orders (tenant_id, incident_id, amount_units desc, order_id);

create index notices_log on notices (tenant_id, channel, notice_id desc);
