"""The one way in which app passwords are made, revoked and asked for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from app_passwords.models import AppPassword, AppPasswordUse, Protocol, offered_protocols
from app_passwords.secret import new_secret, stored
from domains.rules import require
from mailadmin.accounts.models import Account
from mailadmin.audit import services as audit
from mailadmin.errors import refuse
from mailadmin.letters.models import Kind
from mailadmin.letters.services import notify
from mailadmin.mailhost.queue import queue_sign_in
from mailadmin.transactions import atomic
from mailboxes.models import Mailbox
from mailboxes.rules import can_add_app_password, can_use_mailbox, is_own_mailbox

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor

AT_MOST = 50
AT_ONCE = 1000
NAME_LENGTH_AT_MOST = 100
USED_ANEW_AFTER = timedelta(minutes=1)  # as in deploy/dovecot/dovecot-app-password-use.conf.ext


@atomic
def create_app_password(
    *, mailbox: Mailbox, name: str, protocols: Iterable[str], expires_at: datetime | None = None, actor: Actor
) -> tuple[AppPassword, str]:
    """The row and the secret, which nobody can be told again."""
    require(can_add_app_password(actor, mailbox))
    mailbox = Mailbox.objects.select_for_update().get(pk=mailbox.pk)
    wanted = _known(protocols)
    _refuse_shape(name.strip(), wanted, expires_at)
    _refuse_more(mailbox, name.strip())
    secret = new_secret()
    app_password = AppPassword(
        address=mailbox.pk, name=name.strip(), password=stored(secret), created_at=timezone.now(), expires_at=expires_at
    )
    for protocol in wanted:
        setattr(app_password, f"for_{protocol.value}", True)
    app_password.save(force_insert=True)
    audit.record("app_password.create", actor=actor, target=app_password, domain_name=mailbox.domain_id)
    _tell(mailbox, app_password, actor)
    return app_password, secret


def _tell(mailbox: Mailbox, app_password: AppPassword, actor: Actor) -> None:
    """Who has never signed in has no account to hear of it."""
    data = {"client_address": actor.client_address, "name": app_password.name or ""}
    if not is_own_mailbox(actor, mailbox):
        data["by"] = actor.label
    for account in Account.objects.select_related("mailbox").filter(mailbox=mailbox):
        notify(account, Kind.APP_PASSWORD_ADDED, **data)


@atomic
def revoke_app_password(*, app_password: AppPassword, mailbox: Mailbox, actor: Actor) -> None:
    """It opens nothing from now on, and what it has opened is closed."""
    require(can_use_mailbox(actor, mailbox) and app_password.address == mailbox.pk)
    app_password = AppPassword.objects.select_for_update().get(pk=app_password.pk)
    before = audit.snapshot(app_password)
    AppPassword.objects.filter(pk=app_password.pk).delete()
    AppPasswordUse.objects.filter(pk=app_password.pk).delete()
    audit.record(
        "app_password.revoke",
        actor=actor,
        target=app_password,
        before=before,
        after={},
        domain_name=mailbox.domain_id,
    )
    queue_sign_in(mailbox.pk)


@atomic
def revoke_all_app_passwords(*, mailbox: Mailbox, actor: Actor) -> int:
    """All of a mailbox at once, as after somebody else has been in it; how many there were."""
    require(can_use_mailbox(actor, mailbox))
    rows = list(AppPassword.objects.select_for_update().of(mailbox))
    forget_app_passwords([mailbox.pk])
    audit.record_deletions("app_password.revoke", rows, actor=actor, domain_name=mailbox.domain_id)
    if rows:
        queue_sign_in(mailbox.pk)
    return len(rows)


@atomic
def close_expired() -> int:
    """Ends what those have opened that expired since the last time: the passdb refuses them by itself, but a program
    that is connected would stay so. Returns of how many mailboxes."""
    rows = AppPassword.objects.select_for_update().filter(closed=False, expires_at__lte=timezone.now())
    expired = dict(rows.values_list("pk", "address")[:AT_ONCE])
    AppPassword.objects.filter(pk__in=expired).update(closed=True)
    addresses = {address for address in expired.values() if address}
    for address in sorted(addresses):
        queue_sign_in(address)
    return len(addresses)


def forget_app_passwords(addresses: list[str]) -> None:
    """With their mailboxes, so that new ones of these names have none. The mailboxes' own audit tells of it."""
    if keys := list(AppPassword.objects.filter(address__in=addresses).values_list("pk", flat=True)):
        AppPassword.objects.filter(pk__in=keys).delete()
        AppPasswordUse.objects.filter(pk__in=keys).delete()


