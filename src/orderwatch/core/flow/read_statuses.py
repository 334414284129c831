"""The OMS part of a flow template: its statuses, thresholds and where an order may go."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from orderwatch.core.flow.read_threshold import read_threshold
from orderwatch.core.flow.read_words import place_of, refuse_shared_words
from orderwatch.core.flow.template import HELD_FROM, Status
from orderwatch.core.model import Class
from orderwatch.core.yaml_fields import Fields, Problems, as_choice, did_you_mean, entries
from orderwatch.core.yaml_source import Mapping, Node, Scalar

_KEYS: Final = (
    "class",
    "threshold",
    "final",
    "initial",
    "hold",
    "step",
    "next",
    "when_overdue",
    "words",
    "meaning",
)
CLASSES: Final = tuple(class_.value for class_ in Class)


def read_statuses(
    node: Node | None, problems: Problems, channels: Collection[str]
) -> dict[str, Status]:
    """Every status by name, in the order of the text."""
    read = [
        (key, Fields(value, problems, _KEYS))
        for key, value in entries(node, problems, of="status: {class: ...}")
    ]
    statuses = {key.text: _status(key, fields, channels) for key, fields in read}
    for key, fields in read:
        _check_name(key, problems)
        _check_next(statuses[key.text], fields, statuses)
    refuse_shared_words(_words(read), problems)
    if isinstance(node, Mapping) and not any(status.initial for status in statuses.values()):
        problems.add(node, "no status is initial: say initial: true where orders begin")
    return statuses


def _status(key: Scalar, fields: Fields, channels: Collection[str]) -> Status:
    stated = fields.need("class", "delayed, success or failed")
    word = as_choice(stated, fields.problems, CLASSES) if stated else None
    overdue = fields.choice("when_overdue", ("failed", "delayed"))
    threshold = fields.get("threshold")
    status = Status(
        name=key.text,
        class_=Class(word) if word else Class.FAILED,
        threshold=read_threshold(threshold, fields.problems, channels) if threshold else None,
        final=fields.flag("final"),
        initial=fields.flag("initial"),
        hold=fields.flag("hold"),
        step=fields.integer("step"),
        next=fields.texts("next", longest=80),
        when_overdue=Class.FAILED if overdue == "failed" else None,
        words=fields.texts("words", longest=80),
        meaning=fields.text("meaning", longest=400),
    )
    if word and isinstance(fields.node, Mapping):
        _check_class(status, fields)
    return status


def _check_name(key: Scalar, problems: Problems) -> None:
    if not key.text.strip() or key.text != key.text.strip() or len(key.text) > 80:
        problems.add(key, "a status is a word of 1 to 80 characters")
    elif key.text.startswith("@"):
        problems.add(key, "a status does not begin with @: that is kept for places such as @placed")


def _check_class(status: Status, fields: Fields) -> None:
    """What only a Delayed status has, and what a final one has not."""
    delayed = status.class_ is Class.DELAYED
    at = fields.get("threshold") or fields.get("class")
    assert at is not None
    path = f"{fields.node.field}.threshold" if fields.node else ""
    if delayed and status.final:
        final = fields.get("final") or at
        fields.problems.add(final, "a final status is success or failed: drop final or the class")
    elif delayed and status.threshold is None:
        message = "is missing: a delayed status needs one, write threshold: 30 min"
        fields.problems.add(at, message, path)
    elif not delayed and status.threshold is not None:
        fields.problems.add(at, f"has no effect on class {status.class_}: remove it", path)
    if not delayed and (overdue := fields.get("when_overdue")):
        fields.problems.add(overdue, f"has no effect on class {status.class_}: remove it")


def _check_next(status: Status, fields: Fields, statuses: dict[str, Status]) -> None:
    listed = fields.get("next")
    if not isinstance(fields.node, Mapping):
        return
    if status.final and listed:
        fields.problems.add(listed, "a final status goes nowhere: remove next, or final: true")
        return
    if not status.final and not status.next:
        message = "is missing: list where the order may go, or say final: true"
        fields.problems.add(listed or fields.node, message, f"{fields.node.field}.next")
        return
    for index, name in enumerate(status.next):
        at = place_of(listed, index, fields.node)
        if name == HELD_FROM and not status.hold:
            fields.problems.add(at, f"{HELD_FROM} is for a status that says hold: true")
        elif name != HELD_FROM and name not in statuses:
            fields.problems.add(at, f"no status {name}: {did_you_mean(name, statuses)}")


def _words(read: list[tuple[Scalar, Fields]]) -> Iterator[tuple[str, str, Node]]:
    for key, fields in read:
        yield key.text, key.text, key
        listed = fields.get("words")
        for index, word in enumerate(fields.texts("words", longest=80)):
            yield word, key.text, place_of(listed, index, key)
