from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aliases.models import Alias
from domains.rules import require
from mailadmin.accounts.passwords import validate_new_password
from mailadmin.accounts.schemes import verify
from mailadmin.errors import at_field
from mailadmin.transactions import atomic
from mailboxes.models import Mailbox
from mailboxes.rules import can_change_mailbox
from mailboxes.services.edit import edit_mailbox
from mailboxes.services.forwarding import set_forwarding
from mailboxes.services.passwords import set_mailbox_password, set_must_change
from mailboxes.services.rename import rename_mailbox

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor

PASSWORD, FORWARDING, ADDRESS = ("password", "password_hash"), ("targets", "keep_copy"), ("address", "keep_alias")
MUST_CHANGE = "must_change"


@atomic
def change_mailbox(*, mailbox: Mailbox, changes: dict[str, Any], actor: Actor) -> Mailbox:
    """What scripts change in one request, all of it or nothing: the fields of `edit_mailbox`, and beside them
    `password` or `password_hash`, `must_change`, `targets` and `keep_copy` of the forwarding, and for another name
    `address` and `keep_alias`. What is so already is left alone, so that the same again changes nothing."""
    require(can_change_mailbox(actor, mailbox))
    apart = {*PASSWORD, *FORWARDING, *ADDRESS, MUST_CHANGE}
    if plain := {name: value for name, value in changes.items() if name not in apart}:
        mailbox = edit_mailbox(mailbox=mailbox, changes=plain, actor=actor)
    password = {name: changes[name] for name in PASSWORD if name in changes}
    if password and not _is_present(mailbox, **password):
        must_change = changes.get(MUST_CHANGE, False)
        mailbox = set_mailbox_password(mailbox=mailbox, **password, must_change=must_change, actor=actor)
    elif MUST_CHANGE in changes:
        mailbox = set_must_change(mailbox=mailbox, must_change=changes[MUST_CHANGE], actor=actor)
    if not changes.keys().isdisjoint(FORWARDING):
        _forward(mailbox, changes, actor)
    if "address" in changes:
        keep_alias = changes.get("keep_alias", False)
        mailbox = rename_mailbox(mailbox=mailbox, address=changes["address"], keep_alias=keep_alias, actor=actor)
    return mailbox


def _is_present(mailbox: Mailbox, password: str | None = None, password_hash: str | None = None) -> bool:
    if password_hash is not None:
        return password_hash == mailbox.password
    # What could not be set is refused before it is compared: nobody tries a list of bad passwords on somebody here.
    at_field("password", validate_new_password, password, about=(mailbox.address, mailbox.name))
    return verify(password or "", mailbox.password)


def _forward(mailbox: Mailbox, changes: dict[str, Any], actor: Actor) -> None:
    """Of the two what is not given stays."""
    present = Alias.objects.filter(pk=mailbox.pk).first()
    targets = present.targets if present else [mailbox.pk]
    set_forwarding(
        mailbox=mailbox,
        targets=changes.get("targets", [target for target in targets if target != mailbox.pk]),
        keep_copy=changes.get("keep_copy", mailbox.pk in targets),
        actor=actor,
    )
