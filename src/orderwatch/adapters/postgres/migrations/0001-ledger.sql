-- The ledger: tenants and keys, events, the orders and legs folded from them, and what counts them.
--
-- Every table of a tenant's data has its tenant in the key and row-level security forced. The
-- application works as orderwatch_app, which owns nothing; it sees the rows of the tenant bound to
-- its transaction by set_config('orderwatch.tenant', ID, true), and none when nothing is bound.

create function bound_tenant() returns int language sql stable parallel safe
  return nullif(current_setting('orderwatch.tenant', true), '')::int;

create function directory_open() returns boolean language sql stable parallel safe
  return coalesce(current_setting('orderwatch.directory', true), '') = 'open';

-- Each writing connection counts in rows of its own, so that none waits for another's commit.
create function writer_slot() returns smallint language sql stable parallel safe
  return coalesce(nullif(current_setting('orderwatch.slot', true), ''), '0')::smallint;

-- Tenants -------------------------------------------------------------------------------------

create table tenants (
  tenant_id int generated always as identity primary key,
  name text not null unique check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  created_at timestamptz not null default now(),
  disabled_at timestamptz
);

-- Every version of a tenant's flow template as it was applied; the newest is in force.
create table templates (
  tenant_id int not null references tenants,
  version int not null,
  name text not null,
  source text not null,
  applied_at timestamptz not null default now(),
  primary key (tenant_id, version)
);

create table keys (
  tenant_id int not null references tenants,
  key_id text collate "C" primary key,
  secret_hash bytea not null,
  source_prefix text not null,
  can_read boolean not null default false,
  signing_secrets jsonb not null default '[]',
  created_at timestamptz not null default now(),
  revoked_at timestamptz
);
create index keys_of_tenant on keys (tenant_id);

-- Events --------------------------------------------------------------------------------------

-- Partitioned by arrival, not by event time: history from years ago lands in today's partition,
-- and retention is a dropped partition.
create table events (
  tenant_id int not null,
  order_id text collate "C" not null,
  event_time timestamptz not null,
  received_at timestamptz not null,
  event json not null
) partition by range (received_at);
create index events_of_order on events (tenant_id, order_id, event_time);
create table events_default partition of events default;

-- The application owns nothing, so partitions are made and dropped by these, with the owner's rights.
-- Rows that came while a month had no partition wait in the default one and are moved.
create function ensure_event_partitions(first date, months int) returns int
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  lower_bound timestamptz;
  upper_bound timestamptz;
  partition text;
  made int := 0;
begin
  perform pg_advisory_xact_lock(hashtext('orderwatch partitions'));
  for i in 0 .. least(months, 24) - 1 loop
    lower_bound := (date_trunc('month', first) + make_interval(months => i))::timestamp at time zone 'UTC';
    upper_bound := (date_trunc('month', first) + make_interval(months => i + 1))::timestamp at time zone 'UTC';
    partition := 'events_' || to_char(lower_bound at time zone 'UTC', 'YYYYMM');
    continue when to_regclass(partition) is not null;
    -- Otherwise a row that is being written just now would be left behind, where it may not stay.
    lock table events_default in access exclusive mode;
    lock table events in access exclusive mode;  -- or a writer's row slips into the default one
    execute format('create table %I (like events including defaults)', partition);
    execute format('with moved as (delete from events_default where received_at >= %L and received_at < %L '
                   'returning *) insert into %I select * from moved', lower_bound, upper_bound, partition);
    execute format('alter table events attach partition %I for values from (%L) to (%L)',
                   partition, lower_bound, upper_bound);
    made := made + 1;
  end loop;
  return made;
end $$;

create function drop_event_partitions(before timestamptz) returns text[]
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  partition text;
  dropped text[] := '{}';
begin
  if before > now() - interval '7 days' then
    raise exception 'events younger than 7 days are never dropped';
  end if;
  for partition in
    select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'events'::regclass and c.relname ~ '^events_[0-9]{6}$'
      and (to_date(substr(c.relname, 8), 'YYYYMM') + interval '1 month') at time zone 'UTC' <= before
  loop
    execute format('drop table %I', partition);
    dropped := dropped || partition;
  end loop;
  return dropped;
end $$;
revoke all on function ensure_event_partitions(date, int), drop_event_partitions(timestamptz) from public;
grant execute on function ensure_event_partitions(date, int), drop_event_partitions(timestamptz) to orderwatch_app;

-- The identity of every event (a hash of source and id) with a hash of what it states: makes an
-- event count once over all partitions, and tells a repeat from a conflict.
create table identities (
  tenant_id int not null,
  identity uuid not null,
  content bigint not null,
  received_at timestamptz not null,
  primary key (tenant_id, identity)
);
create index identities_by_arrival on identities using brin (received_at);

create table parked_events (
  tenant_id int not null,
  order_id text collate "C" not null,
  identity uuid not null,
  system text not null,
  received_at timestamptz not null,
  event json not null,
  primary key (tenant_id, order_id, identity)
);
create index parked_by_arrival on parked_events (tenant_id, received_at);

