"""A site to look around in, made once: what `make run` shows."""

from __future__ import annotations

import os
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from aliases.services import create_alias
from domains.models import Domain
from domains.services import create_alias_domain, create_domain, set_domain_active
from domains.usage import recount
from mailadmin.accounts.actors import Actor
from mailadmin.accounts.models import Account, Role
from mailadmin.accounts.schemes import hash_password
from mailadmin.accounts.services import create_administrator
from mailboxes.models import Mailbox, MailboxUsage
from mailboxes.services import create_mailbox, set_forwarding, set_mailbox_active
from vacations.services import set_vacation

PEOPLE = [
    "Camille Laurent",
    "Louis Moreau",
    "Chloé Petit",
    "Hugo Lefèvre",
    "Inès Fontaine",
    "Jules Garnier",
    "Léa Chevalier",
    "Nathan Rousseau",
    "Manon Girard",
    "Adam Bonnet",
    "Zoé Lambert",
    "Gabriel Faure",
    "Alice Mercier",
    "Raphaël Blanc",
    "Sarah Guérin",
    "Arthur Boyer",
    "Louise Roy",
    "Paul Henry",
    "Emma Roussel",
    "Victor Nicolas",
    "Jeanne Perrin",
    "Antoine Morin",
    "Anna Mathieu",
    "Simon Clément",
    "Clara Gauthier",
    "Maxime Dumont",
    "Eva Lopez",
    "Thomas Fournier",
    "Rose Picard",
    "Oscar Barbier",
    "Mila Brun",
    "Noé Schmitt",
]


class Command(BaseCommand):
    help = "Make demo domains, mailboxes and aliases, once, and print the sign-in."

    def handle(self, *args: Any, **options: Any) -> None:
        if not Account.objects.administrators().exists():
            password = secrets.token_urlsafe(9)
            _make_site(Actor.of_command(), password)
            _remember(password)
        for line in _sign_in_file().read_text().splitlines() if _sign_in_file().exists() else ():
            self.stdout.write(line)


@transaction.atomic
def _make_site(actor: Actor, password: str) -> None:
    create_administrator(email="root@example.org", password=password, role=Role.SUPERADMIN, name="Root", actor=actor)
    stored = hash_password(password)
    domain = create_domain(
        name="example.org",
        description="Head office",
        max_mailboxes=50,
        max_aliases=20,
        max_quota_mb=5_000,
        quota_mb=200_000,
        actor=actor,
    )
    for number, name in enumerate(PEOPLE):
        _make_mailbox(domain, name, stored, number, actor)
    _make_aliases(actor)
    _make_other_domains(stored, actor)
    recount(Domain.objects.all())


def _make_mailbox(domain: Domain, name: str, stored: str, number: int, actor: Actor) -> Mailbox:
    local_part = _ascii(name).lower().replace(" ", ".")
    quota_mb = 1_000 * (1 + number % 5)
    mailbox = create_mailbox(
        domain=domain,
        local_part=local_part,
        password_hash=stored,
        name=name,
        quota_bytes=quota_mb * settings.QUOTA_MULTIPLIER,
        actor=actor,
    )
    used = mailbox.quota_bytes * ((number * 37) % 101) // 100
    MailboxUsage.objects.create(address=mailbox.pk, bytes=used, messages=used // 60_000)
    return mailbox


def _make_aliases(actor: Actor) -> None:
    first, second, third = Mailbox.objects.order_by("address")[:3]
    create_alias(
        address="team@example.org", targets=[first.pk, second.pk, third.pk], description="All of us", actor=actor
    )
    create_alias(address="info@example.org", targets=["team@example.org"], actor=actor)
    create_alias(address="press@example.org", targets=[second.pk, "agency@example.net"], actor=actor)
    create_alias(address="old-shop@example.org", targets=[third.pk], active=False, actor=actor)
    for local_part in ("abuse", "hostmaster", "postmaster", "webmaster"):
        create_alias(address=f"{local_part}@example.org", targets=[first.pk], actor=actor)
    set_forwarding(mailbox=second, targets=["louis@example.net"], keep_copy=True, actor=actor)
    set_mailbox_active(mailbox=third, active=False, actor=actor)
    set_vacation(
        mailbox=first,
        active=True,
        subject="On holiday",
        body="Hello,\n\nI am back in two weeks, and answer then. In a hurry? Write to info@example.org.\n",
        until_at=timezone.now().replace(hour=7, minute=0, second=0, microsecond=0) + timedelta(days=14),
        actor=actor,
    )


def _make_other_domains(stored: str, actor: Actor) -> None:
    paris = create_domain(name="bücher-paris.example", description="The bookshop", max_mailboxes=10, actor=actor)
    for number, name in enumerate(("Margot Aubert", "Félix Renard", "Nina Colas")):
        _make_mailbox(paris, name, stored, number, actor)
    create_alias(address=f"@{paris.pk}", targets=[f"margot.aubert@{paris.pk}"], description="Catch-all", actor=actor)
    create_alias_domain(name="example.com", target=Domain.objects.get(pk="example.org"), actor=actor)
    create_domain(
        name="partner.example", description="We keep their mail when they are away", backup_mx=True, actor=actor
    )
    closed = create_domain(name="closed.example", description="Wound up in 2025", actor=actor)
    set_domain_active(domain=closed, active=False, actor=actor)


def _ascii(name: str) -> str:
    return name.translate(str.maketrans("éèëïç", "eeeic"))


def _sign_in_file() -> Path:
    return settings.VAR_DIR / "demo-sign-in"


def _remember(password: str) -> None:
    lines = [
        f"superadmin    root@example.org            {password}",
        f"mailbox user  camille.laurent@example.org {password}",
        "",
    ]
    descriptor = os.open(_sign_in_file(), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write("\n".join(lines))
