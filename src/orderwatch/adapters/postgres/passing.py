"""Counting what happened, in PostgreSQL: a part of what the ledger's transaction writes."""

from __future__ import annotations

import json
from collections.abc import Mapping

from orderwatch.adapters.postgres.database import Connection
from orderwatch.core.tracking.counting import OVERDUE, WAITING, Active
from orderwatch.core.tracking.passing import Passing


async def count_passing(connection: Connection, sql: Mapping[str, str], passing: Passing) -> None:
    """Add what happened, one statement for each table that something is added to."""
    if happenings := passing.happenings():
        places = [key.place for key, _ in happenings]
        values = {
            "spans": [place.span for place in places],
            "systems": [place.system for place in places],
            "starts": [place.start for place in places],
            "channels": [place.channel for place in places],
            "whats": [key.what for key, _ in happenings],
            "ns": [n for _, n in happenings],
        }
        await connection.execute(sql["count_happenings"], values)
    if durations := passing.durations():
        rows = [
            {
                "span": place.span,
                "system": place.system,
                "start": place.start.isoformat(),
                "channel": place.channel,
                "n": counts,
            }
            for place, counts in durations
        ]
        await connection.execute(sql["count_durations"], {"rows": json.dumps(rows)})


async def count_activity(
    connection: Connection, sql: Mapping[str, str], activity: Mapping[Active, int]
) -> None:
    """Move orders between the minutes and buckets in which they are counted as active."""
    moved: dict[tuple[int, str], dict[str, int]] = {}
    for (minute, channel, bucket), n in activity.items():
        if n:
            moved.setdefault((minute, channel), {})[bucket] = n
    if not moved:
        return
    places = sorted(moved)
    values: dict[str, object] = {
        bucket: [moved[place].get(bucket, 0) for place in places]
        for bucket in ("success", "failed", WAITING, OVERDUE)
    }
    values["minutes"] = [minute for minute, _ in places]
    values["channels"] = [channel for _, channel in places]
    await connection.execute(sql["count_activity"], values)
