"""The one way in which mailboxes are written: their row, their forwarding, their Maildir's place."""

from mailboxes.services.app_passwords import set_app_passwords_only
from mailboxes.services.archive import delete_mailbox, delete_mailboxes, purge, restore_mailbox
from mailboxes.services.change import change_mailbox
from mailboxes.services.create import create_mailbox
from mailboxes.services.edit import edit_mailbox, set_mailbox_active
from mailboxes.services.forwarding import set_forwarding
from mailboxes.services.many import NewMailbox, create_mailboxes
from mailboxes.services.passwords import lock_sign_in, set_mailbox_password, set_must_change, unlock_sign_in
from mailboxes.services.rename import rename_mailbox

__all__ = [
    "NewMailbox",
    "change_mailbox",
    "create_mailbox",
    "create_mailboxes",
    "delete_mailbox",
    "delete_mailboxes",
    "edit_mailbox",
    "lock_sign_in",
    "purge",
    "rename_mailbox",
    "restore_mailbox",
    "set_app_passwords_only",
    "set_forwarding",
    "set_mailbox_active",
    "set_mailbox_password",
    "set_must_change",
    "unlock_sign_in",
]
