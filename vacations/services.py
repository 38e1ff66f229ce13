"""The one way in which vacation replies are written."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from domains.rules import require
from mailadmin.audit import services as audit
from mailadmin.errors import Refusals, at_field, refuse
from mailadmin.mailhost.queue import queue_sieve
from mailadmin.revisions import refuse_stale
from mailadmin.transactions import atomic
from mailboxes.models import Mailbox
from vacations.models import DAY_SECONDS, NO_BEGINNING, OPEN_END, State, Vacation, VacationNotification
from vacations.rules import can_set_vacation
from vacations.sieve import is_carried_as_typed

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor

SUBJECT_AT_MOST = 255
# Four octets each at most, in a column of 65,535 octets.
BODY_AT_MOST = 16_000
DAYS_AT_MOST = 365
DEFAULT_DAYS = 7
AT_ONCE = 500


@atomic
def set_vacation(
    *,
    mailbox: Mailbox,
    active: bool,
    subject: str,
    body: str,
    from_at: datetime | None = None,
    until_at: datetime | None = None,
    interval_days: int = DEFAULT_DAYS,
    known_domains_only: bool = False,
    expected_revision: str | None = None,
    actor: Actor,
) -> Vacation:
    """Switch the reply on with this text and time, or off and keep both for the next time.

    Without `from_at` it begins at once, without `until_at` it has no end. `interval_days` is how long the same sender
    is not answered again, 0 for ever. A subject that is empty answers with the one of the letter.
    """
    require(can_set_vacation(actor, mailbox))
    mailbox = Mailbox.objects.select_for_update().get(pk=mailbox.pk)
    vacation = vacation_of(mailbox)
    refuse_stale(vacation, expected_revision)
    is_new = vacation._state.adding
    before = {} if is_new else audit.snapshot(vacation)
    _fill(vacation, active, subject, body, from_at, until_at, interval_days, known_domains_only)
    after = audit.snapshot(vacation)
    if before == after:
        return vacation
    vacation.modified_at = timezone.now()
    vacation.clean_fields(exclude={"domain"})
    vacation.save(force_insert=is_new)
    VacationNotification.objects.filter(vacation_id=vacation.pk).delete()
    audit.record(
        "vacation.set", actor=actor, target=vacation, before=before, after=after, domain_name=mailbox.domain_id
    )
    queue_sieve(mailbox.pk)
    return vacation


def preview_vacation(
    *,
    mailbox: Mailbox,
    active: bool,
    subject: str,
    body: str,
    from_at: datetime | None = None,
    until_at: datetime | None = None,
    interval_days: int = DEFAULT_DAYS,
    known_domains_only: bool = False,
    actor: Actor,
) -> Vacation:
    """What `set_vacation` would write, refused for the same reasons. Nothing is saved."""
    require(can_set_vacation(actor, mailbox))
    vacation = vacation_of(mailbox)
    _fill(vacation, active, subject, body, from_at, until_at, interval_days, known_domains_only)
    return vacation


def _fill(
    vacation: Vacation,
    active: bool,
    subject: str,
    body: str,
    from_at: datetime | None,
    until_at: datetime | None,
    interval_days: int,
    known_domains_only: bool,
) -> None:
    """ValidationError with all that is wrong at once."""
    vacation.active, vacation.known_domains_only = active, known_domains_only
    refused = Refusals()
    with refused:
        vacation.subject = at_field("subject", checked_subject, subject)
    with refused:
        vacation.body = at_field("body", checked_body, body, required=active)
    with refused:
        vacation.from_at, vacation.until_at = _checked_time(from_at, until_at, active=active)
    with refused:
        vacation.interval_seconds = _checked_days(interval_days) * DAY_SECONDS
    refused.raise_any()


@atomic
def end_vacation(*, mailbox: Mailbox, actor: Actor) -> Vacation:
    """Switch the reply off; its text stays."""
    require(can_set_vacation(actor, mailbox))
    mailbox = Mailbox.objects.select_for_update().get(pk=mailbox.pk)
    vacation = vacation_of(mailbox)
    if vacation.active:
        _switch_off(vacation, actor)
    return vacation


@atomic
def end_past_vacations(*, before: datetime, actor: Actor) -> int:
    """Switch off the replies whose end has come: they answer nothing any more, and say so. Returns how many."""
    past = Vacation.objects.active().filter(until_at__lte=before, until_at__lt=OPEN_END)
    vacations = list(past.select_for_update().order_by("pk")[:AT_ONCE])
    for vacation in vacations:
        _switch_off(vacation, actor)
    return len(vacations)


def _switch_off(vacation: Vacation, actor: Actor) -> None:
    with audit.recording("vacation.end", actor=actor, target=vacation, domain_name=vacation.domain_id):
        vacation.active = False
        vacation.modified_at = timezone.now()
        vacation.save(update_fields=["active", "modified_at"])
    VacationNotification.objects.filter(vacation_id=vacation.pk).delete()
    queue_sieve(vacation.pk)


def vacation_of(mailbox: Mailbox) -> Vacation:
    """The row, or one that is not saved and off."""
    found = Vacation.objects.filter(pk=mailbox.pk).first()
    return found or Vacation(
        address=mailbox.pk,
        domain_id=mailbox.domain_id,
        active=False,
        interval_seconds=DEFAULT_DAYS * DAY_SECONDS,
    )


def state_of(mailbox: Mailbox) -> State:
    return vacation_of(mailbox).state


# -- With a mailbox's own life; whoever calls has locked it and asked whether the actor may
def forget_vacations(addresses: Iterable[str]) -> None:
    """Their mailboxes are gone, and their homes, with the scripts, in the archive."""
    addresses = list(addresses)
    VacationNotification.objects.filter(vacation_id__in=addresses).delete()
    Vacation.objects.filter(pk__in=addresses).delete()


def restore_vacation(vacation: Vacation) -> None:
    """The mailbox is back, and so is its home: with a script from before, whatever that says."""
    vacation.save(force_insert=True)
    queue_sieve(vacation.pk)


def move_vacation(old: str, mailbox: Mailbox) -> None:
    """The mailbox has another address. Its script goes along with its home, and answers for the new one."""
    VacationNotification.objects.filter(vacation_id=old).delete()
    if Vacation.objects.filter(pk=old).update(address=mailbox.pk, domain_id=mailbox.domain_id):
        queue_sieve(mailbox.pk)


# -- Checks
def checked_subject(subject: str) -> str:
    subject = subject.strip()
    _refuse_unwritable(subject, allowed="")
    if len(subject) > SUBJECT_AT_MOST or not is_carried_as_typed(subject):
        raise ValidationError(_("This subject is too long."), code="subject_long")
    return subject


def checked_body(body: str, *, required: bool) -> str:
    """With line feeds alone between its lines, as every browser's text came to be before it was sent."""
    if len(body) > 2 * BODY_AT_MOST:  # before it is copied
        _refuse_long()
    body = body.replace("\r\n", "\n").replace("\r", "\n")
    _refuse_unwritable(body, allowed="\n\t")
    if required and not body.strip():
        raise ValidationError(_("Enter the text of the reply."), code="body_missing")
    if len(body) > BODY_AT_MOST:
        _refuse_long()
    return body


