from django.urls import path

import mailadmin.pages.converters  # noqa: F401 registers <address:...>

from .views import acts, lists

app_name = "aliases"
urlpatterns = [
    path("", lists.AliasList.as_view(), name="list"),
    path("export/", lists.AliasExport.as_view(), name="export"),
    path("add/", acts.AliasCreate.as_view(), name="create"),
    path("bulk/on/", acts.AliasBulkOn.as_view(), name="bulk_on"),
    path("bulk/off/", acts.AliasBulkOff.as_view(), name="bulk_off"),
    path("bulk/delete/", acts.AliasBulkDelete.as_view(), name="bulk_delete"),
    path("<address:address>/edit/", acts.AliasEdit.as_view(), name="edit"),
    path("<address:address>/on/", acts.AliasOn.as_view(), name="on"),
    path("<address:address>/off/", acts.AliasOff.as_view(), name="off"),
    path("<address:address>/delete/", acts.AliasDelete.as_view(), name="delete"),
]
