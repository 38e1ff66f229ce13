from django.urls import path

import mailadmin.pages.converters  # noqa: F401 registers <address:...>

from . import views

app_name = "vacations"
urlpatterns = [
    path("account/vacation/", views.OwnVacation.as_view(), name="own"),
    path("account/vacation/preview/", views.OwnVacationPreview.as_view(), name="own_preview"),
    path("mailboxes/<address:address>/vacation/", views.MailboxVacation.as_view(), name="mailbox"),
    path(
        "mailboxes/<address:address>/vacation/preview/", views.MailboxVacationPreview.as_view(), name="mailbox_preview"
    ),
]
