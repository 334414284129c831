-- What happened in which minute, hour and day: words heard, deadlines passed, how long legs took.
-- depends: 0004-orders-list

-- `slot` spreads concurrent writers over rows of their own; readers sum over it.
create table happenings (
  tenant_id int not null,
  span text collate "C" not null check (span in ('minute', 'hour', 'day')),
  system text collate "C" not null,
  start timestamptz not null,
  channel text collate "C" not null,
  what text collate "C" not null,
  slot smallint not null,
  n bigint not null,
  primary key (tenant_id, span, system, start, channel, what, slot)
) with (fillfactor = 50);

-- A leg is counted in the minute in which it ended, in one of 22 classes by how long it took; their
-- bounds are in core/tracking/passing.py. One row has all classes, or there would be six times as many.
create table durations (
  tenant_id int not null,
  span text collate "C" not null check (span in ('minute', 'hour', 'day')),
  system text collate "C" not null,
  start timestamptz not null,
  channel text collate "C" not null,
  slot smallint not null,
  n int[] not null check (array_length(n, 1) = 22),
  primary key (tenant_id, span, system, start, channel, slot)
) with (fillfactor = 50);

-- Place by place; written out, since it runs for every row that moves.
create function added(held int[], more int[]) returns int[] language sql immutable strict parallel safe
return array[
  held[1] + more[1], held[2] + more[2], held[3] + more[3], held[4] + more[4], held[5] + more[5], held[6] + more[6],
  held[7] + more[7], held[8] + more[8], held[9] + more[9], held[10] + more[10], held[11] + more[11], held[12] + more[12],
  held[13] + more[13], held[14] + more[14], held[15] + more[15], held[16] + more[16], held[17] + more[17], held[18] + more[18],
  held[19] + more[19], held[20] + more[20], held[21] + more[21], held[22] + more[22]];

do $$
declare t text;
begin
  foreach t in array array['happenings', 'durations'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy of_bound_tenant on %I using (tenant_id = (select bound_tenant())) '
                   'with check (tenant_id = (select bound_tenant()))', t);
    execute format('grant select, insert, update, delete on %I to orderwatch_app', t);
  end loop;
end $$;

-- The worst trouble first: few orders are in any, whatever the time one looks at.
create index orders_in_trouble on orders (tenant_id, amount_units desc nulls last, placed_at, order_id)
  where class = 'failed' or overdue;
