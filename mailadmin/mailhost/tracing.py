"""How much of a trace a person is shown: a domain administrator sees nothing of what happens in others' domains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from domains.models import AliasDomain, Domain
from mailadmin.addresses import show_address, split_address
from mailadmin.mailhost.steps import REFUSALS, Disagreement, Found, Step, Trace

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor

GOOD = {Found.MAILBOX, Found.RELAYED, Found.UNKNOWN_DOMAIN}
BAD = REFUSALS | {Found.LOOP, Found.OVER_QUOTA}


@dataclass(frozen=True)
class Shown:
    text: str
    mark: str  # good, bad, or empty


@dataclass(frozen=True)
class SeenTrace:
    address: str
    steps: list[Shown]
    mailboxes: list[str]
    outside: list[str]
    refused: bool
    live: bool | None
    live_error: str
    disagreements: list[Disagreement]


def own_names(actor: Actor) -> set[str] | None:
    """The domains and alias domains of a domain administrator; None for a superadmin, who sees all."""
    if actor.is_superadmin:
        return None
    domains = Domain.objects.visible_to(actor).values_list("pk", flat=True)
    return {*domains, *AliasDomain.objects.visible_to(actor).values_list("pk", flat=True)}


def seen_by(actor: Actor, trace: Trace) -> SeenTrace:
    own = own_names(actor)
    steps = [_shown(step) for step in trace.steps]
    named = {trace.address}
    if own is not None:
        named |= {target for step in trace.steps if _is_own(step.address, own) for target in step.targets}
        steps = [each for step in trace.steps if (each := _shown_to_owner(step, own, named))]
    return SeenTrace(
        address=trace.address,
        steps=list(dict.fromkeys(steps)),
        mailboxes=[each for each in trace.mailboxes if own is None or _is_own(each, own)],
        outside=[each for each in trace.outside if own is None or each in named],
        refused=trace.refused,
        live=trace.live,
        live_error=trace.live_error,
        disagreements=[each for each in trace.disagreements if own is None or _is_own(each.key, own)],
    )


def _is_own(key: str, own: set[str]) -> bool:
    return split_address(key)[1] in own


def _shown(step: Step) -> Shown:
    mark = "good" if step.found in GOOD else "bad" if step.found in BAD else ""
    readable = Step(show_address(step.address), step.found, tuple(map(show_address, step.targets)))
    return Shown(readable.text, mark)


def _shown_to_owner(step: Step, own: set[str], named: set[str]) -> Shown | None:
    if _is_own(step.address, own) or (step.found is Found.UNKNOWN_DOMAIN and step.address in named):
        return _shown(step)
    if step.address in named:
        return Shown(
            _("%(address)s: goes on in a domain that is not yours.") % {"address": show_address(step.address)}, ""
        )
    return None
