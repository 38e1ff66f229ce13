from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mailadmin.accounts.models import Account
from mailboxes.models import Mailbox
from tests.servers.letters import Outside

SITE = "https://mail.example.net"
ELSEWHERE = "charlie@elsewhere.test"


@pytest.fixture
def site_url(settings: Any) -> str:
    settings.SITE_URL = SITE
    settings.MAIL_FROM = "Mail of Example <postmaster@example.net>"
    return SITE


@pytest.fixture
def smtp_server(settings: Any) -> Iterator[Outside]:
    """A real one, to which letters go as a site's would."""
    outside = Outside()
    outside.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", outside.port, 5
    yield outside
    outside.stop()


@pytest.fixture
def with_recovery() -> Callable[[Account], Account]:
    """`with_recovery(charlie)`: as if the owner had confirmed ELSEWHERE."""

    def confirm(account: Account, address: str = ELSEWHERE) -> Account:
        Mailbox.objects.filter(pk=account.mailbox_id).update(email_other=address)
        Account.objects.filter(pk=account.pk).update(
            confirmed_recovery_address=address, recovery_address="" if account.mailbox_id else address
        )
        return Account.objects.select_related("mailbox__domain").get(pk=account.pk)

    return confirm
