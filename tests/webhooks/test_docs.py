"""docs/webhooks.md says what is so."""

from __future__ import annotations

import re
from contextlib import redirect_stdout
from io import StringIO

import pytest

from mailadmin.webhooks.delivery import deliver_due
from mailadmin.webhooks.forms import event_choices
from mailadmin.webhooks.services import create_endpoint
from tests.factories import make_mailbox, system
from tests.servers.project import BASE_DIR
from tests.servers.receiver import Receiver

TEXT = (BASE_DIR / "docs/webhooks.md").read_text()


@pytest.mark.django_db
def test_the_receiver_of_the_document_understands_what_is_sent(receiver: Receiver) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)
    endpoint, secret = create_endpoint(name="hr", url=receiver.url(), event_types=["mailbox.create"], actor=system())
    make_mailbox("joe@example.org")
    deliver_due(endpoint.pk)

    (got,) = receiver.received
    with redirect_stdout(StringIO()) as said:
        exec(code, {"secret": secret, "body": got.body, "headers": got.headers})  # noqa: S102  # our own document

    assert said.getvalue() == "welcome, joe@example.org\n"


def test_the_document_names_every_event() -> None:
    named = set(re.findall(r"`([a-z_]+\.[a-z_]+|[a-z_]+\.…)`", TEXT))
    groups = {name.removesuffix("…") for name in named if name.endswith("…")}

    missing = {name for name, _label in event_choices() if name not in named and not name.startswith(tuple(groups))}

    assert missing == set()
