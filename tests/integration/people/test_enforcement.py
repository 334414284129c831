"""The table of permissions holds on every way in: API, pages, keys, and forms of other sites."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

import httpx
import pytest
from litestar import Litestar, Response, Router, get, post
from litestar.di import Provide
from litestar.params import Dependency
from litestar.routes import HTTPRoute
from msgspec.structs import replace
from tests.integration.people.conftest import COOKIE, Office, read_key
from tests.story import batch, lotus, placed, said

from orderwatch.app.record_events import record_events
from orderwatch.core.people.masking import MASK
from orderwatch.core.people.roles import Permission, Role, may, needed_for
from orderwatch.entrypoints.api.problems import EXCEPTION_HANDLERS, Problem
from orderwatch.entrypoints.api.reading import AnyRequest, let_in, refuse
from orderwatch.entrypoints.console.pages import NotAllowed, NotSignedIn, guard_of, require_reader
from orderwatch.entrypoints.console.router import not_allowed, to_login
from orderwatch.entrypoints.web.sessions import Sessions
from orderwatch.entrypoints.web.sign_in import Reader, SignIn, require

OPEN_TO_ALL: Final = {"/login", "/logout", "/welcome", "/language"}
"""What changes something and is asked before anybody is known; each checks the origin itself."""
OWN_DOOR: Final = (
    "/api/v1/events",
    "/api/v1/hooks",
    "/api/v1/source-requests",
    "/api/v1/alertmanager",
)
"""Where systems send, each with its own key or signature."""
NOT_PAGES: Final = (*OPEN_TO_ALL, "/static", "/api", "/healthz", "/readyz", "/metrics")
AnyReader = Annotated[Reader, Dependency(skip_validation=True)]


def calls_of(sign_in: SignIn) -> Litestar:
    """One call of the API and one page for each permission, and calls that change something."""

    def call(permission: Permission) -> Any:
        @get(f"/api/{permission}", opt=require(permission))
        async def ask(request: AnyRequest) -> Response[Any]:
            reader = await let_in(sign_in, request)
            return refuse(reader) if isinstance(reader, Problem) else Response(reader.name)

        return ask

    def page(permission: Permission) -> Any:
        @get(f"/page/{permission}", opt=require(permission))
        async def show(reader: AnyReader) -> Response[str]:
            return Response(reader.name)

        return show

    @post("/page/change", opt=require(Permission.ADD_NOTES), status_code=200)
    async def change(reader: AnyReader) -> Response[str]:
        return Response(reader.name)

    @post("/page/undeclared", status_code=200)
    async def undeclared() -> Response[str]:
        return Response("never asks who it is")

    pages = Router(
        path="/",
        route_handlers=[*map(page, Permission), change, undeclared],
        guards=[guard_of(sign_in)],
        dependencies={"reader": Provide(require_reader)},
        exception_handlers={NotSignedIn: to_login, NotAllowed: not_allowed},
    )
    return Litestar([*map(call, Permission), pages], exception_handlers=EXCEPTION_HANDLERS)


@pytest.fixture
async def probe(office: Office) -> Office:
    """The office with calls that need one permission each, beside the real sign-in."""
    house = office.house
    sign_in = SignIn(
        house.keys, Sessions(house.session_secret), house.now, None, house.reception.door
    )
    return replace(office, app=calls_of(sign_in))


async def cookie_of(office: Office, role: str) -> dict[str, str]:
    async with office.signed_in(role) as browser:
        return {COOKIE: browser.cookies[COOKIE]}


@pytest.mark.parametrize("role", Role)
async def test_each_role_gets_what_the_table_gives_it_from_api_and_pages(
    office: Office, probe: Office, role: Role
) -> None:
    cookie = await cookie_of(office, role)
    async with probe.browser() as browser:
        browser.cookies.update(cookie)
        for permission in Permission:
            call = await browser.get(f"/api/{permission}")
            page = await browser.get(f"/page/{permission}")
            expected = 200 if may(role, permission) else 403
            assert (call.status_code, page.status_code) == (expected, expected), permission
            if expected == 403:
                sentence = needed_for(permission, role)
                assert call.json()["detail"] == sentence
                assert call.headers["content-type"] == "application/problem+json"
                assert sentence in page.text


async def test_a_key_that_may_read_acts_as_a_viewer(office: Office, probe: Office) -> None:
    key = await read_key(office, office.alices)
    async with probe.browser() as browser:
        for permission in Permission:
            answer = await browser.get(
                f"/api/{permission}", headers={"authorization": f"Bearer {key}"}
            )
            assert answer.status_code == (200 if may(Role.VIEWER, permission) else 403)


async def test_a_stranger_gets_nothing(probe: Office) -> None:
    async with probe.browser() as browser:
        for permission in Permission:
            assert (await browser.get(f"/api/{permission}")).status_code == 401
            assert (await browser.get(f"/page/{permission}")).status_code == 303


@pytest.mark.parametrize(
    "origin", ["https://elsewhere.example", "null", "", "https://orders.example.elsewhere.example"]
)
async def test_a_form_of_another_site_changes_nothing(
    office: Office, probe: Office, origin: str
) -> None:
    cookie = await cookie_of(office, "administrator")
    async with probe.browser() as browser:
        browser.cookies.update(cookie)
        refused = await browser.post("/page/change", headers={"origin": origin})
        assert refused.status_code == 403
        assert "another site" in refused.text
        assert (await browser.post("/page/change")).status_code == 200


async def test_the_demos_open_page_is_no_back_door_for_other_sites(office: Office) -> None:
    """It needs no cookie, so nothing but the origin tells our own form from a stranger's."""
    house = office.house
    sign_in = SignIn(
        house.keys, Sessions(house.session_secret), house.now, office.alices.id,
        house.reception.door,
    )  # fmt: skip
    transport = httpx.ASGITransport(app=calls_of(sign_in), client=("127.0.0.1", 4711))  # type: ignore[arg-type]
    here = "http://127.0.0.1:8080"
    async with httpx.AsyncClient(transport=transport, base_url=here) as browser:
        answers = [
            (await browser.post("/page/change", headers={"origin": origin})).status_code
            for origin in (here, "https://elsewhere.example", "http://localhost:8080", "")
        ]
        assert answers == [200, 403, 403, 403]
        shown = await browser.get(f"/page/{Permission.MEND_DEAD_LETTERS}")
        assert (shown.status_code, shown.text) == (200, "demo")
        assert (await browser.get(f"/page/{Permission.MANAGE_PEOPLE}")).status_code == 403