create table dead_letters (
  tenant_id int not null,
  dead_letter_id bigint generated always as identity,
  code text not null,
  errors jsonb not null,
  source text,
  event_id text,
  order_id text collate "C",
  system text,
  payload bytea not null,
  digest bytea not null,
  received_at timestamptz not null,
  last_received_at timestamptz not null,
  times int not null default 1,
  state text not null default 'open' check (state in ('open', 'retried', 'discarded')),
  closed_at timestamptz,
  closed_by text,
  closed_why text,
  primary key (tenant_id, dead_letter_id)
);
-- The same bad message sent again is the same dead letter.
create unique index dead_letters_open on dead_letters (tenant_id, digest, code) where state = 'open';
create index dead_letters_by_id on dead_letters (tenant_id, state, dead_letter_id desc);

-- Orders --------------------------------------------------------------------------------------

-- `state` is what the fold remembers, `standing` what the counters hold of the order; the other
-- columns are the verdict, for queries.
create table orders (
  tenant_id int not null,
  order_id text collate "C" not null,
  revision bigint not null,
  placed_at timestamptz not null,
  status text collate "C" not null,
  class text collate "C" not null check (class in ('success', 'failed', 'delayed')),
  overdue boolean not null,
  refunded boolean not null,
  channel text collate "C",
  fulfilment text collate "C",
  delivery text collate "C",
  location text collate "C",
  amount numeric(16, 4),
  currency text collate "C",
  status_since timestamptz not null,
  deadline timestamptz,
  next_deadline timestamptz,
  updated_at timestamptz not null,
  rule text not null,
  systems text[] not null,
  deviations int not null,
  state json not null,
  standing json not null,
  primary key (tenant_id, order_id)
  -- A row is about 2 kB, where compression would begin, and is written with every event.
) with (fillfactor = 85, toast_tuple_target = 8160);
create index orders_by_placing on orders (tenant_id, placed_at desc, order_id desc);
create index orders_delayed on orders (tenant_id, placed_at desc, order_id desc) where class = 'delayed';
create index orders_failed on orders (tenant_id, placed_at desc, order_id desc) where class = 'failed';
create index orders_overdue on orders (tenant_id, placed_at desc, order_id desc) where overdue;
-- The watcher's question, "what became overdue this second", at any size.
create index orders_next_deadline on orders (tenant_id, next_deadline) where next_deadline is not null;

create table legs (
  tenant_id int not null,
  order_id text collate "C" not null,
  system text collate "C" not null,
  status text collate "C",
  class text collate "C" not null check (class in ('success', 'failed', 'delayed')),
  overdue boolean not null,
  started_at timestamptz,
  ended_at timestamptz,
  deadline timestamptz,
  attempts int not null,
  reason_code text,
  primary key (tenant_id, order_id, system)
) with (fillfactor = 85);
create index legs_failed on legs (tenant_id, system, ended_at desc) where class = 'failed';
create index legs_overdue on legs (tenant_id, system, deadline) where overdue;

-- Other names of an order: invoice number, airway bill, payment reference.
create table order_refs (
  tenant_id int not null,
  value text collate "C" not null,
  name text collate "C" not null,
  order_id text collate "C" not null,
  primary key (tenant_id, value, order_id, name)
);

-- Counts --------------------------------------------------------------------------------------

-- `slot` spreads concurrent writers over rows of their own; readers sum over it.
create table counters (
  tenant_id int not null,
  minute timestamptz not null,
  system text collate "C" not null,
  channel text collate "C" not null,
  bucket text collate "C" not null,
  slot smallint not null,
  n bigint not null,
  value numeric(20, 4) not null,
  primary key (tenant_id, minute, system, channel, bucket, slot)
) with (fillfactor = 70);

create table totals (
  tenant_id int not null,
  metric text collate "C" not null,
  labels text[] collate "C" not null,
  le text collate "C" not null,
  slot smallint not null,
  value double precision not null,
  primary key (tenant_id, metric, labels, le, slot)
) with (fillfactor = 50);

create table systems (
  tenant_id int not null,
  system text collate "C" not null,
  slot smallint not null,
  last_event_at timestamptz not null,
  last_received_at timestamptz not null,
  events bigint not null,
  primary key (tenant_id, system, slot)
) with (fillfactor = 50);

-- Who may see what ------------------------------------------------------------------------------

do $$
declare t text;
begin
  foreach t in array array['templates', 'events', 'identities', 'parked_events', 'dead_letters',
                           'orders', 'legs', 'order_refs', 'counters', 'totals', 'systems'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy of_bound_tenant on %I using (tenant_id = (select bound_tenant())) '
                   'with check (tenant_id = (select bound_tenant()))', t);
    execute format('grant select, insert, update, delete on %I to orderwatch_app', t);
  end loop;
end $$;
-- History is never changed, and ends only with its whole month.
revoke update, delete on events from orderwatch_app;
grant usage on schema public to orderwatch_app;

-- The directory: who the tenants are, for the worker and the administrator, never for a request.
alter table tenants enable row level security;
alter table tenants force row level security;
create policy of_bound_tenant on tenants using (tenant_id = (select bound_tenant()));
create policy of_directory on tenants using ((select directory_open())) with check ((select directory_open()));
grant select, insert, update on tenants to orderwatch_app;

-- A key is looked up by its id before its tenant is known: binding the id shows that one row.
alter table keys enable row level security;
alter table keys force row level security;
create policy of_bound_tenant on keys using (tenant_id = (select bound_tenant()))
  with check (tenant_id = (select bound_tenant()));
create policy presented on keys for select
  using (key_id = nullif(current_setting('orderwatch.key', true), ''));
grant select, insert, update on keys to orderwatch_app;
