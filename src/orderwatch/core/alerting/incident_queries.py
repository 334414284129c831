"""Which incidents, and which of their orders, somebody asks for. Parsed, so always right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from orderwatch.core.alerting.book import Priority
from orderwatch.core.alerting.incident import Incident, IncidentId, IncidentState, Member
from orderwatch.core.model import OrderId
from orderwatch.core.reading.cursor import sealed, unsealed
from orderwatch.core.reading.parameters import Faults, Pairs, Parameters

INCIDENT_PARAMETERS: Final = (
    "state", "rule", "team", "priority", "system", "from", "to", "limit", "cursor",
)  # fmt: skip
MEMBER_PARAMETERS: Final = ("open", "limit", "cursor")
DEFAULT_INCIDENTS: Final = 50
MOST_INCIDENTS: Final = 200
DEFAULT_MEMBERS: Final = 50
MOST_MEMBERS: Final = 500
LARGEST_ID: Final = 2**63 - 1
_Place = TypeVar("_Place")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_WRONG_CURSOR: Final = "must be the `next` of the page before, with the same filter; start anew"


class IncidentFilter(Struct, frozen=True):
    """Which incidents; None does not filter. `fired_from` belongs to the window, `fired_to` not."""

    state: IncidentState | None = None
    rule: str | None = None
    team: str | None = None
    priority: Priority | None = None
    system: str | None = None
    fired_from: datetime | None = None
    fired_to: datetime | None = None

    @property
    def is_folded(self) -> bool:
        """Whether incidents stand under the one whose cause they share.

        Who asks for a rule, a team, a priority or a system means each of its incidents.
        """
        return not (self.rule or self.team or self.priority or self.system)


class IncidentPlace(Struct, frozen=True, array_like=True):
    """A place in the list of incidents, newest first: the incident just before it."""

    micros: int
    id: IncidentId

    @property
    def fired_at(self) -> datetime:
        """When the incident just before it fired."""
        return _EPOCH + timedelta(microseconds=self.micros)


class IncidentQuery(Struct, frozen=True):
    """One page of incidents."""

    filter: IncidentFilter = IncidentFilter()
    limit: int = DEFAULT_INCIDENTS
    after: IncidentPlace | None = None


class MemberFilter(Struct, frozen=True):
    """Which orders of an incident: with `open` only those still in trouble."""

    incident: IncidentId
    open: bool = False


class MemberPlace(Struct, frozen=True, array_like=True):
    """A place among an incident's orders, the dearest first: the order just before it."""

    amount: Decimal
    order_id: OrderId


class MemberQuery(Struct, frozen=True):
    """One page of an incident's orders."""

    filter: MemberFilter
    limit: int = DEFAULT_MEMBERS
    after: MemberPlace | None = None


def incident_query(pairs: Pairs) -> IncidentQuery | Faults:
    """The parameters of `GET /api/v1/incidents`."""
    asked = Parameters(pairs, INCIDENT_PARAMETERS)
    wanted = _incident_filter(asked)
    limit = asked.number("limit", 1, MOST_INCIDENTS)
    cursor = asked.text("cursor", 1000)
    after = None
    if cursor is not None and not asked.faults:
        after = _read(_anchor(wanted), cursor, IncidentPlace)
        if after is None:
            asked.fault("cursor", _WRONG_CURSOR)
    if asked.faults:
        return tuple(asked.faults)
    return IncidentQuery(wanted, limit or DEFAULT_INCIDENTS, after)


def _incident_filter(asked: Parameters) -> IncidentFilter:
    state = asked.one_of("state", list(IncidentState))
    priority = asked.one_of("priority", list(Priority))
    starts, ends = asked.window()
    return IncidentFilter(
        state=IncidentState(state) if state is not None else None,
        rule=asked.text("rule", 80),
        team=asked.text("team", 80),
        priority=Priority(priority) if priority is not None else None,
        system=asked.text("system", 80),
        fired_from=starts,
        fired_to=ends,
    )


def member_query(incident: IncidentId, pairs: Pairs) -> MemberQuery | Faults:
    """The parameters of `GET /api/v1/incidents/{id}/orders`."""
    asked = Parameters(pairs, MEMBER_PARAMETERS)
    wanted = MemberFilter(incident, open=asked.flag("open") or False)
    limit = asked.number("limit", 1, MOST_MEMBERS)
    cursor = asked.text("cursor", 1000)
    after = None
    if cursor is not None and not asked.faults:
        after = _read(wanted, cursor, MemberPlace)
        if after is None:
            asked.fault("cursor", _WRONG_CURSOR)
    if asked.faults:
        return tuple(asked.faults)
    return MemberQuery(wanted, limit or DEFAULT_MEMBERS, after)


def incident_cursor(wanted: IncidentFilter, last: Incident) -> str:
    """The cursor of the page after this incident."""
    micros = (last.fired_at - _EPOCH) // timedelta(microseconds=1)
    place = IncidentPlace(micros, last.id)
    return sealed(msgspec.json.encode(_anchor(wanted)), msgspec.json.encode(place))


def member_cursor(wanted: MemberFilter, last: Member) -> str:
    """The cursor of the page after this order."""
    place = MemberPlace(last.amount, last.order_id)
    return sealed(msgspec.json.encode(wanted), msgspec.json.encode(place))


def _anchor(wanted: IncidentFilter) -> IncidentFilter:
    """What a cursor is good for: the window may move with the time."""
    return replace(wanted, fired_from=None, fired_to=None)


def _read(anchor: Struct, cursor: str, kind: type[_Place]) -> _Place | None:
    text = unsealed(msgspec.json.encode(anchor), cursor)
    return None if text is None else msgspec.json.decode(text, type=kind)
