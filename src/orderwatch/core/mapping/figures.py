"""What all rows together say: links between things, and figures for each order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from orderwatch.core.mapping.rows import Row, as_words
from orderwatch.core.mapping.rules import FigureRule, LinkRule, MappingRules, OrderPath
from orderwatch.core.mapping.values import Facts, Figure, holds, instant_at, sum_of
from orderwatch.core.model import FieldError

Links = dict[str, dict[str, tuple[str, ...]]]
Figures = dict[str, dict[str, Figure]]


def note_links(rules: MappingRules, links: Sequence[LinkRule], row: Row, known: Links) -> None:
    """Adds what one row says about which things belong to which others."""
    for link in links:
        if not holds(link.when, Facts(rules, row.cells)):
            continue
        targets = as_words(row.cells.get(link.target, ""))
        for source in as_words(row.cells.get(link.source, "")):
            before = known[link.name].get(source, ())
            known[link.name][source] = tuple(dict.fromkeys((*before, *targets)))


def orders_of(
    path: OrderPath, row: Row, links: Mapping[str, Mapping[str, tuple[str, ...]]]
) -> list[list[str]]:
    """For each thing in the path's column the orders it belongs to, each once."""
    ways: list[list[str]] = []
    for thing in as_words(row.cells.get(path.column, "")):
        reached: Iterable[str] = [thing]
        for name in path.through:
            reached = dict.fromkeys(end for start in reached for end in links[name].get(start, ()))
        ways.append(list(reached))
    return ways


def note_figures(
    rules: MappingRules, figures: Sequence[FigureRule], row: Row, links: Links, known: Figures
) -> list[FieldError]:
    """Adds one row to the figures of the orders it leads to; gives what is wrong with the row.

    A figure with a wrong row becomes that error: rather no amount than a wrong one.
    """
    facts = Facts(rules, row.cells)
    wrong: list[FieldError] = []
    for figure in figures:
        if not holds(figure.when, facts):
            continue
        share = _share(figure, facts)
        if isinstance(share, FieldError):
            wrong.append(share)
        values = known[figure.name]
        for order_id in _counted(figure, orders_of(figure.by, row, links)):
            values[order_id] = _combined(figure, values.get(order_id), share)
    return wrong


def _counted(figure: FigureRule, ways: list[list[str]]) -> Iterable[str]:
    """The orders a row counts for: once each, or once for each thing that leads there."""
    reached = [order_id for way in ways for order_id in way]
    return reached if figure.kind == "things" else dict.fromkeys(reached)


def _share(figure: FigureRule, facts: Facts) -> Figure:
    """What one row adds."""
    if figure.kind in ("rows", "things"):
        return Decimal(1)
    if figure.kind == "sum":
        number = sum_of(figure.columns, facts)
        return number if number is not None else _empty(figure)
    found: list[datetime] = []
    for column in figure.columns:
        instant = instant_at(column, facts)
        if isinstance(instant, FieldError):
            return instant
        found += [instant] if instant else []
    return (min(found) if figure.kind == "earliest" else max(found)) if found else _empty(figure)


def _empty(figure: FigureRule) -> FieldError:
    columns = ", ".join(figure.columns)
    return FieldError(columns, f"is empty: the figure {figure.name} needs it")


def _combined(figure: FigureRule, before: Figure | None, share: Figure) -> Figure:
    match before, share:
        case None, _:
            return share
        case FieldError(), _:
            return before
        case Decimal(), Decimal():
            return before + share
        case datetime(), datetime():
            return min(before, share) if figure.kind == "earliest" else max(before, share)
        case _:
            return share
