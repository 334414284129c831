-- What the list of orders asks beside the verdict, what people note on orders, the views they save.
-- depends: 0003-people

-- Which irregularities an order has, beside how many: those it remembers in full. The amount in
-- ten-thousandths: of numerics no index would be asked, since comparing them is not leakproof and
-- row security comes first.
alter table orders add column deviation_kinds text[] collate "C" not null default '{}',
  add column amount_units bigint;
alter table orders no force row level security;
update orders set amount_units = amount * 10000, deviation_kinds = coalesce(
  (select array_agg(distinct one ->> 'kind' order by one ->> 'kind')
   from json_array_elements(state -> 22) as one), '{}')
where deviations > 0 or amount is not null;
alter table orders force row level security;

-- One shop of thousands, an amount few orders reach, the few orders with something odd about them.
create index orders_by_location on orders (tenant_id, location, placed_at desc, order_id desc)
  where location is not null;
create index orders_by_amount on orders (tenant_id, amount_units) where amount_units is not null;
create index orders_deviating on orders (tenant_id, placed_at desc, order_id desc) where deviations > 0;

-- What people say about an order. Written once; the audit log knows by whom, too.
create table order_notes (
  tenant_id int not null references tenants,
  note_id bigint generated always as identity,
  order_id text collate "C" not null,
  written_at timestamptz not null,
  author text not null,
  note text not null check (length(note) between 1 and 2000),
  primary key (tenant_id, order_id, note_id)
);

-- Filters of the list under a name, shared by everybody of the tenant. What was deleted can be
-- taken back for as long as somebody may still miss it.
create table saved_views (
  tenant_id int not null references tenants,
  view_id bigint generated always as identity,
  name text not null check (length(name) between 1 and 60),
  query text not null check (length(query) <= 2000),
  author text not null,
  saved_at timestamptz not null,
  deleted_at timestamptz,
  primary key (tenant_id, view_id)
);
create unique index saved_views_by_name on saved_views (tenant_id, lower(name)) where deleted_at is null;

do $$
declare t text;
begin
  foreach t in array array['order_notes', 'saved_views'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy of_bound_tenant on %I using (tenant_id = (select bound_tenant())) '
                   'with check (tenant_id = (select bound_tenant()))', t);
  end loop;
end $$;
grant select, insert on order_notes to orderwatch_app;
grant select, insert, update on saved_views to orderwatch_app;
