"""The pages on which something is mended or changed, and what they are given, for the router."""

from __future__ import annotations

from typing import Final

from litestar.di import Provide
from litestar.types import ControllerRouterHandler

from orderwatch.entrypoints.console.dead_letters import (
    asked_letters,
    dead_letter_live,
    dead_letter_page,
    dead_letters_live,
    dead_letters_page,
)
from orderwatch.entrypoints.console.mend import (
    discard_letters,
    dismiss_letters,
    retry_letters,
    try_letters,
    undo_letters,
)
from orderwatch.entrypoints.console.parked import asked_parked, parked_live, parked_page
from orderwatch.entrypoints.console.settings_alerts import (
    alerts_page,
    alerts_version,
    switch_alert,
)
from orderwatch.entrypoints.console.settings_alerts_draft import (
    apply_alerts,
    back_to_editor,
    check_alerts,
    draft_alerts,
    edit_alerts,
)
from orderwatch.entrypoints.console.settings_audit import (
    asked_audit,
    audit_csv,
    audit_live,
    audit_page,
    check_log,
)
from orderwatch.entrypoints.console.settings_backtest import (
    backtest_live,
    backtest_page,
    dismiss_backtest,
    try_rule,
)
from orderwatch.entrypoints.console.settings_draft import (
    apply_flow,
    check_flow,
    draft_flow,
    draft_live,
    draft_page,
    drop_draft,
    edit_page,
)
from orderwatch.entrypoints.console.settings_flow import (
    dismiss_rebuild,
    flow_live,
    flow_page,
    rebuild_flow,
    settings_page,
    version_page,
)
from orderwatch.entrypoints.console.settings_keys import (
    keys_page,
    make_key,
    revoke_key,
    server_page,
)
from orderwatch.entrypoints.console.settings_people import (
    change_role,
    disable_person,
    end_session,
    make_person,
    new_password,
    people_page,
)
from orderwatch.entrypoints.console.settings_thresholds import change_thresholds, thresholds_page

WORKSHOP_HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (
    dead_letters_page,
    dead_letters_live,
    dead_letter_page,
    dead_letter_live,
    try_letters,
    retry_letters,
    discard_letters,
    undo_letters,
    dismiss_letters,
    parked_page,
    parked_live,
    settings_page,
    flow_page,
    flow_live,
    version_page,
    rebuild_flow,
    dismiss_rebuild,
    edit_page,
    check_flow,
    draft_flow,
    draft_page,
    draft_live,
    apply_flow,
    drop_draft,
    thresholds_page,
    change_thresholds,
    alerts_page,
    alerts_version,
    switch_alert,
    edit_alerts,
    back_to_editor,
    check_alerts,
    draft_alerts,
    apply_alerts,
    backtest_page,
    backtest_live,
    try_rule,
    dismiss_backtest,
    keys_page,
    make_key,
    revoke_key,
    server_page,
    people_page,
    make_person,
    new_password,
    change_role,
    disable_person,
    end_session,
    audit_page,
    audit_live,
    audit_csv,
    check_log,
)

WORKSHOP_NEEDS: Final = {
    "letters_asked": Provide(asked_letters),
    "parked_asked": Provide(asked_parked),
    "audit_asked": Provide(asked_audit),
}