def _refuse_long() -> None:
    raise ValidationError(_("The text has %(most)d letters at most."), "body_long", {"most": BODY_AT_MOST})


def _refuse_unwritable(text: str, *, allowed: str) -> None:
    """Control characters, a line break in a subject above all, and halves of letters (lone surrogates)."""
    if any(unicodedata.category(letter) in ("Cc", "Cs") and letter not in allowed for letter in text):
        raise ValidationError(
            _("It has a line break or a control character that no mail can carry here."), code="text_control"
        )


def _checked_time(from_at: datetime | None, until_at: datetime | None, *, active: bool) -> tuple[datetime, datetime]:
    now = timezone.now()
    # To the minute, as the page shows it: saved again unchanged it is the same absence, and nobody is answered twice.
    beginning = from_at or (now.replace(second=0, microsecond=0) if active else NO_BEGINNING)
    end = until_at or OPEN_END
    if beginning < NO_BEGINNING or beginning >= OPEN_END:
        refuse("from_at", _("Enter a date from 2000 to 2037."), "date_out_of_range")
    if until_at is not None and end >= OPEN_END:
        refuse("until_at", _("Leave it empty for a reply without an end."), "date_out_of_range")
    if end <= beginning:
        refuse("until_at", _("The end must be after the beginning."), "until_before_from")
    if active and end <= now:
        refuse("until_at", _("This is over already."), "until_past")
    return beginning, end


def _checked_days(days: int) -> int:
    if not 0 <= days <= DAYS_AT_MOST:
        refuse("interval_days", _("Enter a number of days from 0 to %(most)d."), "days_invalid", most=DAYS_AT_MOST)
    return days
