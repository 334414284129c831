-- What alert rules compute their figures from: which orders were active lately.
-- depends: 0007-alerting

-- Each order counts once, in the minute of its latest activity, by how it stands now; it is moved
-- when it moves. `slot` spreads concurrent writers over rows of their own; readers sum over it, and
-- a row of one slot may well be negative. An hour is kept. The buckets are columns rather than rows:
-- an order that moves within a minute moves one row.
create table activity (
  tenant_id int not null,
  minute timestamptz not null,
  channel text collate "C" not null,
  slot smallint not null,
  success int not null,
  failed int not null,
  waiting int not null,
  overdue int not null,
  primary key (tenant_id, minute, channel, slot)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

alter table activity enable row level security;
alter table activity force row level security;
create policy of_bound_tenant on activity using (tenant_id = (select bound_tenant()))
  with check (tenant_id = (select bound_tenant()));
grant select, insert, update, delete on activity to orderwatch_app;

-- Who polls other systems and reports how they answered; so many at most, since each is a label.
create table connectors (
  tenant_id int not null references tenants,
  connector text collate "C" not null check (connector ~ '^[a-z0-9][a-z0-9_.-]{0,59}$'),
  first_seen_at timestamptz not null,
  primary key (tenant_id, connector)
);
alter table connectors enable row level security;
alter table connectors force row level security;
create policy of_bound_tenant on connectors using (tenant_id = (select bound_tenant()))
  with check (tenant_id = (select bound_tenant()));
grant select, insert on connectors to orderwatch_app;
