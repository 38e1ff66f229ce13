"""A person's own second factor: an authenticator app, passkeys, and recovery codes for when they are lost."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from webauthn.helpers import bytes_to_base64url

from domains.rules import require
from mailadmin.accounts import passkeys, recovery_codes, totp
from mailadmin.accounts.actors import Actor
from mailadmin.accounts.factors import has_second_factor, is_required_of, totp_secret_of
from mailadmin.accounts.models import Account, Passkey, RecoveryCode, Role
from mailadmin.accounts.passkeys import RelyingParty
from mailadmin.accounts.rules import can_reset_second_factor
from mailadmin.accounts.sessions import end_sessions
from mailadmin.audit import services as audit
from mailadmin.errors import at_field, refuse
from mailadmin.letters.models import Kind
from mailadmin.letters.services import notify
from mailadmin.transactions import atomic
from mailboxes.models import Mailbox
from mailboxes.rules import can_change_mailbox

PASSKEYS_AT_MOST = 20
REASON_LENGTH_AT_MOST = 500


@atomic
def add_totp(*, account: Account, secret: str, code: str, actor: Actor) -> list[str]:
    """The app that knows `secret`, shown by its present `code`; one that was there before counts no more.

    Returns recovery codes, which are shown this once, if there were none."""
    account = _locked(account, actor)
    steps = totp.matching_steps(secret, totp.normalise_code(code))
    if not steps:
        refuse("code", _("This is not the code that the app shows now."), "totp_wrong")
    before = bool(totp_secret_of(account))
    _store_secret(account, secret)
    # The code that proved it does not sign in as well.
    Account.objects.filter(pk=account.pk).update(totp_last_step=max(steps))
    _record("factor.totp_add", account, actor, before={"replaced": True} if before else {}, after={"app": True})
    return _told_of_new(account, actor)


@atomic
def remove_totp(*, account: Account, actor: Actor) -> Account:
    account = _locked(account, actor)
    if not totp_secret_of(account):
        raise ValidationError(_("There is no authenticator app any more."), code="factor_gone")
    _store_secret(account, "")
    _record("factor.totp_remove", account, actor, before={"app": True})
    return _after_removal(account, actor)


@atomic
def add_passkey(
    *, account: Account, name: str, answer: str, challenge: str, party: RelyingParty, actor: Actor
) -> list[str]:
    """`answer`: the JSON that the page made of navigator.credentials.create(). Returns as `add_totp`."""
    account = _locked(account, actor)
    name = at_field("name", _passkey_name, account, name)
    parsed = at_field("answer", passkeys.parse_answer, answer)
    verified = at_field("answer", passkeys.verify_added, parsed, party=party, challenge=challenge)
    credential_id = bytes_to_base64url(verified.credential_id)
    if Passkey.objects.filter(credential_digest=Passkey.digest(credential_id)).exists():
        refuse("answer", _("This passkey is in use already."), "passkey_taken")
    Passkey.objects.create(
        account=account,
        name=name,
        credential_id=credential_id,
        credential_digest=Passkey.digest(credential_id),
        public_key=bytes_to_base64url(verified.credential_public_key),
        sign_count=verified.sign_count,
        transports=passkeys.transports_of(parsed),
    )
    _record("factor.passkey_add", account, actor, after={"passkey": name})
    return _told_of_new(account, actor)


@atomic
def remove_passkey(*, passkey: Passkey, actor: Actor) -> Account:
    account = _locked(passkey.account, actor)
    removed, _by_model = Passkey.objects.filter(pk=passkey.pk).delete()
    if not removed:
        raise ValidationError(_("This passkey is gone already."), code="factor_gone")
    _record("factor.passkey_remove", account, actor, before={"passkey": passkey.name})
    return _after_removal(account, actor)


@atomic
def make_recovery_codes(*, account: Account, actor: Actor) -> list[str]:
    """Ten new ones, which are shown this once; those before count no more."""
    account = _locked(account, actor)
    if not has_second_factor(account):
        raise ValidationError(_("Set up a second factor first."), code="no_factor")
    codes = _new_codes(account)
    _record("factor.recovery_codes", account, actor, after={"recovery_codes": len(codes)})
    return codes


@atomic
def reset_second_factor(*, account: Account, reason: str, actor: Actor) -> Account:
    """All of it, by somebody above the person, who has lost it. The person's sessions end."""
    require(can_reset_second_factor(actor, account))
    reason = at_field("reason", _reason, reason)
    account = _lock(account)
    before = {
        "app": bool(totp_secret_of(account)),
        "passkeys": [passkey.name for passkey in account.passkeys.all()],
        "recovery_codes": account.recovery_codes.filter(used_at=None).count(),
    }
    if not any(before.values()):
        raise ValidationError(_("There is no second factor to reset."), code="no_factor")
    _store_secret(account, "")
    account.passkeys.all().delete()
    account.recovery_codes.all().delete()
    end_sessions(account)
    _record("factor.reset", account, actor, before=before, after={"reason": reason})
    notify(account, Kind.FACTOR_RESET, by=actor.label)
    return account


