"""What the pages are measured against, in the same process."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from mailadmin.pages.forms import ServiceForm
from mailboxes import services
from mailboxes.models import Mailbox
from mailboxes.views.acts import MailboxCreate

HASH = "{ARGON2ID}$argon2id$v=19$m=65536,t=3,p=1$c29tZXNhbHRzb21lc2FsdA$Zm9yIG5vIHBhc3N3b3JkIGF0IGFsbCwgb25seSBiZW5jaA"


def bare(request: HttpRequest) -> HttpResponse:
    """25 rows by their key, all middleware, the session and a template: what Django takes for the least page."""
    rows = Mailbox.objects.order_by("address")[:25]
    return render(request, "bench/bare.html", {"rows": rows})


class CreateWithoutHash(MailboxCreate):
    """The page of a new mailbox without the time that hashing the password takes, on purpose."""

    def save(self, form: ServiceForm) -> Mailbox:
        changes = form.changes
        del changes["password"]
        return services.create_mailbox(**changes, password_hash=HASH, actor=self.actor)
