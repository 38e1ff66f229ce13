"""Puts letters into the outbox, in the transaction of what they tell of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import timezone

from domains.rules import require
from mailadmin.accounts.models import Account
from mailadmin.broker import send_on_commit
from mailadmin.letters.models import Kind, Letter
from mailadmin.transactions import atomic

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor

SEND = "mailadmin.letters.tasks.send_letters"  # by name: the worker's side imports the rooms that call this one


def queue_letter(
    *,
    kind: Kind,
    recipient: str = "",
    account: Account | None = None,
    data: dict[str, Any] | None = None,
    identifier_digest: str = "",
    client_address: str = "",
) -> Letter:
    """One letter. It is written in the account's language, at the moment of sending. `data` holds no secret."""
    letter = Letter.objects.create(
        kind=kind,
        recipient=recipient,
        account=account,
        data=data or {},
        identifier_digest=identifier_digest,
        client_address=client_address,
    )
    send_on_commit(SEND, queue=settings.CELERY_TASK_DEFAULT_QUEUE)
    return letter


def notify(account: Account, kind: Kind | str, *, also_to: str = "", **data: Any) -> None:
    """Tell a person what happened to the own account: by a letter to its address, and to its recovery address.

    Both, because whoever has got hold of one could hide it there. `also_to` is one more address: the recovery address
    that it was until now. `data` is shown in the text, and no secret: `client_address`, `by` (who did it, if somebody
    else), `name` (of an app password, a passkey).
    """
    kind = Kind(kind)
    for recipient in dict.fromkeys([account.address, account.recovery_to, also_to]):
        if recipient:
            queue_letter(kind=kind, recipient=recipient, account=account, data=data)


@atomic
def retry_all(*, actor: Actor) -> int:
    """Make what waits for its next try due now. Returns how many there are."""
    require(actor.is_superadmin)
    count = Letter.objects.open().exclude(error="").update(due_at=timezone.now())
    send_on_commit(SEND, queue=settings.CELERY_TASK_DEFAULT_QUEUE)
    return count
