-- Alerting: books of rules, causes from the ledger, incidents with their orders and history, and
-- the outbox of notices.
-- depends: 0006-passing

-- Every version of a tenant's alert book as it was applied; the newest is in force.
create table alert_books (
  tenant_id int not null references tenants,
  version int not null,
  name text not null,
  source text not null,
  applied_at timestamptz not null default now(),
  applied_by text,
  primary key (tenant_id, version)
);

-- What orders got into or out of, written in the transaction that moved them and taken by whoever
-- evaluates next: the front half of the outbox. Empty most of the time.
create table alert_causes (
  tenant_id int not null,
  cause_id bigint generated always as identity,
  noted_at timestamptz not null,
  cause json not null,
  primary key (tenant_id, cause_id)
) with (autovacuum_vacuum_scale_factor = 0.02);

-- One row per tenant and kind of round: who evaluates locks it, and the next sees when it was done.
create table alert_rounds (
  tenant_id int not null references tenants,
  round text collate "C" not null,
  done_at timestamptz not null,
  primary key (tenant_id, round)
);

-- Conditions that are true, but not yet for as long as their rule's `hold`.
create table alert_pending (
  tenant_id int not null references tenants,
  rule text collate "C" not null,
  group_key text collate "C" not null,
  since timestamptz not null,
  primary key (tenant_id, rule, group_key)
);

create table incidents (
  tenant_id int not null references tenants,
  incident_id bigint generated always as identity,
  rule text collate "C" not null,
  group_key text collate "C" not null,
  priority text collate "C" not null check (priority in ('high', 'medium', 'low')),
  team text collate "C" not null,
  title text not null,
  about json not null,
  labels json not null,
  runbook text,
  state text collate "C" not null check (state in ('firing', 'resolved')),
  cause_at timestamptz not null,
  fired_at timestamptz not null,
  last_joined_at timestamptz,
  well_since timestamptz,
  resolved_at timestamptz,
  orders int not null,
  still_open int not null,
  money numeric(20, 4) not null,
  currency text not null,
  tally json not null,
  common text not null,
  told_at timestamptz,
  told_orders int not null,
  quiet text not null,
  acknowledged_at timestamptz,
  acknowledged_by text,
  assigned_to text,
  escalated_at timestamptz,
  parent bigint,
  previous bigint,
  external json not null,
  primary key (tenant_id, incident_id),
  check ((state = 'resolved') = (resolved_at is not null))
) with (fillfactor = 70);
-- One episode of a group at a time, whatever two workers conclude at once.
create unique index incidents_firing on incidents (tenant_id, rule, group_key) where state = 'firing';
create index incidents_by_time on incidents (tenant_id, fired_at desc, incident_id desc);
create index incidents_of_group on incidents (tenant_id, rule, group_key, fired_at desc);
create index incidents_of_parent on incidents (tenant_id, parent) where parent is not null;

create table incident_orders (
  tenant_id int not null,
  incident_id bigint not null,
  order_id text collate "C" not null,
  joined_at timestamptz not null,
  cause_at timestamptz not null,
  system text collate "C" not null,
  reason text not null,
  status text not null,
  channel text not null,
  location text not null,
  payment text not null,
  customer text not null,
  amount numeric(16, 4) not null,
  marks text[] collate "C" not null,
  recovered_at timestamptz,
  primary key (tenant_id, incident_id, order_id)
) with (fillfactor = 85);
create index incident_orders_of_order on incident_orders (tenant_id, order_id);
create index incident_orders_worst on incident_orders (tenant_id, incident_id, amount desc, order_id);

create table incident_log (
  tenant_id int not null,
  incident_id bigint not null,
  entry_id bigint generated always as identity,
  at timestamptz not null,
  kind text collate "C" not null,
  actor text not null,
  entry text not null check (length(entry) <= 4000),
  primary key (tenant_id, incident_id, entry_id)
);

create table silences (
  tenant_id int not null references tenants,
  silence_id bigint generated always as identity,
  kind text collate "C" not null check (kind in ('silence', 'maintenance')),
  matches json not null,
  starts_at timestamptz not null,
  ends_at timestamptz not null check (ends_at > starts_at),
  why text not null check (length(why) between 1 and 1000),
  author text not null,
  made_at timestamptz not null,
  ended_at timestamptz,
  primary key (tenant_id, silence_id)
);
create index silences_by_end on silences (tenant_id, ends_at);

-- The outbox. A notice is claimed for a few seconds while it is sent; `key` stays the same at every try.
create table notices (
  tenant_id int not null references tenants,
  notice_id bigint generated always as identity,
  key uuid not null default gen_random_uuid(),
  channel text collate "C" not null,
  incident_id bigint,
  kind text collate "C" not null,
  rule text collate "C" not null,
  message json not null,
  state text collate "C" not null default 'waiting' check (state in ('waiting', 'sent', 'merged', 'failed')),
  created_at timestamptz not null,
  due_at timestamptz not null,
  attempts int not null default 0,
  claimed_until timestamptz,
  ended_at timestamptz,
  merged_into bigint,
  thread text,
  problem text,
  primary key (tenant_id, notice_id)
) with (fillfactor = 70);
create index notices_waiting on notices (tenant_id, channel, due_at) where state = 'waiting';
create index notices_by_time on notices (tenant_id, notice_id desc);
create index notices_of_channel on notices (tenant_id, channel, ended_at desc) where state = 'sent';
create index notices_of_incident on notices (tenant_id, incident_id, notice_id) where incident_id is not null;

do $$
declare t text;
begin
  foreach t in array array['alert_books', 'alert_causes', 'alert_rounds', 'alert_pending', 'incidents',
                           'incident_orders', 'incident_log', 'silences', 'notices'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy of_bound_tenant on %I using (tenant_id = (select bound_tenant())) '
                   'with check (tenant_id = (select bound_tenant()))', t);
  end loop;
end $$;
grant select, insert on alert_books, incident_log to orderwatch_app;
grant select, insert, update on alert_rounds, incidents, silences, notices to orderwatch_app;
grant select, insert, update, delete on alert_causes, alert_pending, incident_orders to orderwatch_app;
