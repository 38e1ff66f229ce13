"""What a trace tells: each step, in words, where the mail ends, and where this host's tables disagree."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from django.utils.translation import gettext as _

from mailadmin.addresses import TARGETS_AT_MOST


class Found(StrEnum):
    UNKNOWN_DOMAIN = "unknown_domain"  # not ours: mail leaves
    INACTIVE_DOMAIN = "inactive_domain"
    RELAYED = "relayed"
    ALIAS_DOMAIN = "alias_domain"
    INACTIVE_ALIAS_DOMAIN = "inactive_alias_domain"
    ALIAS = "alias"
    INACTIVE_ALIAS = "inactive_alias"
    CATCH_ALL = "catch_all"
    FORWARDING = "forwarding"  # a mailbox that sends its mail on
    MAILBOX = "mailbox"
    INACTIVE_MAILBOX = "inactive_mailbox"
    OVER_QUOTA = "over_quota"
    NOTHING = "nothing"  # no mailbox, alias or catch-all
    LOOP = "loop"
    TOO_MANY = "too_many"


# What ends the way of an address with a refusal.
REFUSALS = {Found.INACTIVE_DOMAIN, Found.INACTIVE_MAILBOX, Found.INACTIVE_ALIAS, Found.NOTHING, Found.TOO_MANY}


@dataclass(frozen=True)
class Step:
    address: str
    found: Found
    targets: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return _texts()[self.found] % {
            "address": self.address,
            "targets": ", ".join(self.targets),
            "most": TARGETS_AT_MOST,
        }


@dataclass(frozen=True)
class Disagreement:
    """A key whose lookup table says something else than the database."""

    table: str
    key: str
    expected: str | None
    found: str | None


@dataclass
class Trace:
    address: str
    steps: list[Step] = field(default_factory=list)
    mailboxes: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    # None: the tables could not be asked, and `live_error` says why.
    live: bool | None = None
    live_error: str = ""
    disagreements: list[Disagreement] = field(default_factory=list)

    @property
    def refused(self) -> bool:
        """Whether Postfix answers so at once, by what it finds for the address itself; what is found later bounces.
        An address of another server is not refused here: who may send there is not the address's matter."""
        own = [step for step in self.steps if step.address == self.address]
        return bool(own) and own[-1].found in REFUSALS

    @property
    def delivered(self) -> bool:
        return bool(self.mailboxes or self.outside)

    def as_dict(self) -> dict[str, object]:
        return {
            "address": self.address,
            "refused": self.refused,
            "mailboxes": self.mailboxes,
            "outside": self.outside,
            "steps": [
                {"address": step.address, "found": step.found.value, "targets": list(step.targets), "text": step.text}
                for step in self.steps
            ],
            "live": self.live,
            "live_error": self.live_error,
            "disagreements": [vars(each) for each in self.disagreements],
        }


def _texts() -> dict[Found, str]:
    return {
        Found.UNKNOWN_DOMAIN: _("%(address)s: not a domain of this server; the mail leaves for it."),
        Found.INACTIVE_DOMAIN: _("%(address)s: the domain is switched off; refused."),
        Found.RELAYED: _("%(address)s: relayed to the domain's own server (%(targets)s)."),
        Found.ALIAS_DOMAIN: _("%(address)s: an alias domain; the same as %(targets)s."),
        Found.INACTIVE_ALIAS_DOMAIN: _("%(address)s: the alias domain is switched off."),
        Found.ALIAS: _("%(address)s: an alias for %(targets)s."),
        Found.INACTIVE_ALIAS: _("%(address)s: the alias is switched off."),
        Found.CATCH_ALL: _("%(address)s: taken by the catch-all, for %(targets)s."),
        Found.FORWARDING: _("%(address)s: a mailbox that forwards to %(targets)s."),
        Found.MAILBOX: _("%(address)s: delivered to the mailbox."),
        Found.INACTIVE_MAILBOX: _("%(address)s: the mailbox is switched off."),
        Found.OVER_QUOTA: _("%(address)s: the mailbox is full; the mail waits or bounces."),
        Found.NOTHING: _("%(address)s: neither a mailbox nor an alias; refused."),
        Found.LOOP: _("%(address)s: an alias loop; the mail bounces."),
        Found.TOO_MANY: _("%(address)s: more than %(most)d addresses, Postfix's limit; refused."),
    }
