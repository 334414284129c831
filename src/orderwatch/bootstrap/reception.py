"""Wires who people are: accounts, sessions, what they did, what is masked for whom."""

from __future__ import annotations

import os

from msgspec import Struct

from orderwatch.adapters import clock
from orderwatch.adapters.argon2id import Argon2idPasswords
from orderwatch.adapters.postgres.audit import PostgresAudit
from orderwatch.adapters.postgres.database import Database
from orderwatch.adapters.postgres.people import PostgresPeople
from orderwatch.adapters.postgres.users import PostgresUsers
from orderwatch.app.sign_in import SignInDoor
from orderwatch.core.people.masking import Masking, masking_of
from orderwatch.core.people.sessions import Lasting
from orderwatch.settings import Settings


class Reception(Struct, frozen=True):
    """Who people are, what they did, and what of others' data they do not get to see."""

    door: SignInDoor
    users: PostgresUsers
    audit: PostgresAudit
    passwords: Argon2idPasswords
    masking: Masking


def furnish_reception(settings: Settings, database: Database) -> Reception:
    """Nothing is opened by it."""
    lasting = Lasting(settings.session_idle, settings.session_lasts)
    passwords = Argon2idPasswords()
    people = PostgresPeople(database)
    return Reception(
        door=SignInDoor(people, passwords, clock.now, os.urandom, lasting),
        users=PostgresUsers(database, lasting),
        audit=PostgresAudit(database),
        passwords=passwords,
        masking=masking_of(settings.personal_fields.split(",")),
    )
