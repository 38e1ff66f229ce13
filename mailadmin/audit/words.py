"""How people call the fields of what is recorded: one word for a field of the same meaning, whatever it belongs to."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

FIELDS: dict[str, Any] = {
    "active": _("active"),
    "address": _("address"),
    "app": _("authenticator app"),
    "app_passwords_only": _("app passwords alone"),
    "backup_mx": _("backup MX"),
    "body": _("text"),
    "cache": _("cache"),
    "client_address": _("network address"),
    "closed": _("closed"),
    "confirmed_recovery_address": _("confirmed recovery address"),
    "description": _("description"),
    "domain": _("domain"),
    "domains": _("domains"),
    "email": _("address"),
    "email_other": _("recovery address"),
    "expires_at": _("expires"),
    "for_dav": _("for calendars and phones (DAV)"),
    "for_imap": _("for reading mail (IMAP)"),
    "for_sieve": _("for filter rules (ManageSieve)"),
    "for_smtp": _("for sending mail (SMTP)"),
    "from_at": _("from"),
    "goto": _("targets"),
    "id": _("number"),
    "interval_seconds": _("interval, seconds"),
    "is_active": _("active"),
    "known_domains_only": _("only domains of this server"),
    "language": _("language"),
    "local_part": _("local part"),
    "mailbox": _("mailbox"),
    "maildir": _("Maildir"),
    "max_aliases": _("aliases at most"),
    "max_mailboxes": _("mailboxes at most"),
    "max_quota_mb": _("largest mailbox, MB"),
    "name": _("name"),
    "passkey": _("passkey"),
    "passkeys": _("passkeys"),
    "password": _("password"),
    "password_change_required": _("password to be changed"),
    "password_expires_at": _("password expires"),
    "password_expiry_days": _("passwords expire after, days"),
    "phone": _("phone"),
    "quota_bytes": _("quota, bytes"),
    "quota_mb": _("all mailboxes together, MB"),
    "reason": _("reason"),
    "recovery_address": _("recovery address"),
    "recovery_codes": _("recovery codes"),
    "replaced": _("replaced"),
    "role": _("role"),
    "sent_to": _("sent to"),
    "sessions": _("sessions"),
    "smtp_active": _("may send"),
    "subject": _("subject"),
    "target": _("target domain"),
    "time_zone": _("time zone"),
    "token": _("token"),
    "totp_last_step": _("last code"),
    "totp_secret": _("key of the authenticator app"),
    "transport": _("transport"),
    "until_at": _("until"),
    "user_agent": _("browser"),
}


def field_label(name: str) -> str:
    """A name that is not here is shown as it is."""
    return str(FIELDS.get(name, name.replace("_", " ")))
