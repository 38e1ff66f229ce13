"""One's own sessions: each browser in which somebody is signed in."""

from __future__ import annotations

from domains.rules import require
from mailadmin.accounts.actors import Actor
from mailadmin.accounts.models import Account, Session
from mailadmin.accounts.rules import is_own_account
from mailadmin.accounts.sessions import end_sessions
from mailadmin.audit import services as audit
from mailadmin.transactions import atomic


@atomic
def end_session(*, account: Account, digest: str, actor: Actor) -> Session:
    """Session.DoesNotExist if it is not this account's, or has ended already."""
    require(is_own_account(actor, account))
    session = account.sessions.select_for_update().get(pk=digest)
    session.delete()
    _record(account, actor, client_address=session.client_address, user_agent=session.user_agent)
    session.session_key = digest  # which the deletion took from it
    return session


@atomic
def end_other_sessions(*, account: Account, keep_key: str, actor: Actor) -> int:
    """All but the one of the browser that asks for it. How many there were."""
    require(is_own_account(actor, account))
    count = end_sessions(account, keep_key)
    if count:
        _record(account, actor, sessions=count)
    return count


def _record(account: Account, actor: Actor, **ended: object) -> None:
    audit.record(
        "mailbox.sessions" if account.mailbox else "administrator.sessions",
        actor=actor,
        target=account.mailbox or account,
        before=ended,
        after={},
        domain_name=account.mailbox.domain_id if account.mailbox else "",
    )
