"""The session engine (SESSION_ENGINE): Django's, with what a person wants to know of their sessions in columns.

A session ends SESSION_HOURS after the sign-in whatever happens, and SESSION_IDLE_MINUTES after its last request.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY, login
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import SessionBase
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from mailadmin.accounts.models import Account, Session

# What the session's data say of itself, beside Django's own keys. Times are seconds since 1970.
STARTED_AT, AUTHENTICATED_AT = "started_at", "authenticated_at"
CLIENT_ADDRESS, USER_AGENT = "client_address", "user_agent"
SEEN_EVERY = timedelta(minutes=1)


class SessionStore(db.SessionStore):
    """`session_key` is the cookie's key, as Django means it; the table has its digest."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def _get_session_from_db(self) -> Session | None:
        """None as well if nobody has used it for too long."""
        found: Session | None = None
        if self.session_key:
            found = living().filter(pk=Session.digest(self.session_key)).first()
        if found is None:
            self._session_key = None
            return None
        now = timezone.now()
        if now - found.seen_at >= SEEN_EVERY:
            Session.objects.filter(pk=found.pk).update(seen_at=now)
        return found

    def exists(self, session_key: str) -> bool:
        return Session.objects.filter(pk=Session.digest(session_key)).exists()

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        now = timezone.now()
        return Session(
            session_key=Session.digest(self._get_or_create_session_key()),  # type: ignore[attr-defined]  # not in the stubs
            session_data=self.encode(data),
            expire_date=self.get_expiry_date(),
            account_id=data.get(SESSION_KEY),
            client_address=data.get(CLIENT_ADDRESS, ""),
            user_agent=data.get(USER_AGENT, ""),
            created_at=_time(data.get(STARTED_AT)) or now,
            seen_at=now,
            authenticated_at=_time(data.get(AUTHENTICATED_AT)),
        )

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key:
            Session.objects.filter(pk=Session.digest(key)).delete()

    @classmethod
    def clear_expired(cls) -> None:
        Session.objects.filter(_is_over()).delete()


def _is_over() -> Q:
    now = timezone.now()
    idle = Q(account__isnull=False, seen_at__lte=now - timedelta(minutes=settings.SESSION_IDLE_MINUTES))
    return Q(expire_date__lte=now) | idle


def living() -> QuerySet[Session]:
    return Session.objects.exclude(_is_over())


def start_session(request: HttpRequest, account: Account) -> None:
    """Sign in: whoever calls has seen all that proves who it is. The session has a new key from here on."""
    login(request, account)
    session, now = request.session, timezone.now()
    session[STARTED_AT] = int(now.timestamp())
    session[CLIENT_ADDRESS] = request.META.get("REMOTE_ADDR", "")[:45]
    session[USER_AGENT] = request.headers.get("User-Agent", "")[:255]
    session.set_expiry(now + timedelta(seconds=settings.SESSION_COOKIE_AGE))
    mark_authenticated(session)


def mark_authenticated(session: SessionBase) -> None:
    """The password was given just now."""
    session[AUTHENTICATED_AT] = int(timezone.now().timestamp())


def is_recently_authenticated(session: SessionBase) -> bool:
    given = _time(session.get(AUTHENTICATED_AT))
    return given is not None and timezone.now() - given < timedelta(minutes=settings.REAUTHENTICATION_MINUTES)


def end_sessions(account: Account, keep_key: str | None = None) -> int:
    """End all sessions of an account but that of `keep_key` (`request.session.session_key`). How many there were."""
    ended = account.sessions.all()
    if keep_key:
        ended = ended.exclude(pk=Session.digest(keep_key))
    count, _by_model = ended.delete()
    return count


def end_mailbox_sessions(**mailbox: Any) -> int:
    """End those of mailbox users, by a lookup of their mailbox: `end_mailbox_sessions(domain=domain)`."""
    of_them = Account.objects.filter(**{f"mailbox__{lookup}": value for lookup, value in mailbox.items()})
    count, _by_model = Session.objects.filter(account__in=of_them).delete()
    return count


def _time(seconds: Any) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int) else None
