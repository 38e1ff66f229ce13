"""What each step of an offboarding does, and how it is undone. All of it by the services of the rooms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aliases.models import Alias
from aliases.services import create_alias, edit_alias, references_to, retarget, without
from aliases.targets import with_alias_domains
from app_passwords.services import revoke_all_app_passwords
from mailboxes.models import ArchivedMailbox, Mailbox
from mailboxes.services import delete_mailbox, lock_sign_in, set_forwarding, unlock_sign_in
from mailboxes.services.passwords import FormerSignIn
from people.models import Kind, Offboarding
from people.services.tombstones import reserve
from vacations.services import set_vacation, vacation_of

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor

Kept = dict[str, Any]


def end_sign_in(offboarding: Offboarding, mailbox: Mailbox, actor: Actor, now: datetime) -> Kept:
    former = lock_sign_in(mailbox=mailbox, actor=actor)
    offboarding.password, offboarding.locked_password = former.password, former.locked
    offboarding.save(update_fields=["password", "locked_password"])
    revoked = revoke_all_app_passwords(mailbox=mailbox, actor=actor)
    return {"recovery": former.recovery, "app_passwords": revoked}


def allow_sign_in(offboarding: Offboarding, mailbox: Mailbox, actor: Actor, kept: Kept) -> None:
    former = FormerSignIn(offboarding.password, offboarding.locked_password, kept["recovery"])
    unlock_sign_in(mailbox=mailbox, former=former, actor=actor)


def forward(offboarding: Offboarding, mailbox: Mailbox, actor: Actor, now: datetime) -> Kept:
    """To the successor alone: what the person had set up led perhaps to a private address."""
    row = Alias.objects.filter(pk=mailbox.pk).first()
    targets = row.targets if row else [mailbox.pk]
    wanted = [offboarding.successor] if offboarding.successor else []
    set_forwarding(mailbox=mailbox, targets=wanted, keep_copy=True, actor=actor)
    return {"others": [each for each in targets if each != mailbox.pk], "keep_copy": mailbox.pk in targets}


def forward_as_before(offboarding: Offboarding, mailbox: Mailbox, actor: Actor, kept: Kept) -> None:
    set_forwarding(mailbox=mailbox, targets=kept["others"], keep_copy=kept["keep_copy"], actor=actor)


def end_forward(offboarding: Offboarding, mailbox: Mailbox, actor: Actor, now: datetime) -> Kept:
    set_forwarding(mailbox=mailbox, targets=[], keep_copy=True, actor=actor)
    return {}


def reply(offboarding: Offboarding, mailbox: Mailbox, actor: Actor, now: datetime) -> Kept:
    former = vacation_of(mailbox)
    subject, body = offboarding.reply_subject, offboarding.reply_body
    set_vacation(mailbox=mailbox, active=True, subject=subject, body=body, actor=actor)
    return {
        "active": former.active,
        "subject": former.subject,
        "body": former.body,
        "from_at": former.from_at.isoformat(),
        "until_at": None if former.is_open_ended else former.until_at.isoformat(),
        "interval_days": former.interval_days,
        "known_domains_only": former.known_domains_only,
    }


def reply_as_before(offboarding: Offboarding, mailbox: Mailbox, actor: Actor, kept: Kept) -> None:
    """One whose end came meanwhile comes back with its text, and off."""
    times = {name: kept[name] and datetime.fromisoformat(kept[name]) for name in ("from_at", "until_at")}
    ended = times["until_at"] is not None and times["until_at"] <= datetime.now(tz=times["until_at"].tzinfo)
    set_vacation(mailbox=mailbox, actor=actor, **{**kept, **times, "active": kept["active"] and not ended})


def leave_groups(offboarding: Offboarding, mailbox: Mailbox, actor: Actor, now: datetime) -> Kept:
    """Aliases that lead to others as well. One that leads to this person alone is the person's own, and stays."""
    names = set(with_alias_domains([mailbox.pk]))
    pointing = [alias for alias in references_to([mailbox.pk]) if set(alias.targets) - names]
    boxes = set(Mailbox.objects.filter(pk__in=[alias.pk for alias in pointing]).values_list("pk", flat=True))
    groups = [alias for alias in pointing if alias.pk not in boxes]
    left = {alias.pk: [target for target in alias.targets if target in names] for alias in groups}
    retarget(groups, without([mailbox.pk]), actor=actor)
    return {"groups": left}


