from django.urls import path

import mailadmin.pages.converters  # noqa: F401 registers <address:...>

from . import views
from .dav import DavAuthentication

app_name = "app_passwords"
OWN, OF_MAILBOX = "account/app-passwords", "mailboxes/<address:address>/app-passwords"
urlpatterns = [
    path(f"{OWN}/", views.OwnAppPasswords.as_view(), name="own"),
    path(f"{OWN}/add/", views.AppPasswordAdd.as_view(), name="add"),
    path(f"{OWN}/<int:pk>/revoke/", views.OwnRevoke.as_view(), name="revoke"),
    path(f"{OWN}/revoke/", views.OwnRevokeAll.as_view(), name="revoke_all"),
    path(f"{OWN}/only/on/", views.OnlyOn.as_view(), name="only_on"),
    path(f"{OWN}/only/off/", views.OwnOnlyOff.as_view(), name="only_off"),
    path(f"{OF_MAILBOX}/", views.MailboxAppPasswords.as_view(), name="mailbox"),
    path(f"{OF_MAILBOX}/<int:pk>/revoke/", views.MailboxRevoke.as_view(), name="mailbox_revoke"),
    path(f"{OF_MAILBOX}/revoke/", views.MailboxRevokeAll.as_view(), name="mailbox_revoke_all"),
    path(f"{OF_MAILBOX}/only/off/", views.MailboxOnlyOff.as_view(), name="mailbox_only_off"),
    path("dav-auth/", DavAuthentication.as_view(), name="dav"),
]
