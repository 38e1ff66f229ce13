"""How a person wants to be spoken to: the language, and the time zone of all times that are shown and typed."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext as _

from domains.rules import require
from mailadmin.accounts.actors import Actor
from mailadmin.accounts.models import Account
from mailadmin.accounts.rules import is_own_account
from mailadmin.accounts.time_zones import is_time_zone
from mailadmin.audit import services as audit
from mailadmin.errors import refuse
from mailadmin.transactions import atomic

FIELDS = ("language", "time_zone")


@atomic
def set_preferences(
    *, account: Account, language: str | None = None, time_zone: str | None = None, actor: Actor
) -> Account:
    """None leaves one as it is. Empty: the language that the browser asks for, the time zone of the site."""
    require(is_own_account(actor, account))
    account = Account.objects.select_for_update().get(pk=account.pk)
    before = _present(account)
    if language is not None:
        account.language = _offered(language)
    if time_zone is not None:
        account.time_zone = _known(time_zone)
    if _present(account) != before:
        account.save(update_fields=FIELDS)
        _record(account, before, actor)
    return account


def _present(account: Account) -> dict[str, str]:
    return {field: getattr(account, field) for field in FIELDS}


def _offered(language: str) -> str:
    if language and language not in dict(settings.LANGUAGES):
        refuse("language", _("This language is not offered."), "language_unknown")
    return language


def _known(time_zone: str) -> str:
    if time_zone and not is_time_zone(time_zone):
        refuse("time_zone", _("There is no such time zone."), "time_zone_unknown")
    return time_zone


def _record(account: Account, before: dict[str, str], actor: Actor) -> None:
    """At the mailbox of a mailbox user, as all that is about it."""
    mailbox = account.mailbox
    audit.record(
        "mailbox.preferences" if mailbox else "administrator.preferences",
        actor=actor,
        target=mailbox or account,
        before=before,
        after=_present(account),
        domain_name=mailbox.domain_id if mailbox else "",
    )
