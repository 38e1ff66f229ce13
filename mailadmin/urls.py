from django.urls import include, path

urlpatterns = [
    path("", include("mailadmin.pages.urls")),
    path("", include("mailadmin.accounts.urls")),
    path("domains/", include("domains.urls")),
    path("", include("mailboxes.urls")),
    path("", include("vacations.urls")),
    path("aliases/", include("aliases.urls")),
    path("", include("app_passwords.urls")),
    path("audit/", include("mailadmin.audit.urls")),
    path("mailhost/", include("mailadmin.mailhost.urls")),
    path("", include("people.urls")),
    path("", include("bulk.urls")),
    path("tokens/", include("mailadmin.api.page_urls")),
    path("webhooks/", include("mailadmin.webhooks.urls")),
    path("scim/v2/", include("mailadmin.scim.urls")),
    path("api/v1/", include("mailadmin.api.urls")),
    path("letters/", include("mailadmin.letters.urls")),
]

handler400 = "mailadmin.pages.errors.bad_request"
handler403 = "mailadmin.pages.errors.permission_denied"
handler404 = "mailadmin.pages.errors.page_not_found"
handler500 = "mailadmin.pages.errors.server_error"
