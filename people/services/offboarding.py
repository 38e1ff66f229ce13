"""How a person leaves: steps that are planned at once, done each at its time, and can be undone till the purge."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from domains.models import Domain
from domains.rules import can_change_addresses, require
from mailadmin.addresses import normalise_address, show_address
from mailadmin.audit import services as audit
from mailadmin.errors import at_field, refuse
from mailadmin.transactions import atomic
from mailboxes.models import Mailbox
from mailboxes.services import purge, restore_mailbox
from mailboxes.services.edit import lock_mailbox
from people.models import Kind, Offboarding, Person, State, Step, Template
from people.placeholders import fill
from people.reading import LEAVING, leaving_defaults, read_given
from people.services.steps import WORK
from people.services.templates import template_for
from vacations.services import checked_body, checked_subject

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor

logger = logging.getLogger(__name__)
YEARS_AHEAD = timedelta(days=3653)
STEPS_AT_ONCE = 500


@atomic
def start_offboarding(
    *,
    mailbox: Mailbox,
    at: datetime | None = None,
    template: Template | None = None,
    successor: str = "",
    wishes: Mapping[str, Any] | None = None,
    actor: Actor,
) -> Offboarding:
    """Plan how this person leaves; what is due at once, as all is without `at` but the end, is done before it returns.

    `wishes` are the fields that a template has under `offboarding`, and count before it: reply_subject, reply_body,
    forward_days, archive_days, purge_days, reserve_days. Without `template` it is that of the department or domain.
    """
    mailbox = lock_mailbox(mailbox, actor)
    now = timezone.now()
    at = _checked_time(at or now, now)
    if Offboarding.objects.open().filter(address=mailbox.pk).exists():
        refuse("address", _("%(address)s is being offboarded already."), "offboarding_exists", address=mailbox)
    person = Person.objects.filter(mailbox=mailbox).first()
    template = template or template_for(mailbox.domain_id, person.department if person else "")
    how = {**leaving_defaults(template), **read_given(wishes or {}, LEAVING)}
    offboarding = Offboarding(
        address=mailbox.pk,
        domain_name=mailbox.domain_id,
        name=mailbox.name,
        at=at,
        successor=_checked_successor(successor, mailbox),
        reserve_days=how["reserve_days"],
        created_by=actor.label,
    )
    subject, body = (_filled(how[name], offboarding) for name in ("reply_subject", "reply_body"))
    offboarding.reply_subject = at_field("reply_subject", checked_subject, subject)
    offboarding.reply_body = at_field("reply_body", checked_body, body, required=False)
    offboarding.save(force_insert=True)
    Step.objects.bulk_create(_steps(offboarding, how))
    audit.record("person.offboard", actor=actor, target=offboarding, domain_name=mailbox.domain_id)
    for step in _due(offboarding, now):
        _do(step, offboarding, now, actor)
    return offboarding


def _checked_time(at: datetime, now: datetime) -> datetime:
    if at > now + YEARS_AHEAD:
        refuse("at", _("This is more than ten years ahead."), "date_out_of_range")
    return max(at, now)


def _checked_successor(successor: str, mailbox: Mailbox) -> str:
    if not successor.strip():
        return ""
    address = at_field("successor", normalise_address, successor)
    if address == mailbox.pk:
        refuse("successor", _("This is the mailbox itself."), "successor_itself")
    return address


def _filled(text: str, offboarding: Offboarding) -> str:
    """With what stands for `reading.REPLY_WORDS`. Without a successor the lines that name one are left out."""
    words = {
        "name": offboarding.name or str(offboarding),
        "address": str(offboarding),
        "successor": show_address(offboarding.successor),
        "date": formats.date_format(timezone.localtime(offboarding.at)),
    }
    lines = [line for line in text.splitlines() if offboarding.successor or "{successor}" not in line]
    return fill("\n".join(lines), words)


def _steps(offboarding: Offboarding, how: Mapping[str, Any]) -> list[Step]:
    archive_at = offboarding.at + timedelta(days=how["archive_days"])
    dates: dict[Kind, datetime] = {Kind.SIGN_IN: offboarding.at, Kind.FORWARD: offboarding.at}
    if offboarding.reply_body.strip():
        dates[Kind.REPLY] = offboarding.at
    dates[Kind.GROUPS] = offboarding.at
    if offboarding.successor and how["forward_days"] < how["archive_days"]:
        dates[Kind.FORWARD_END] = offboarding.at + timedelta(days=how["forward_days"])
    dates[Kind.ARCHIVE] = archive_at
    dates[Kind.PURGE] = archive_at + timedelta(days=how["purge_days"])
    return [Step(offboarding=offboarding, kind=kind, due_at=due_at) for kind, due_at in dates.items()]


# -- At their time
def advance(*, now: datetime, actor: Actor) -> int:
    """Do what is due, each step in a transaction of its own. What fails says why on its page and is tried again the
    next time; the later steps of that person wait for it. Returns how many were done."""
    due = Step.objects.filter(done_at=None, due_at__lte=now, offboarding__in=Offboarding.objects.open())
    keys = due.order_by("due_at").values_list("offboarding_id", flat=True)[:STEPS_AT_ONCE]
    return sum(_advance_one(key, now, actor) for key in dict.fromkeys(keys))


def _advance_one(key: int, now: datetime, actor: Actor) -> int:
    done = 0
    for step in _due(Offboarding.objects.get(pk=key), now):
        if Step.objects.filter(offboarding_id=key, done_at=None, due_at__lt=step.due_at).exists():
            break  # one before it has failed
        done += _try(step, now, actor)
    return done


def _try(step: Step, now: datetime, actor: Actor) -> bool:
    try:
        return run_step(step=step, now=now, actor=actor)
    except (ValidationError, PermissionDenied, ObjectDoesNotExist) as error:
        told = " ".join(getattr(error, "messages", None) or [str(error)])
    except Exception as error:  # one person's fault must not keep the others
        logger.exception("Step %s of offboarding %s failed.", step.kind, step.offboarding_id)
        told = f"{type(error).__name__}: {error}"
    Step.objects.filter(pk=step.pk, done_at=None).update(error=told[:255])
    return False


@atomic
def run_step(*, step: Step, now: datetime, actor: Actor) -> bool:
    """Whether it was still to be done."""
    offboarding = _locked(step.offboarding_id)
    step = Step.objects.select_for_update().get(pk=step.pk)
    if step.done_at is not None or not offboarding.is_open:
        return False
    _do(step, offboarding, now, actor)
    return True


def _due(offboarding: Offboarding, now: datetime) -> list[Step]:
    return list(offboarding.steps.filter(done_at=None, due_at__lte=now))


def _do(step: Step, offboarding: Offboarding, now: datetime, actor: Actor) -> None:
    """A mailbox that is gone already needs no step but the last."""
    mailbox = _mailbox(offboarding)
    if step.kind == Kind.PURGE:
        purge(archived=[offboarding.archived] if offboarding.archived else [], actor=actor)
    elif mailbox is not None:
        step.kept = WORK[Kind(step.kind)].do(offboarding, mailbox, actor, now)
    step.done_at, step.done_by, step.error = now, actor.label, ""
    step.save(update_fields=["done_at", "done_by", "error", "kept"])
    offboarding.state = State.FINISHED if step.kind == Kind.PURGE else State.RUNNING
    offboarding.save(update_fields=["state"])
    after = {"done_at": now.isoformat(), "due_at": step.due_at.isoformat()}
    _record(f"offboarding.{step.kind}", offboarding, after, actor)


def _mailbox(offboarding: Offboarding) -> Mailbox | None:
    """None once it is deleted, whoever did it: the next of that address is another person's."""
    return None if offboarding.archived_id else Mailbox.objects.filter(pk=offboarding.address).first()


