"""What people write down: notes on orders, and views of the list under a name."""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import parse_qsl, urlencode

from litestar import Response, post
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect

from orderwatch.app.order_notes import Author, add_note
from orderwatch.app.saved_views import Kept, SavedView, rename_view, save_view
from orderwatch.core.people.roles import Permission
from orderwatch.entrypoints.console.languages import N_, Said
from orderwatch.entrypoints.console.listing import asked_of
from orderwatch.entrypoints.console.pages import AnyRequest, TheConsole, TheReader, order_address
from orderwatch.entrypoints.web.security import PAGE_HEADERS
from orderwatch.entrypoints.web.sign_in import require

Form = Annotated[dict[str, Any], Body(media_type=RequestEncodingType.URL_ENCODED)]
Answer = Response[Any]

SAID: Final = Said(
    {
        "saved": N_("The view was saved. Everybody here can open it."),
        "renamed": N_("The view has its new name."),
        "deleted": N_("The view was deleted."),
        "restored": N_("The view is back."),
        Kept.NO_NAME.name.lower(): N_("A view needs a name."),
        Kept.NAME_TAKEN.name.lower(): N_("There is a view of this name already; take another."),
        Kept.TOO_MANY.name.lower(): N_(
            "There are as many views as there may be; delete one first."
        ),
        Kept.NO_SUCH.name.lower(): N_("This view is not there any more."),
    }
)
"""What the list says after a view was changed."""
WENT_WRONG: Final = frozenset(kept.name.lower() for kept in Kept if kept is not Kept.DONE)


@post("/notes", status_code=303, opt=require(Permission.ADD_NOTES))
async def write_note(
    request: AnyRequest, console: TheConsole, reader: TheReader, data: Form
) -> Answer:
    """Leave a note on an order, and go back to it."""
    order_id, back = str(data.get("order_id", "")), str(data.get("back", ""))
    author = Author(reader.name, reader.acting(request))
    typed = str(data.get("note", ""))
    await add_note(console.notes, reader.tenant, order_id, typed, author, console.now())
    query = asked_of(parse_qsl(back)).here("/orders") if back else order_address(order_id)
    return _to(query if back else f"{query}#history")


@post("/views", status_code=303, opt=require(Permission.SHARE_VIEWS))
async def write_view(
    request: AnyRequest, console: TheConsole, reader: TheReader, data: Form
) -> Answer:
    """Save the filter under a name."""
    query = _query(data)
    view = SavedView(0, str(data.get("name", "")), query, reader.name)
    kept, view_id = await save_view(
        console.views, reader.tenant, view, console.now(), reader.acting(request)
    )
    return _back(query, kept, "saved", view_id)


@post("/views/{view_id:int}/rename", status_code=303, opt=require(Permission.SHARE_VIEWS))
async def give_view_a_name(
    request: AnyRequest, console: TheConsole, reader: TheReader, view_id: int, data: Form
) -> Answer:
    """Give a view another name."""
    typed = str(data.get("name", ""))
    kept = await rename_view(console.views, reader.tenant, view_id, typed, reader.acting(request))
    return _back(_query(data), kept, "renamed", view_id)


@post("/views/{view_id:int}/delete", status_code=303, opt=require(Permission.SHARE_VIEWS))
async def delete_view(
    request: AnyRequest, console: TheConsole, reader: TheReader, view_id: int, data: Form
) -> Answer:
    """Delete a view; the page then offers to take it back."""
    by, now = reader.acting(request), console.now()
    kept = await console.views.delete_view(reader.tenant, view_id, now, by)
    return _back(_query(data), kept, "deleted", view_id)


@post("/views/{view_id:int}/restore", status_code=303, opt=require(Permission.SHARE_VIEWS))
async def restore_view(
    request: AnyRequest, console: TheConsole, reader: TheReader, view_id: int, data: Form
) -> Answer:
    """Take a deletion back."""
    by = reader.acting(request)
    kept = await console.views.delete_view(reader.tenant, view_id, None, by)
    return _back(_query(data), kept, "restored", view_id)


def _query(data: dict[str, Any]) -> str:
    """The filter of the form, as an address has it; whatever else it holds is left out."""
    return asked_of(parse_qsl(str(data.get("query", "")))).query


def _back(query: str, kept: Kept, done: str, view_id: int) -> Answer:
    said = done if kept is Kept.DONE else kept.name.lower()
    told = urlencode({"said": said, "view": str(view_id)})
    return _to(f"/orders?{query}&{told}" if query else f"/orders?{told}")


def _to(address: str) -> Answer:
    return Redirect(address, status_code=303, headers=PAGE_HEADERS)
