"""The second step of a sign-in. Each thing counts once: a code, a recovery code, an answer of a passkey.

Wrong ones are counted by the lockout beside the passwords: guessing a code needs the right password each time, and
waits after some failures, from wherever it comes.
"""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from mailadmin.accounts import passkeys, recovery_codes, totp
from mailadmin.accounts.actors import Actor
from mailadmin.accounts.clients import client_network
from mailadmin.accounts.factors import totp_secret_of
from mailadmin.accounts.identifiers import unspoken_identifier
from mailadmin.accounts.lockout import Attempt, forgives
from mailadmin.accounts.models import Account, Passkey, SignIn
from mailadmin.accounts.passkeys import RelyingParty
from mailadmin.audit import services as audit
from mailadmin.errors import at_field, refuse
from mailadmin.transactions import atomic

# Who knows the password and has many addresses would else try 2,400 codes a day: one in 140 such days is enough.
FAILURES_PER_DAY = 50


def check_code(*, account: Account, code: str, client_address: str) -> None:
    """A code of the app, or a recovery code. Refused at `code`, or with code `locked`."""
    attempt = Attempt(identifier_of(account), client_address, per_day=FAILURES_PER_DAY)
    code = totp.normalise_code(code)
    if totp.is_code(code):
        at_field("code", _use_totp, account, code)
    else:
        at_field("code", _use_recovery_code, account, code, client_address)
    _succeed(attempt, account, client_address)


def check_passkey(*, account: Account, answer: str, challenge: str, party: RelyingParty, client_address: str) -> None:
    """`answer`: the JSON that the page made of navigator.credentials.get(). Refused at `answer`, or `locked`."""
    # What no authenticator answered is no guess: a browser without JavaScript locks nobody out.
    parsed = at_field("answer", passkeys.parse_answer, answer)
    attempt = Attempt(identifier_of(account), client_address, per_day=FAILURES_PER_DAY)
    passkey = account.passkeys.filter(credential_digest=Passkey.digest(parsed["id"])).first()
    if passkey is None:
        refuse("answer", _("This passkey is not one of this account."), "passkey_unknown")
    verified = at_field("answer", passkeys.verify_used, parsed, passkey=passkey, party=party, challenge=challenge)
    # Of two answers at once that count alike, one is a copy.
    counted = Passkey.objects.filter(pk=passkey.pk, sign_count=passkey.sign_count)
    if not counted.update(sign_count=verified.new_sign_count, last_used_at=timezone.now()):
        refuse("answer", _("This passkey was not accepted. Try again."), "passkey_wrong")
    _succeed(attempt, account, client_address)


def identifier_of(account: Account) -> str:
    """What the lockout counts wrong factors by."""
    return unspoken_identifier("factor", account.pk)


def _succeed(attempt: Attempt, account: Account, client_address: str) -> None:
    """The sign-in is whole now: it stands among the person's last ones, and the failures before count no more."""
    attempt.succeed()
    if forgives(account):
        SignIn.objects.create(identifier=account.address, client_address=client_network(client_address), succeeded=True)


def _use_totp(account: Account, code: str) -> None:
    steps = totp.matching_steps(totp_secret_of(account), code)
    if not steps:
        raise ValidationError(_("This code is wrong, or too old. Enter the one that the app shows now."), "totp_wrong")
    # Guarded, so that of two requests with one code the second finds it used.
    newer = Account.objects.filter(pk=account.pk, totp_last_step__lt=max(steps))
    if not newer.update(totp_last_step=max(steps)):
        raise ValidationError(_("This code was used already. Wait until the app shows the next one."), "totp_used")


@atomic
def _use_recovery_code(account: Account, code: str, client_address: str) -> None:
    unused = account.recovery_codes.filter(used_at=None)
    if not unused.filter(code_digest=recovery_codes.digest(code)).update(used_at=timezone.now()):
        raise ValidationError(_("This code is wrong, or was used already."), "recovery_code_wrong")
    left = unused.count()
    audit.record(
        "factor.recovery_code",
        actor=Actor(label=account.address, face="sign-in", client_address=client_address, account=account),
        target=account.mailbox or account,
        before={"recovery_codes": left + 1},
        after={"recovery_codes": left},
        domain_name=account.mailbox.domain_id if account.mailbox else "",
    )
