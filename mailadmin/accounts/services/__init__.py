"""What is done with accounts: the sign-in, one's own password, and administrators."""

from .administrators import (
    create_administrator,
    delete_administrator,
    edit_administrator,
    set_administrator_active,
    set_administrator_password,
)
from .own import change_own_password, set_language
from .sign_ins import rehash_administrator, rehash_mailbox, sign_in

__all__ = [
    "change_own_password",
    "create_administrator",
    "delete_administrator",
    "edit_administrator",
    "rehash_administrator",
    "rehash_mailbox",
    "set_administrator_active",
    "set_administrator_password",
    "set_language",
    "sign_in",
]