@atomic
def reset_mailbox_second_factor(*, mailbox: Mailbox, reason: str, actor: Actor) -> Account:
    """The same for a mailbox, also if its user has only signed in to Postfixadmin."""
    require(can_change_mailbox(actor, mailbox))
    account, _created = Account.objects.get_or_create(mailbox=mailbox, defaults={"role": Role.MAILBOX_USER})
    return reset_second_factor(account=account, reason=reason, actor=actor)


def _locked(account: Account, actor: Actor) -> Account:
    """One's own alone: nobody can add a factor to another one's account."""
    require(actor.account is not None and actor.account.pk == account.pk)
    return _lock(account)


def _lock(account: Account) -> Account:
    """The present rows, in the order in which a deletion takes them."""
    mailbox = Mailbox.objects.select_for_update().get(pk=account.mailbox_id) if account.mailbox_id else None
    present = Account.objects.select_for_update().get(pk=account.pk)
    present.mailbox = mailbox
    return present


def _store_secret(account: Account, secret: str) -> None:
    if account.mailbox is None:
        account.totp_secret = secret
        account.save(update_fields=["totp_secret"])
        return
    account.mailbox.totp_secret = secret or None  # Postfixadmin asks whether it is NULL
    account.mailbox.modified_at = timezone.now()
    account.mailbox.save(update_fields=["totp_secret", "modified_at"])


def _told_of_new(account: Account, actor: Actor) -> list[str]:
    notify(account, Kind.FACTOR_ON, client_address=actor.client_address)
    return [] if account.recovery_codes.filter(used_at=None).exists() else _new_codes(account)


def _after_removal(account: Account, actor: Actor) -> Account:
    if not has_second_factor(account):
        if is_required_of(account):
            raise ValidationError(
                _("A second factor is required here: add another one before you remove the last."),
                code="factor_required",
            )
        account.recovery_codes.all().delete()
    notify(account, Kind.FACTOR_OFF, client_address=actor.client_address)
    return account


def _new_codes(account: Account) -> list[str]:
    codes = recovery_codes.new_codes()
    account.recovery_codes.all().delete()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(account=account, code_digest=recovery_codes.digest(code)) for code in codes
    )
    return codes


def _passkey_name(account: Account, name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > 64 or not name.isprintable():
        raise ValidationError(_("Enter a name of up to 64 characters."), code="name_invalid")
    names = [passkey.name.casefold() for passkey in account.passkeys.all()]
    if name.casefold() in names:
        raise ValidationError(_("You have a passkey of this name."), code="name_taken")
    if len(names) >= PASSKEYS_AT_MOST:
        raise ValidationError(_("You have as many passkeys as there can be."), code="passkeys_full")
    return name


def _reason(text: str) -> str:
    reason = " ".join(text.split())
    if not reason:
        raise ValidationError(_("Say why: it is kept in the audit."), code="reason_missing")
    if len(reason) > REASON_LENGTH_AT_MOST:
        raise ValidationError(
            _("A reason has %(most)d characters at most."), "reason_long", {"most": REASON_LENGTH_AT_MOST}
        )
    return reason


def _record(
    action: str,
    account: Account,
    actor: Actor,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """At the mailbox of a mailbox user, where its administrators see it."""
    audit.record(
        action,
        actor=actor,
        target=account.mailbox or account,
        before=before or {},
        after=after or {},
        domain_name=account.mailbox.domain_id if account.mailbox else "",
    )
