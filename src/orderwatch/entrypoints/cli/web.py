"""The web server of `serve` and `demo`: every route on one application, on a socket of ours."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Sequence
from functools import partial
from uuid import uuid4

import uvicorn
from litestar import Litestar
from litestar.types import ControllerRouterHandler

from orderwatch import __version__
from orderwatch.app.announce_changes import ALL_OF_THEM, Hub
from orderwatch.app.handle_incidents import HandlingDesk
from orderwatch.app.keep_silences import SilenceDesk
from orderwatch.app.order_notes import Author
from orderwatch.app.try_channel import Asking, try_channel
from orderwatch.bootstrap import House
from orderwatch.bootstrap.post import mail_of
from orderwatch.core.alerting.quiet import Names
from orderwatch.core.errors import OrderwatchError
from orderwatch.core.model import TenantId
from orderwatch.core.people.audit import Actor
from orderwatch.core.people.deeds import channel_tested
from orderwatch.entrypoints.api.alertmanager import AlertDoor, alertmanager_handler
from orderwatch.entrypoints.api.app import Doors, create_app
from orderwatch.entrypoints.api.handle_incidents import handling_handlers
from orderwatch.entrypoints.api.health import health_handlers
from orderwatch.entrypoints.api.incidents import incidents_handlers
from orderwatch.entrypoints.api.metrics import Scraping, metrics_handler
from orderwatch.entrypoints.api.orders import orders_handlers
from orderwatch.entrypoints.api.protocol import ProblemProtocol
from orderwatch.entrypoints.api.reading import Reading
from orderwatch.entrypoints.api.series import series_handlers
from orderwatch.entrypoints.api.source_requests import source_requests_handler
from orderwatch.entrypoints.api.stream import stream_handler
from orderwatch.entrypoints.api.summary import summary_handlers
from orderwatch.entrypoints.console.alarms import Alarms
from orderwatch.entrypoints.console.pages import Console
from orderwatch.entrypoints.console.router import console_router
from orderwatch.entrypoints.console.workshop import Workshop
from orderwatch.entrypoints.web.sessions import Sessions
from orderwatch.entrypoints.web.sign_in import SignIn

BACKLOG = 2048


class AddressTaken(OrderwatchError):
    """The address cannot be listened on."""


def listen(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A listening socket; port 0 is any free one. `shared`: other processes listen there too."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG, reuse_port=shared)
    except OSError as error:
        raise AddressTaken(
            f"Cannot listen on {host}:{port}: {error.strerror}. "
            "Choose another with --port, or stop what runs there."
        ) from error


def address(listening: socket.socket) -> str:
    """The URL of a listening socket, as a person would open it."""
    host, port = listening.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "::1": "[::1]"}.get(host, host)  # noqa: S104
    return f"http://{shown}:{port}"


def web_app(house: House, open_on_loopback: TenantId | None = None) -> Litestar:
    """The whole application: door, reading, live stream, pages, health and metrics."""
    sign_in = SignIn(
        house.keys,
        Sessions(house.session_secret),
        house.now,
        open_on_loopback,
        house.reception.door,
        house.reception.masking,
    )
    reading = Reading(
        sign_in, house.templates, house.reading, house.reading, house.reading, house.now
    )
    console = Console(
        sign_in=sign_in,
        orders=house.reading,
        counts=house.reading,
        steps=house.reading,
        flow=house.flow,
        trouble=house.flow,
        one_system=house.flow,
        templates=house.templates,
        notes=house.notes,
        views=house.notes,
        audit=house.reception.audit,
        now=house.now,
        workshop=_workshop(house),
        alarms=_alarms(house),
    )
    handlers: list[ControllerRouterHandler] = [
        *orders_handlers(reading),
        *summary_handlers(reading),
        *series_handlers(reading),
        *incidents_handlers(reading, house.incidents),
        *handling_handlers(sign_in, partial(handling_desk, house)),
        source_requests_handler(house.door, house.source_requests),
        alertmanager_handler(_alert_door(house)),
        stream_handler(sign_in, house.hub),
        console_router(console),
        *health_handlers(house.readiness),
        metrics_handler(
            Scraping(
                house.scraping.store,
                house.templates,
                house.scraping.render,
                house.settings.metrics_token,
            )
        ),
    ]
    return create_app(Doors(events=house.door, version=__version__, route_handlers=handlers))


def _alert_door(house: House) -> AlertDoor:
    return AlertDoor(
        house.keys, house.door.throttle, house.external, house.now, house.announcements
    )


def _alarms(house: House) -> Alarms:
    return Alarms(
        incidents=house.incidents,
        silences=house.incidents,
        desk=partial(handling_desk, house),
        silencing=partial(_silence_desk, house),
        outbox=house.post.log,
        books=house.books,
        mail=mail_of,
        test=partial(_test_channel, house),
    )


async def _test_channel(house: House, tenant: TenantId, channel: str, actor: Actor) -> None:
    """Send a test; what came of it stands in the channel's log."""
    template = await house.templates.of(tenant)
    asking = Asking(tenant, template.title, actor.name)
    key = str(uuid4())
    await try_channel(house.post.sending, house.post.outbox, asking, channel, key)
    await house.reception.audit.write(tenant, actor, channel_tested(channel))
    house.announcements.announce_incidents(tenant, [ALL_OF_THEM])


def _silence_desk(
    house: House, tenant: TenantId, name: str, actor: Actor, names: Names
) -> SilenceDesk:
    author = Author(name, actor)
    return SilenceDesk(house.incidents, house.announcements, tenant, author, names, house.now)


def handling_desk(house: House, tenant: TenantId, name: str, actor: Actor) -> HandlingDesk:
    """Somebody at work on incidents."""
    return HandlingDesk(
        store=house.incidents,
        people=house.reception.users,
        news=house.announcements,
        tenant=tenant,
        author=Author(name, actor),
        now=house.now,
    )


def _workshop(house: House) -> Workshop:
    return Workshop(
        letters=house.dead_letters,
        parked=house.parked,
        ledger=house.ledger,
        store=house.store,
        orders=house.reading,
        directory=house.directory,
        flows=house.templates,
        books=house.books,
        book_store=house.book_store,
        past=house.alarms.past,
        audit=house.reception.audit,
        jobs=house.jobs,
        settings=house.settings_in_force,
        users=house.reception.users,
        passwords=house.reception.passwords,
        random_bytes=os.urandom,
        now=house.now,
    )


class Server(uvicorn.Server):
    """Sends the live streams' watchers away before it waits for requests to end."""

    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        """`hub` is what the watchers hang on."""
        super().__init__(config)
        self._hub = hub

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop; a stream never ends by itself."""
        self._hub.close()
        await super().shutdown(sockets)


def server(app: Litestar, hub: Hub) -> Server:
    """A server for the application; what it logs goes where everything goes."""
    return Server(
        uvicorn.Config(
            app,
            http=ProblemProtocol,
            log_config=None,
            access_log=False,
            server_header=False,
            backlog=BACKLOG,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=5,
        ),
        hub,
    )


async def run(app: Litestar, hub: Hub, sockets: Sequence[socket.socket]) -> None:
    """Serve until asked to stop; requests under way are answered first.

    The server raises the signal it was stopped by again when it has; that must not end the process
    before the caller has closed the ledger and the database in good order.
    """
    signal.signal(signal.SIGTERM, _already_stopping)
    await server(app, hub).serve(sockets=list(sockets))


def _already_stopping(*_: object) -> None:
    """A signal handler for when there is nothing more to ask for."""