def move_app_passwords(old: str, new: str) -> None:
    """With a mailbox that gets another address: the programs sign in by the new one, and need no new password."""
    AppPassword.objects.filter(address=old).update(address=new)


def verify_app_password(*, address: str, password: str, protocol: Protocol, client_address: str) -> bool:
    """Whether Dovecot would let it in for this protocol, and that it was used."""
    found = (
        AppPassword.objects.filter(address=address, password=stored(password), **{f"for_{protocol.value}": True})
        .filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()))
        .first()
    )
    if found is None or not Mailbox.objects.filter(pk=address, active=True, domain__active=True).exists():
        return False
    _note_use(found, protocol, client_address)
    return True


def with_use(app_passwords: Iterable[AppPassword]) -> list[AppPassword]:
    """Each with its `use`, None if it was never used: one query for all."""
    rows = list(app_passwords)
    uses = AppPasswordUse.objects.in_bulk([row.pk for row in rows])
    for row in rows:
        row.use = uses.get(row.pk)  # type: ignore[attr-defined]  # for the template
    return rows


def _note_use(app_password: AppPassword, protocol: Protocol, client_address: str) -> None:
    now = timezone.now()
    use = {"used_at": now, "service": protocol.value, "client_address": client_address}
    _use, created = AppPasswordUse.objects.get_or_create(pk=app_password.pk, defaults=use)
    if not created:
        AppPasswordUse.objects.filter(pk=app_password.pk, used_at__lt=now - USED_ANEW_AFTER).update(**use)


def _known(protocols: Iterable[str]) -> list[Protocol]:
    offered = {each.value: each for each in offered_protocols()}
    try:
        return [offered[each] for each in dict.fromkeys(protocols)]
    except KeyError:
        refuse("protocols", _("This server has no such protocol."), "protocol_unknown")


def _refuse_shape(name: str, protocols: list[Protocol], expires_at: datetime | None) -> None:
    if not name:
        refuse("name", _("Enter a name, such as that of the phone or the mail program."), "name_empty")
    if len(name) > NAME_LENGTH_AT_MOST:
        refuse("name", _("A name has %(most)d characters at most."), "name_long", most=NAME_LENGTH_AT_MOST)
    if not name.isprintable():
        refuse("name", _("A name has no line breaks or control characters."), "name_invalid")
    if not protocols:
        refuse("protocols", _("Choose at least one."), "protocols_empty")
    if expires_at is not None and expires_at <= timezone.now():
        refuse("expires_at", _("This day is past."), "expires_past")


def _refuse_more(mailbox: Mailbox, name: str) -> None:
    names = list(AppPassword.objects.of(mailbox).values_list("name", flat=True))
    # By its name alone a person knows which one to revoke. It also keeps a reloaded page from making another one.
    if name.casefold() in {each.casefold() for each in names if each}:
        refuse("name", _("You have an app password of this name already."), "name_taken")
    if len(names) >= AT_MOST:
        text = ngettext(
            "There can be %(most)d app password at most: revoke one first.",
            "There can be %(most)d app passwords at most: revoke one first.",
            AT_MOST,
        )
        refuse("name", text, "app_passwords_full", most=AT_MOST)
