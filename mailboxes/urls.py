from django.urls import include, path

import mailadmin.pages.converters  # noqa: F401 registers <address:...>

from .views import acts, bulk, factors, forwarding, lists, set_up

app_name = "mailboxes"
of_administrators = [
    path("", lists.MailboxList.as_view(), name="list"),
    path("export/", lists.MailboxExport.as_view(), name="export"),
    path("add/", acts.MailboxCreate.as_view(), name="create"),
    path("bulk/on/", bulk.MailboxBulkOn.as_view(), name="bulk_on"),
    path("bulk/off/", bulk.MailboxBulkOff.as_view(), name="bulk_off"),
    path("bulk/delete/", bulk.MailboxBulkDelete.as_view(), name="bulk_delete"),
    path("archive/", lists.ArchiveList.as_view(), name="archive"),
    path("archive/<int:pk>/restore/", acts.MailboxRestore.as_view(), name="archive_restore"),
    path("<address:address>/", lists.MailboxDetail.as_view(), name="detail"),
    path("<address:address>/references/", lists.MailboxReferences.as_view(), name="references"),
    path("<address:address>/edit/", acts.MailboxEdit.as_view(), name="edit"),
    path("<address:address>/password/", acts.MailboxPassword.as_view(), name="password"),
    path("<address:address>/set-up/", set_up.MailboxSetUp.as_view(), name="set_up"),
    path("<address:address>/forwarding/", forwarding.MailboxForwarding.as_view(), name="forwarding"),
    path("<address:address>/rename/", acts.MailboxRename.as_view(), name="rename"),
    path("<address:address>/second-factor/reset/", factors.MailboxFactorReset.as_view(), name="factor_reset"),
    path("<address:address>/on/", acts.MailboxOn.as_view(), name="on"),
    path("<address:address>/off/", acts.MailboxOff.as_view(), name="off"),
    path("<address:address>/delete/", acts.MailboxDelete.as_view(), name="delete"),
]
urlpatterns = [
    path("account/forwarding/", forwarding.OwnForwarding.as_view(), name="own_forwarding"),
    path("mailboxes/", include(of_administrators)),
]
