"""What the pages are measured against, in the same process."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from bench.data import HASH
from mailadmin.pages.forms import ServiceForm
from mailboxes import services
from mailboxes.models import Mailbox
from mailboxes.views.acts import MailboxCreate


def bare(request: HttpRequest) -> HttpResponse:
    """25 rows by their key, all middleware, the session and a template: what Django takes for the least page."""
    rows = Mailbox.objects.order_by("address")[:25]
    return render(request, "bench/bare.html", {"rows": rows})


@login_not_required
def bare_json(request: HttpRequest) -> JsonResponse:
    """25 rows by their key as JSON, behind all middleware: the least list of REST."""
    rows = Mailbox.objects.order_by("address").values("address", "name", "active", "quota_bytes", "created_at")[:25]
    return JsonResponse({"results": list(rows)})


class CreateWithoutHash(MailboxCreate):
    """The page of a new mailbox without the time that hashing the password takes, on purpose."""

    def save(self, form: ServiceForm) -> Mailbox:
        changes = form.changes
        del changes["password"]
        return services.create_mailbox(**changes, password_hash=HASH, actor=self.actor)
