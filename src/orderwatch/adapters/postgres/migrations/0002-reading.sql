-- What reading needs beside the ledger: sums of counters over hours and days, and two indexes.
-- depends: 0001-ledger

-- A month of minutes is too many rows to add up for a page; hours and days of it are few. Kept by
-- triggers, so that whoever moves a counter moves these with it, in the same transaction.
create table counters_rolled (
  tenant_id int not null,
  span text collate "C" not null check (span in ('hour', 'day')),
  start timestamptz not null,
  system text collate "C" not null,
  channel text collate "C" not null,
  bucket text collate "C" not null,
  slot smallint not null,
  n bigint not null,
  value numeric(20, 4) not null,
  primary key (tenant_id, span, system, start, channel, bucket, slot)
) with (fillfactor = 50);

alter table counters_rolled enable row level security;
alter table counters_rolled force row level security;
create policy of_bound_tenant on counters_rolled using (tenant_id = (select bound_tenant()))
  with check (tenant_id = (select bound_tenant()));
grant select, insert, update, delete on counters_rolled to orderwatch_app;

create function roll_counters() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  if tg_op = 'INSERT' then
    insert into counters_rolled as r
    select tenant_id, span, date_trunc(span, minute, 'UTC'), system, channel, bucket, slot, sum(n), sum(value)
    from moved_to cross join (values ('day'), ('hour')) as spans (span)
    group by 1, 2, 3, 4, 5, 6, 7 order by 1, 2, 4, 3, 5, 6, 7
    on conflict (tenant_id, span, system, start, channel, bucket, slot)
    do update set n = r.n + excluded.n, value = r.value + excluded.value;
  else
    insert into counters_rolled as r
    select tenant_id, span, date_trunc(span, minute, 'UTC'), system, channel, bucket, slot, sum(n), sum(value)
    from (select * from moved_to union all
          select tenant_id, minute, system, channel, bucket, slot, -n, -value from moved_from) as moved
      cross join (values ('day'), ('hour')) as spans (span)
    group by 1, 2, 3, 4, 5, 6, 7 having sum(n) <> 0 or sum(value) <> 0 order by 1, 2, 4, 3, 5, 6, 7
    on conflict (tenant_id, span, system, start, channel, bucket, slot)
    do update set n = r.n + excluded.n, value = r.value + excluded.value;
  end if;
  return null;
end $$;

-- Nothing deletes counters; who ever does has to take the sums back as well, or is stopped here.
create function keep_counters() returns trigger language plpgsql as $$
begin
  raise exception 'counters are moved, never deleted: counters_rolled sums them';
end $$;

-- A reader asks for few systems over many minutes, so the system comes first.
alter table counters drop constraint counters_pkey,
  add primary key (tenant_id, system, minute, channel, bucket, slot);

alter table counters no force row level security;
alter table counters_rolled no force row level security;
insert into counters_rolled
select tenant_id, span, date_trunc(span, minute, 'UTC'), system, channel, bucket, slot, sum(n), sum(value)
from counters cross join (values ('day'), ('hour')) as spans (span) group by 1, 2, 3, 4, 5, 6, 7;
alter table counters force row level security;
alter table counters_rolled force row level security;

create trigger counters_inserted after insert on counters
  referencing new table as moved_to for each statement execute function roll_counters();
create trigger counters_updated after update on counters
  referencing old table as moved_from new table as moved_to
  for each statement execute function roll_counters();
create trigger counters_deleted before delete on counters
  for each statement execute function keep_counters();

-- A status few orders are in is found without passing all others.
create index orders_by_status on orders (tenant_id, status, placed_at desc, order_id desc);
-- What is open now, by system: of all the days there ever were only those with something open.
create index counters_rolled_open on counters_rolled (tenant_id, system) include (n)
  where span = 'day' and bucket in ('waiting', 'overdue') and n <> 0;
-- What is open, counted by system, for the metrics.
create index dead_letters_open_by_system on dead_letters (tenant_id, system) where state = 'open';
