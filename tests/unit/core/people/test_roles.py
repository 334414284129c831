"""One table says who may see and do what; the page in the documentation is that table."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderwatch.core.people.roles import (
    FIRST_VIEW,
    PERMISSIONS,
    ROLE_OF_KEYS,
    Permission,
    Role,
    View,
    may,
    needed_for,
    roles_page,
    roles_with,
)

PAGE = Path(__file__).resolve().parents[4] / "docs" / "reference" / "roles.md"


def test_every_permission_stands_in_the_table_and_somebody_has_it() -> None:
    assert set(PERMISSIONS) == set(Permission)
    assert [each for each in Permission if not roles_with(each)] == []


def test_an_administrator_may_do_everything() -> None:
    assert all(may(Role.ADMINISTRATOR, permission) for permission in Permission)


def test_a_viewer_and_a_key_only_look() -> None:
    allowed = {permission for permission in Permission if may(Role.VIEWER, permission)}
    assert allowed == {Permission.READ_ORDERS, Permission.READ_REPORTS}
    assert ROLE_OF_KEYS is Role.VIEWER


@pytest.mark.parametrize(
    ("role", "permission", "allowed"),
    [
        (Role.OPERATOR, Permission.MEND_DEAD_LETTERS, True),
        (Role.OPERATOR, Permission.EDIT_TEMPLATES, False),
        (Role.OPERATOR, Permission.READ_PERSONAL_DATA, False),
        (Role.DEVELOPER, Permission.READ_PERSONAL_DATA, True),
        (Role.DEVELOPER, Permission.EDIT_TEMPLATES, True),
        (Role.DEVELOPER, Permission.EDIT_KEYS, False),
        (Role.MANAGER, Permission.EXPORT_ORDERS, True),
        (Role.MANAGER, Permission.MEND_DEAD_LETTERS, False),
        (Role.MANAGER, Permission.MANAGE_PEOPLE, False),
    ],
)
def test_each_role_may_do_its_own_work(role: Role, permission: Permission, allowed: bool) -> None:
    assert may(role, permission) is allowed


def test_each_role_lands_on_the_view_that_answers_its_questions() -> None:
    assert set(FIRST_VIEW) == set(Role)
    assert FIRST_VIEW[Role.OPERATOR] is View.TROUBLE
    assert FIRST_VIEW[Role.DEVELOPER] is View.SYSTEMS
    assert FIRST_VIEW[Role.MANAGER] is View.MONEY


def test_a_refusal_names_the_roles_that_may() -> None:
    said = needed_for(Permission.READ_KEYS, Role.MANAGER)
    assert said == "This needs the role developer or administrator; you are here as manager."
    assert "the role administrator;" in needed_for(Permission.READ_AUDIT, Role.VIEWER)


def test_the_page_of_roles_is_current() -> None:
    assert PAGE.read_text() == roles_page()
