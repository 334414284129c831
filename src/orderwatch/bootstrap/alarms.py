"""Wires what raises alarms: the rules' figures, the incidents, and the past to try rules on."""

from __future__ import annotations

from msgspec import Struct

from orderwatch.adapters import clock
from orderwatch.adapters.postgres.alerting import PostgresAlerting
from orderwatch.adapters.postgres.database import Database
from orderwatch.adapters.postgres.figures import PostgresFigures
from orderwatch.adapters.postgres.past import PostgresPast
from orderwatch.app.evaluate_alerts import Alerting
from orderwatch.app.find_commonality import FoundCommonality
from orderwatch.app.look_at_figures import LookAtFigures
from orderwatch.app.ring_bell import Bell


class Alarms(Struct, frozen=True):
    """The parts that evaluate rules. `bell` rings when this process noted something for them."""

    alerting: Alerting
    bell: Bell
    past: PostgresPast
    figures: PostgresFigures


def furnish_alarms(database: Database, bell: Bell) -> Alarms:
    """Everything between a changed order and a notice in the outbox."""
    figures = PostgresFigures(database)
    alerting = Alerting(
        store=PostgresAlerting(database),
        figures=LookAtFigures(figures),
        commonality=FoundCommonality(figures, clock.now),
        now=clock.now,
    )
    return Alarms(alerting, bell, PostgresPast(database), figures)