def join_groups(offboarding: Offboarding, mailbox: Mailbox, actor: Actor, kept: Kept) -> None:
    for alias in Alias.objects.filter(pk__in=kept["groups"]).order_by("pk"):
        _lead_again(alias, kept["groups"][alias.pk], actor)


def archive(offboarding: Offboarding, mailbox: Mailbox, actor: Actor, now: datetime) -> Kept:
    pointing, gone = _pointing_at(mailbox.pk)
    names = set(with_alias_domains(gone))
    kept = [
        {
            "address": alias.pk,
            "lost": [target for target in alias.targets if target in names],
            "description": alias.description,
            "active": alias.active,
        }
        for alias in pointing
    ]
    archived = delete_mailbox(mailbox=mailbox, actor=actor)
    removed_at = offboarding.steps.get(kind=Kind.PURGE).due_at
    ArchivedMailbox.objects.filter(pk=archived.pk).update(purge_after=removed_at)
    reserve(gone, offboarding=offboarding, now=now)
    return {"pointing": kept, "gone": sorted(gone)}


def _pointing_at(address: str) -> tuple[list[Alias], set[str]]:
    """All that leads there; and what is gone with it, since it leads nowhere else."""
    gone = {address}
    while True:
        pointing, names = references_to(gone), set(with_alias_domains(gone))
        boxes = Mailbox.objects.filter(pk__in=[alias.pk for alias in pointing]).values_list("pk", flat=True)
        more = {alias.pk for alias in pointing if set(alias.targets) <= names} - set(boxes)
        if not more:
            return [*pointing, *Alias.objects.filter(pk__in=gone - {address})], gone
        gone |= more


def lead_there_again(offboarding: Offboarding, mailbox: Mailbox, actor: Actor, kept: Kept) -> None:
    """What led to the mailbox leads there again; an alias that went with it comes back, unless the address is taken."""
    there = Alias.objects.in_bulk([row["address"] for row in kept["pointing"]])
    for row in kept["pointing"]:
        if row["address"] in there:
            _lead_again(there[row["address"]], row["lost"], actor)
        elif row["address"] in kept["gone"]:
            create_alias(
                address=row["address"],
                targets=row["lost"],
                description=row["description"],
                active=row["active"],
                actor=_of_every_domain(actor),
            )


def _lead_again(alias: Alias, lost: list[str], actor: Actor) -> None:
    """Give it back the targets that an offboarding took, unless they are there."""
    targets = list(dict.fromkeys([*alias.targets, *lost]))
    actor, mailbox = _of_every_domain(actor), Mailbox.objects.filter(pk=alias.pk).first()
    if mailbox is None:
        edit_alias(alias=alias, changes={"targets": targets}, actor=actor)
    else:
        others = [target for target in targets if target != mailbox.pk]
        set_forwarding(mailbox=mailbox, targets=others, keep_copy=mailbox.pk in targets, actor=actor)


def _of_every_domain(actor: Actor) -> Actor:
    """What was taken out of another domain's alias, for the address was to go, is put back there as well."""
    return replace(actor, is_superadmin=True)


@dataclass(frozen=True)
class Work:
    """`do` returns what `undo` needs; without `undo` there is nothing to take back, or another step takes it back."""

    do: Callable[[Offboarding, Mailbox, Actor, datetime], Kept]
    undo: Callable[[Offboarding, Mailbox, Actor, Kept], None] | None = None


WORK = {
    Kind.SIGN_IN: Work(end_sign_in, allow_sign_in),
    Kind.FORWARD: Work(forward, forward_as_before),
    Kind.REPLY: Work(reply, reply_as_before),
    Kind.GROUPS: Work(leave_groups, join_groups),
    Kind.FORWARD_END: Work(end_forward),
    Kind.ARCHIVE: Work(archive, lead_there_again),
}
