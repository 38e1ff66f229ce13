"""The one way in which mailboxes are written: their row, their forwarding, their Maildir's place."""

from mailboxes.services.archive import delete_mailbox, delete_mailboxes, purge, restore_mailbox
from mailboxes.services.create import create_mailbox
from mailboxes.services.edit import edit_mailbox, set_forwarding, set_mailbox_active, set_mailbox_password
from mailboxes.services.rename import rename_mailbox

__all__ = [
    "create_mailbox",
    "delete_mailbox",
    "delete_mailboxes",
    "edit_mailbox",
    "purge",
    "rename_mailbox",
    "restore_mailbox",
    "set_forwarding",
    "set_mailbox_active",
    "set_mailbox_password",
]