async def test_what_changes_something_and_does_not_say_what_it_needs_is_closed(
    office: Office, probe: Office
) -> None:
    cookie = await cookie_of(office, "administrator")
    async with probe.browser() as browser:
        browser.cookies.update(cookie)
        assert (await browser.post("/page/undeclared")).status_code == 403


@pytest.mark.parametrize("role", Role)
async def test_every_page_and_call_that_is_read_holds_to_the_table(
    office: Office, role: Role
) -> None:
    """Also the one somebody adds tomorrow: whoever lacks its permission is told who has it."""
    asked = [
        (re.sub(r"\{[^}]*\}", "1", route.path), Permission(handler.opt["permission"]))
        for route in office.app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if "GET" in handler.http_methods and "permission" in handler.opt
    ]
    needed = {permission for _, permission in asked}
    assert needed >= {
        *(Permission.READ_DEAD_LETTERS, Permission.READ_TEMPLATES, Permission.READ_KEYS),
        *(Permission.EXPORT_ORDERS, Permission.MANAGE_PEOPLE, Permission.READ_AUDIT),
    }
    async with office.signed_in(role) as browser:
        for path, permission in asked:
            answer = await browser.get(path)
            assert (answer.status_code == 403) is not may(role, permission), path
            if answer.status_code == 403 and not path.startswith("/live"):
                assert needed_for(permission, role) in answer.text, path


def changing_routes(app: Litestar) -> list[tuple[str, str, dict[str, Any]]]:
    """Every way to change something over HTTP, save where systems send."""
    return [
        (route.path, method, dict(handler.opt))
        for route in app.routes
        if isinstance(route, HTTPRoute) and not route.path.startswith(OWN_DOOR)
        for handler in route.route_handlers
        for method in sorted(handler.http_methods - {"GET", "HEAD", "OPTIONS"})
    ]


