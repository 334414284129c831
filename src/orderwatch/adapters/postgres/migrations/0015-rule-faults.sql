-- Alert rules whose condition could not be decided, for whoever looks at the rules.
-- depends: 0007-alerting

create table rule_faults (
  tenant_id int not null references tenants,
  rule text not null,
  why text not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  times bigint not null,
  primary key (tenant_id, rule)
) with (fillfactor = 70);
alter table rule_faults enable row level security;
alter table rule_faults force row level security;
create policy of_bound_tenant on rule_faults using (tenant_id = (select bound_tenant()))
  with check (tenant_id = (select bound_tenant()));
grant select, insert, update, delete on rule_faults to orderwatch_app;
