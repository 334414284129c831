"""Notes and saved views are all of one tenant's, nobody else's, and in the audit log."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from tests.integration.reading.conftest import Story
from tests.story import T0, lotus, placed

from orderwatch.adapters.postgres.audit import PostgresAudit
from orderwatch.adapters.postgres.notes import PostgresNotes
from orderwatch.adapters.postgres.reading import PostgresReading
from orderwatch.app.audit import Wanted
from orderwatch.app.order_notes import Author, add_note
from orderwatch.app.read_orders import read_order
from orderwatch.app.saved_views import MOST_VIEWS, Kept, SavedView, rename_view, save_view
from orderwatch.core.model import TenantId
from orderwatch.core.people.audit import Actor, ActorKind

MALI = Actor(ActorKind.PERSON, "mali", "10.0.0.7")
AUTHOR = Author("mali", MALI)


def view(name: str, query: str = "class=failed") -> SavedView:
    return SavedView(0, name, query, "mali")


async def deeds(story: Story, tenant: TenantId) -> list[tuple[str, str, str]]:
    """What the audit log has, newest first: who, did what, to what."""
    rows = await PostgresAudit(story.database).newest(tenant, Wanted())
    return [(row.actor.name, row.deed.action, row.deed.subject) for row in rows]


async def test_a_note_stays_with_its_order_and_its_author(story: Story) -> None:
    notes = PostgresNotes(story.database)
    await story.tell(placed(0, order="o-1"))
    assert await add_note(notes, story.alice, "o-1", " Called the store. \n", AUTHOR, T0)
    assert await add_note(notes, story.alice, "o-1", "They pick.", AUTHOR, T0 + timedelta(hours=1))
    kept = await notes.notes_of(story.alice, "o-1")
    assert [(note.author, note.text) for note in kept] == [
        ("mali", "Called the store."),
        ("mali", "They pick."),
    ]
    assert kept[0].written_at == T0
    assert await deeds(story, story.alice) == [("mali", "order.noted", "o-1")] * 2


async def test_nothing_is_noted_without_words_or_without_an_order(story: Story) -> None:
    notes = PostgresNotes(story.database)
    await story.tell(placed(0, order="o-1"))
    assert not await add_note(notes, story.alice, "o-1", " \n ", AUTHOR, T0)
    assert not await add_note(notes, story.alice, "nobody", "Hello?", AUTHOR, T0)
    assert not await add_note(notes, story.bob, "o-1", "Not mine.", AUTHOR, T0)
    assert await deeds(story, story.alice) == []
    assert await deeds(story, story.bob) == []


async def test_a_note_cannot_be_changed_or_taken_out(story: Story) -> None:
    await story.tell(placed(0, order="o-1"))
    await add_note(PostgresNotes(story.database), story.alice, "o-1", "So it was.", AUTHOR, T0)
    for statement in ("update order_notes set note = 'else'", "delete from order_notes"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with story.database.tenant(story.alice) as connection:
                await connection.execute(statement)


async def test_another_tenant_sees_neither_notes_nor_views(story: Story) -> None:
    notes = PostgresNotes(story.database)
    for tenant in (story.alice, story.bob):
        await story.tell(placed(0, order="o-1"), to=tenant)
    await add_note(notes, story.alice, "o-1", "Alice's.", AUTHOR, T0)
    _, view_id = await save_view(notes, story.alice, view("Night"), T0, MALI)
    assert await notes.notes_of(story.bob, "o-1") == []
    assert await notes.views(story.bob) == []
    assert await rename_view(notes, story.bob, view_id, "Mine", MALI) is Kept.NO_SUCH
    assert await notes.delete_view(story.bob, view_id, T0, MALI) is Kept.NO_SUCH
    assert (await save_view(notes, story.bob, view("Night"), T0, MALI))[0] is Kept.DONE
    for table in ("order_notes", "saved_views"):
        async with story.database.tenant(story.bob) as connection:
            found = await connection.execute(f"select distinct tenant_id from {table}")
            assert {row[0] for row in await found.fetchall()} <= {story.bob}


async def test_a_view_is_saved_renamed_deleted_and_taken_back(story: Story) -> None:
    notes = PostgresNotes(story.database)
    kept, view_id = await save_view(notes, story.alice, view(" Failed  at night "), T0, MALI)
    assert kept is Kept.DONE
    assert await rename_view(notes, story.alice, view_id, "Failed", MALI) is Kept.DONE
    (saved,) = await notes.views(story.alice)
    assert (saved.name, saved.query, saved.author) == ("Failed", "class=failed", "mali")
    assert await notes.delete_view(story.alice, view_id, T0, MALI) is Kept.DONE
    assert await notes.views(story.alice) == []
    assert await notes.delete_view(story.alice, view_id, T0, MALI) is Kept.NO_SUCH
    assert await notes.delete_view(story.alice, view_id, None, MALI) is Kept.DONE
    assert [one.name for one in await notes.views(story.alice)] == ["Failed"]
    assert [action for _, action, _ in await deeds(story, story.alice)] == [
        *("view.restored", "view.deleted", "view.renamed", "view.saved"),
    ]


async def test_a_name_is_given_once_however_it_is_written(story: Story) -> None:
    notes = PostgresNotes(story.database)
    _, first = await save_view(notes, story.alice, view("Night"), T0, MALI)
    assert (await save_view(notes, story.alice, view("NIGHT"), T0, MALI))[0] is Kept.NAME_TAKEN
    _, second = await save_view(notes, story.alice, view("Day"), T0, MALI)
    assert await rename_view(notes, story.alice, second, "night", MALI) is Kept.NAME_TAKEN
    assert await rename_view(notes, story.alice, second, " ", MALI) is Kept.NO_NAME
    await notes.delete_view(story.alice, first, T0, MALI)
    assert await rename_view(notes, story.alice, second, "Night", MALI) is Kept.DONE
    assert await notes.delete_view(story.alice, first, None, MALI) is Kept.NAME_TAKEN


async def test_there_are_only_so_many_views(story: Story) -> None:
    notes = PostgresNotes(story.database)
    for number in range(MOST_VIEWS):
        assert (await save_view(notes, story.alice, view(f"v{number}"), T0, MALI))[0] is Kept.DONE
    assert (await save_view(notes, story.alice, view("more"), T0, MALI))[0] is Kept.TOO_MANY
    assert (await save_view(notes, story.bob, view("more"), T0, MALI))[0] is Kept.DONE


async def test_orders_that_share_a_reference_are_related(story: Story) -> None:
    await story.tell(
        placed(0, order="o-1", refs={"parent": "P-7", "awb": "A-1"}),
        placed(1, order="o-2", refs={"parent": "P-7"}),
        placed(2, order="o-3", refs={"parent": "P-8", "awb": "A-1"}),
        placed(3, order="o-4", refs={"other": "P-7"}),
    )
    await story.tell(placed(0, order="o-9", refs={"parent": "P-7"}), to=story.bob)
    reading = PostgresReading(story.database)
    order = await read_order(reading, story.alice, lotus(), "o-1", T0)
    assert order is not None
    related = await reading.related(story.alice, order, 10)
    assert related == {"o-3": ("awb", "A-1"), "o-2": ("parent", "P-7")}