async def test_a_stranger_has_the_pages_of_the_sign_in_alone(office: Office) -> None:
    """Also of what somebody adds tomorrow and that does not ask who its reader is."""
    pages = [
        (route.path, method)
        for route in office.app.routes
        if isinstance(route, HTTPRoute) and not route.path.startswith(NOT_PAGES)
        for handler in route.route_handlers
        for method in sorted(handler.http_methods - {"HEAD", "OPTIONS"})
    ]
    async with office.browser() as browser:
        for path, method in pages:
            answer = await browser.request(method, re.sub(r"\{[^}]*\}", "1", path))
            to_the_sign_in = answer.headers.get("location", "").startswith("/login?next=")
            assert answer.status_code == 401 or to_the_sign_in, path


async def test_every_form_of_the_product_says_what_it_needs_and_refuses_other_sites(
    office: Office,
) -> None:
    """Also the one somebody adds tomorrow."""
    routes = changing_routes(office.app)
    assert {path for path, _, _ in routes} >= OPEN_TO_ALL
    silent = [
        path for path, _, opt in routes if path not in OPEN_TO_ALL and "permission" not in opt
    ]
    assert silent == []
    async with office.signed_in("administrator") as browser:
        for path, method, _ in routes:
            answer = await browser.request(
                method,
                re.sub(r"\{[^}]*\}", "1", path),
                data={"name": "x", "password": "y"},
                headers={"origin": "https://elsewhere.example"},
            )
            if path == "/language":  # goes back to its page, and remembers nothing
                assert "set-cookie" not in answer.headers
                continue
            assert answer.status_code == 403, path


async def told(office: Office) -> None:
    """An order with personal data in its payload and its references."""
    await record_events(
        office.house.store,
        office.alices.id,
        lotus(),
        [
            batch(
                placed(
                    order="o-1",
                    refs={"invoice_no": "I-1", "customer_phone": "+66 81 234 5678"},
                    details={
                        "customer": {"name": "Somchai", "level": 3},
                        "loyalty": "7",
                        "total": 12.5,
                        "note": "mail somchai@example.co.th",
                    },
                ),
                said("commerce_engine", "ACCEPTED", 1, order="o-1"),
            )
        ],
        office.clock(),
    )


PERSONAL: Final = ("Somchai", "+66 81 234 5678", "somchai@example.co.th", '"loyalty":"7"')
PATHS: Final = (
    *("/api/v1/orders/o-1/events", "/api/v1/orders/o-1", "/api/v1/orders"),
    *("/orders/o-1", "/live/orders/o-1"),
)


@pytest.mark.parametrize("role", Role)
async def test_personal_data_is_masked_for_roles_that_need_none(office: Office, role: Role) -> None:
    await told(office)
    async with office.signed_in(role) as browser:
        seen = {path: (await browser.get(path)).text for path in PATHS}
    sees_all = may(role, Permission.READ_PERSONAL_DATA)
    for path, text in seen.items():
        assert "o-1" in text
        found = [each for each in PERSONAL if each in text or each.replace('"', "&#34;") in text]
        assert sees_all or found == [], path
    events = seen["/api/v1/orders/o-1/events"]
    assert '"total":12.5' in events
    assert '"invoice_no":"I-1"' in events
    assert (MASK in events) is not sees_all
    assert sees_all == all(each in events for each in PERSONAL)
    assert sees_all == ("+66 81 234 5678" in seen["/orders/o-1"])


async def test_a_key_sees_personal_data_masked(office: Office) -> None:
    await told(office)
    key = await read_key(office, office.alices)
    async with office.browser() as browser:
        answer = await browser.get(
            "/api/v1/orders/o-1/events", headers={"authorization": f"Bearer {key}"}
        )
    assert answer.status_code == 200
    assert [each for each in PERSONAL if each in answer.text] == []
    (first, _) = answer.json()["items"]
    assert first["data"]["details"]["customer"] == {"name": MASK, "level": MASK}


async def test_a_person_reads_their_own_company_alone(office: Office) -> None:
    await told(office)
    async with office.signed_in("administrator", office.bobs) as browser:
        assert (await browser.get("/api/v1/orders")).json()["items"] == []
        assert (await browser.get("/orders/o-1")).status_code == 404
