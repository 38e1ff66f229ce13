"""What is done with accounts: the sign-in, one's own password, and administrators."""

from .administrators import (
    change_administrator,
    create_administrator,
    delete_administrator,
    edit_administrator,
    set_administrator_active,
    set_administrator_must_change,
    set_administrator_password,
)
from .factor_checks import check_code, check_passkey
from .factors import (
    add_passkey,
    add_totp,
    make_recovery_codes,
    remove_passkey,
    remove_totp,
    reset_mailbox_second_factor,
    reset_second_factor,
)
from .forgotten import may_be_sent_reset, request_reset, send_reset_links, set_password_by_link
from .own import change_own_password, confirm_password
from .preferences import set_preferences
from .recovery import LinkEnded, confirm_recovery_address, set_recovery_address
from .sessions import end_other_sessions, end_session
from .set_up import create_mailbox_by_link, send_administrator_set_up, send_mailbox_set_up
from .sign_ins import rehash_administrator, rehash_mailbox, sign_in

__all__ = [
    "LinkEnded",
    "add_passkey",
    "add_totp",
    "change_administrator",
    "change_own_password",
    "check_code",
    "check_passkey",
    "confirm_password",
    "confirm_recovery_address",
    "create_administrator",
    "create_mailbox_by_link",
    "delete_administrator",
    "edit_administrator",
    "end_other_sessions",
    "end_session",
    "make_recovery_codes",
    "may_be_sent_reset",
    "rehash_administrator",
    "rehash_mailbox",
    "remove_passkey",
    "remove_totp",
    "request_reset",
    "reset_mailbox_second_factor",
    "reset_second_factor",
    "send_administrator_set_up",
    "send_mailbox_set_up",
    "send_reset_links",
    "set_administrator_active",
    "set_administrator_must_change",
    "set_administrator_password",
    "set_password_by_link",
    "set_preferences",
    "set_recovery_address",
    "sign_in",
]
