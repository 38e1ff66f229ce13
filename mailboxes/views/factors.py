from __future__ import annotations

from mailadmin.accounts.models import Account
from mailadmin.accounts.services import reset_mailbox_second_factor
from mailadmin.accounts.views.factor_reset import FactorReset

from .acts import OneMailbox


class MailboxFactorReset(FactorReset, OneMailbox):
    def reset(self, reason: str) -> Account:
        return reset_mailbox_second_factor(mailbox=self.object, reason=reason, actor=self.actor)
