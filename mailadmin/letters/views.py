"""What was sent, and what could not be: for superadmins, whom people ask where their mail is."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy, ngettext
from django.views import View

from mailadmin.accounts.access import SuperadminRequired
from mailadmin.letters import services
from mailadmin.letters.forms import LetterFilters
from mailadmin.letters.models import Letter
from mailadmin.pages.finding import typed_address
from mailadmin.pages.lists import Column, FilterForm, KeysetList


class LetterList(SuperadminRequired, KeysetList):
    template_name = "letters/list.html"
    model = Letter
    key = "id"
    default_sort = "-id"
    title = gettext_lazy("Mails sent")
    lead = gettext_lazy("Links, notices and warnings to people. Their text is not kept, and after a week nothing is.")
    search_label = gettext_lazy("Recipient, the whole address")
    rows_template = "letters/_rows.html"
    filter_form = LetterFilters
    empty_icon = "mailbox"
    empty_title = gettext_lazy("No mail was sent lately")
    columns = (
        Column(gettext_lazy("Mail")),
        Column(gettext_lazy("Recipient")),
        Column(gettext_lazy("Since"), sort="id"),
        Column(gettext_lazy("State")),
    )

    def rows(self) -> QuerySet[Letter]:
        """Without what strangers asked for: it has no recipient, and may be about nobody."""
        return Letter.objects.exclude(recipient="")

    def narrow(self, rows: QuerySet[Letter], filters: FilterForm) -> QuerySet[Letter]:
        recipient, state = typed_address(filters.value("q")), filters.value("state")
        if recipient:
            rows = rows.filter(recipient=recipient)
        if state == "sent":
            return rows.filter(sent_at__isnull=False)
        if state == "open":
            return rows.filter(closed_at=None)
        return rows.exclude(error="") if state == "failed" else rows


class RetryAll(SuperadminRequired, View):
    """For who has mended what the mails failed for, and will not wait for the next try."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest) -> HttpResponse:
        count = services.retry_all(actor=self.actor)
        told = ngettext("%(count)d mail is tried now.", "%(count)d mails are tried now.", count)
        messages.success(request, told % {"count": count})
        return HttpResponseRedirect(reverse("letters:list"))
