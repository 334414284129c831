-- What people write down: notes on orders, and views of the list of orders.

-- name: notes_of
select written_at, author, note from order_notes where order_id = %(order_id)s order by note_id

-- name: add_note
-- Only on an order that was announced.
insert into order_notes (tenant_id, order_id, written_at, author, note)
select tenant_id, order_id, %(at)s, %(author)s, %(note)s from orders where order_id = %(order_id)s
returning note_id

-- name: views
select view_id, name, query, author from saved_views where deleted_at is null
order by lower(name), view_id

-- name: save_view
insert into saved_views (tenant_id, name, query, author, saved_at)
select bound_tenant(), %(name)s, %(query)s, %(author)s, %(at)s
where (select count(*) from saved_views where deleted_at is null) < %(most)s
returning view_id

-- name: rename_view
update saved_views set name = %(name)s where view_id = %(view_id)s and deleted_at is null
returning name

-- name: delete_view
update saved_views set deleted_at = %(at)s
where view_id = %(view_id)s and (deleted_at is null) = (%(at)s::timestamptz is not null)
returning name
