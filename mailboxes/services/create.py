from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _

from aliases.models import Alias
from aliases.services import refuse_taken
from domains import usage
from domains.locks import lock_domain
from domains.models import DISABLED, EXPIRY_DAYS_AT_MOST, UNLIMITED, Domain
from domains.rules import can_change_addresses, require
from mailadmin.accounts.models import Account, Role
from mailadmin.accounts.passwords import validate_new_password
from mailadmin.accounts.schemes import check_hash, hash_password
from mailadmin.addresses import normalise_address, split_address
from mailadmin.audit import services as audit
from mailadmin.errors import at_field, refuse
from mailadmin.mailhost.queue import queue_address
from mailadmin.transactions import atomic
from mailboxes.models import NEVER, Mailbox
from mailboxes.quotas import default_quota, refuse_quota

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor


def create_mailbox(
    *,
    domain: Domain,
    local_part: str,
    password: str | None = None,
    password_hash: str | None = None,
    name: str = "",
    quota_bytes: int | None = None,
    active: bool = True,
    must_change: bool = False,
    actor: Actor,
) -> Mailbox:
    """A mailbox with its own alias row, which keeps a catch-all from taking its mail, and its Maildir to come.

    The password comes in clear or as a hash with its {SCHEME}; `must_change`: the person has to choose another one
    at the first sign-in. Without `quota_bytes` it gets the domain's largest.
    """
    require(can_change_addresses(actor, domain.pk))
    address = at_field("local_part", normalise_address, f"{local_part}@{domain.pk}")
    # Hashed before the domain's row is locked: it takes long, on purpose.
    stored = stored_password(password, password_hash, about=(address, name))
    mailbox = Mailbox(address=address, name=name, password=stored, active=active)
    return _insert(mailbox, quota_bytes, must_change, actor)


@atomic
def _insert(mailbox: Mailbox, quota_bytes: int | None, must_change: bool, actor: Actor) -> Mailbox:
    mailbox.domain = domain = lock_domain(split_address(mailbox.address)[1], field="local_part")
    refuse_taken(mailbox.address, field="local_part")
    refuse_full(domain)
    fill(mailbox, quota_bytes)
    mailbox.maildir = free_maildir(mailbox.address)
    mailbox.clean_fields(exclude={"domain"})
    insert_rows([mailbox])
    if must_change:
        Account.objects.create(mailbox=mailbox, role=Role.MAILBOX_USER, password_change_required=True)
    audit.record("mailbox.create", actor=actor, target=mailbox, domain_name=domain.pk)
    return mailbox


def fill(mailbox: Mailbox, quota_bytes: int | None, *, given: int | None = None) -> None:
    """What its domain says of a new mailbox; refused if the domain does not allow the quota."""
    mailbox.local_part = split_address(mailbox.address)[0]
    mailbox.quota_bytes = default_quota(mailbox.domain) if quota_bytes is None else quota_bytes
    refuse_quota(mailbox.domain, mailbox.quota_bytes, given=given)
    mailbox.password_expires_at = expiry_from_now(mailbox.domain)


def insert_rows(mailboxes: Sequence[Mailbox], *, targets: list[str] | None = None, source: str = "") -> None:
    """Mailboxes of one domain and their forwardings, which are on and off with them; counted, and queued for the mail
    hosts, where their Maildirs are made. A single one may bring the `targets` of its forwarding, and a Maildir to be
    moved from `source`."""
    Mailbox.objects.bulk_create(mailboxes)
    Alias.objects.bulk_create([_forwarding(mailbox, targets or [mailbox.address]) for mailbox in mailboxes])
    quotas = sum(max(mailbox.quota_bytes, 0) for mailbox in mailboxes)
    usage.adjust(mailboxes[0].domain_id, mailboxes=len(mailboxes), quota_bytes=quotas)
    places = [(mailbox.address, source, f"users/{mailbox.maildir}") for mailbox in mailboxes]
    queue_address(*(mailbox.address for mailbox in mailboxes), maildirs=places)


def _forwarding(mailbox: Mailbox, targets: list[str]) -> Alias:
    forwarding = Alias(address=mailbox.address, domain_id=mailbox.domain_id, active=mailbox.active)
    forwarding.targets = targets
    return forwarding


def forwarding_of(address: str) -> list[str]:
    """Where its mail goes on to, the copy that it keeps among it."""
    forwarding = Alias.objects.filter(pk=address).first()
    return forwarding.targets if forwarding else []


def stored_password(password: str | None, password_hash: str | None, *, about: tuple[str, ...]) -> str:
    """What `mailbox.password` is to hold; ValidationError at the field that was given."""
    refuse_password(password, password_hash, about=about)
    return hash_password(password or "") if password_hash is None else password_hash


def refuse_password(password: str | None, password_hash: str | None, *, about: tuple[str, ...]) -> None:
    """The same without the hash, which takes long."""
    if password_hash is not None:
        at_field("password_hash", check_hash, password_hash)
        return
    if not password:
        refuse("password", _("Enter a password."), "password_missing")
    at_field("password", validate_new_password, password, about=about)


def expiry_from_now(domain: Domain) -> datetime:
    """When a password that is set now expires."""
    days = min(domain.password_expiry_days or 0, EXPIRY_DAYS_AT_MOST)
    return timezone.now() + timedelta(days=days) if days > 0 else NEVER


def expiry_in(domain: Domain, present: datetime) -> datetime:
    """When the password of a mailbox that comes into this domain expires: its time goes on, if it had one."""
    return expiry_from_now(domain) if present == NEVER else present


def refuse_full(domain: Domain, count: int | None = None) -> None:
    """`count`: how many mailboxes it has, for who counted them already."""
    if domain.max_mailboxes == UNLIMITED:
        return
    if domain.max_mailboxes == DISABLED:
        refuse("local_part", _("Mailboxes are not allowed in %(domain)s."), "mailboxes_disabled", domain=domain)
    if (count_of(domain) if count is None else count) >= domain.max_mailboxes:
        refuse(
            "local_part",
            _("%(domain)s has all its %(most)d mailboxes already."),
            "domain_full",
            domain=domain,
            most=domain.max_mailboxes,
        )


def count_of(domain: Domain) -> int:
    return Mailbox.objects.filter(domain=domain).count()


def usual_maildir(address: str) -> str:
    """'example.org/joe/'."""
    local_part, domain_name = split_address(address)
    return f"{domain_name}/{local_part}/"


def free_maildir(address: str, known: Container[str] | None = None) -> str:
    """The usual one, or the like where another program gave that to someone else. `known`: the Maildirs that others
    have, for who looked already."""
    maildir = usual_maildir(address)
    if known is None:
        is_taken = Mailbox.objects.filter(maildir=maildir).exclude(pk=address).exists()
    else:
        is_taken = maildir in known
    return f"{split_address(address)[1]}/{address}/" if is_taken else maildir