def _locked(key: int) -> Offboarding:
    """Behind its domain's row, in the order in which every service locks."""
    domain_name = Offboarding.objects.values_list("domain_name", flat=True).get(pk=key)
    list(Domain.objects.select_for_update().filter(pk=domain_name))
    return Offboarding.objects.select_for_update().get(pk=key)


# -- Back
@atomic
def undo_offboarding(*, offboarding: Offboarding, actor: Actor) -> Offboarding:
    """Take back what was done, the last first; what was only planned is not done. App passwords stay revoked."""
    require(can_change_addresses(actor, offboarding.domain_name))
    offboarding = _locked(offboarding.pk)
    if not offboarding.is_open:
        refuse("state", _("This offboarding is over: nothing of it can be undone."), "offboarding_over")
    if offboarding.archived is not None:
        restore_mailbox(archived=offboarding.archived, actor=actor)
        offboarding.refresh_from_db()
    mailbox = _mailbox(offboarding)
    if mailbox is not None:
        for step in offboarding.steps.exclude(done_at=None).order_by("-due_at", "-id"):
            work = WORK[Kind(step.kind)]
            if work.undo is not None and step.kept:
                work.undo(offboarding, mailbox, actor, step.kept)
    offboarding.state, offboarding.undone_by, offboarding.undone_at = State.UNDONE, actor.label, timezone.now()
    offboarding.password = offboarding.locked_password = ""
    offboarding.save()
    _record("offboarding.undo", offboarding, {"state": State.UNDONE.value}, actor)
    return offboarding


def _record(action: str, offboarding: Offboarding, after: dict[str, Any], actor: Actor) -> None:
    audit.record(action, actor=actor, target=offboarding, before={}, after=after, domain_name=offboarding.domain_name)
