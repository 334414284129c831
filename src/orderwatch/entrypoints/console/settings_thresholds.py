"""`/settings/thresholds`: how long each status and leg may take, as a form over the template."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from litestar import Response, get, post
from msgspec import Struct

from orderwatch.app.change_template import InForce, read_in_force
from orderwatch.core.flow.durations import in_words
from orderwatch.core.flow.edit_thresholds import Owner, edit_thresholds, thresholds_of
from orderwatch.core.flow.template import Threshold
from orderwatch.core.yaml_fields import Problems, as_duration
from orderwatch.core.yaml_source import Scalar
from orderwatch.entrypoints.console.languages import N_
from orderwatch.entrypoints.console.languages import gettext as _
from orderwatch.entrypoints.console.pages import (
    AnyRequest,
    Page,
    TheConsole,
    TheReader,
    Visit,
    render,
    visit_of,
)
from orderwatch.entrypoints.console.settings_draft import begin
from orderwatch.entrypoints.console.settings_flow import EDITING, READING, tabs
from orderwatch.entrypoints.console.workshop import Form, typed

_NOTHING: Final = N_("Nothing was changed: these are the thresholds in force.")
_OVERTAKEN: Final = N_("Another version was put in force meanwhile; these are its thresholds.")


class Cell(Struct, frozen=True):
    """One field: its name in the form, what is typed in it, and what is wrong with that."""

    name: str
    text: str
    label: str
    channel: str
    placeholder: str = ""
    error: str | None = None


class Row(Struct, frozen=True):
    """The thresholds of one status or leg: by default, then by channel."""

    title: str
    note: str
    cells: tuple[Cell, ...]


@get("/settings/thresholds", opt=READING, include_in_schema=False)
async def thresholds_page(console: TheConsole, reader: TheReader) -> Page:
    """The form."""
    visit = await visit_of(console, reader)
    in_force = await read_in_force(console.workshop.directory, reader.tenant)
    return render("settings_thresholds.html", _context(visit, in_force, _stored(in_force), {}))


@post("/settings/thresholds", opt=EDITING, include_in_schema=False, status_code=303)
async def change_thresholds(
    request: AnyRequest, console: TheConsole, reader: TheReader, data: Form
) -> Response[Any]:
    """A draft with other thresholds; or what is wrong with them."""
    visit = await visit_of(console, reader)
    in_force = await read_in_force(console.workshop.directory, reader.tenant)
    stored = _stored(in_force)
    if typed(data, "version") != str(in_force.version.version):
        context = _context(visit, in_force, stored, {}, _(_OVERTAKEN))
        return render("settings_thresholds.html", context, 409)
    texts = {name: " ".join(typed(data, name).split())[:40] for name in stored}
    errors = {name: fault for name, text in texts.items() if (fault := _fault(name, text))}
    if errors:
        return render("settings_thresholds.html", _context(visit, in_force, texts, errors), 422)
    source = edit_thresholds(in_force.source, in_force.template, _wanted(in_force, texts))
    if source == in_force.source:
        context = _context(visit, in_force, stored, {}, _(_NOTHING))
        return render("settings_thresholds.html", context)
    return await begin(request, console, reader, source)


def _name(owner: Owner, channel: str = "") -> str:
    """The field of a threshold: `legs|stock|app`; `|` cannot stand for two things here."""
    return "|".join((*owner, channel))


def _stored(in_force: InForce) -> dict[str, str]:
    """Every field with what is in force."""
    channels = in_force.template.channels
    texts: dict[str, str] = {}
    for owner, threshold in thresholds_of(in_force.template).items():
        texts[_name(owner)] = in_words(threshold.default)
        for channel in channels:
            own = threshold.by_channel.get(channel)
            texts[_name(owner, channel)] = in_words(own) if own else ""
    return texts


def _fault(name: str, text: str) -> str | None:
    """What is wrong with a field; those of channels may be empty."""
    if not text:
        return _("needs a figure, such as 15 min") if name.endswith("|") else None
    problems = Problems()
    as_duration(Scalar("", 1, 1, text), problems)
    return problems.sorted()[0].message if problems else None


def _wanted(in_force: InForce, texts: dict[str, str]) -> dict[Owner, Threshold]:
    return {
        owner: Threshold(
            _length(texts[_name(owner)]),
            {
                channel: _length(texts[_name(owner, channel)])
                for channel in in_force.template.channels
                if texts[_name(owner, channel)]
            },
        )
        for owner in thresholds_of(in_force.template)
    }


def _length(text: str) -> timedelta:
    length = as_duration(Scalar("", 1, 1, text), Problems())
    assert length is not None
    return length


def _context(
    visit: Visit,
    in_force: InForce,
    texts: dict[str, str],
    errors: dict[str, str],
    said: str | None = None,
) -> dict[str, Any]:
    template = in_force.template
    channels = {"": _("Every channel")} | {
        one.name: one.title for one in template.channels.values()
    }
    of_statuses = _("Statuses of %(oms)s", oms=template.oms_title)
    groups: dict[str, list[Row]] = {of_statuses: [], _("Legs"): []}
    for owner in thresholds_of(template):
        of_leg = owner[0] == "legs"
        title = template.legs[owner[1]].title if of_leg else owner[2]
        note = template.legs[owner[1]].succeeds_when if of_leg else ""
        note = note or ("" if of_leg else template.statuses[owner[2]].meaning)
        default = texts[_name(owner)]
        cells = tuple(
            Cell(
                name=_name(owner, channel),
                text=texts[_name(owner, channel)],
                label=f"{title}, {channel_title}",
                channel=channel_title,
                placeholder=default if channel else "",
                error=errors.get(_name(owner, channel)),
            )
            for channel, channel_title in channels.items()
        )
        groups[_("Legs") if of_leg else of_statuses].append(Row(title, note, cells))
    return tabs(visit, "thresholds") | {
        "channels": channels,
        "groups": groups,
        "version": in_force.version.version,
        "errors": errors,
        "said": said,
    }
