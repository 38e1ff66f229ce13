from django.urls import path

import mailadmin.pages.converters  # noqa: F401 registers <domain:...>

from .views import acts, alias_domains, bulk, lists

app_name = "domains"
urlpatterns = [
    path("", lists.DomainList.as_view(), name="list"),
    path("export/", lists.DomainExport.as_view(), name="export"),
    path("add/", acts.DomainCreate.as_view(), name="create"),
    path("bulk/on/", bulk.DomainBulkOn.as_view(), name="bulk_on"),
    path("bulk/off/", bulk.DomainBulkOff.as_view(), name="bulk_off"),
    path("bulk/delete/", bulk.DomainBulkDelete.as_view(), name="bulk_delete"),
    path("aliases/", alias_domains.AliasDomainList.as_view(), name="alias_list"),
    path("aliases/export/", alias_domains.AliasDomainExport.as_view(), name="alias_export"),
    path("aliases/add/", alias_domains.AliasDomainCreate.as_view(), name="alias_create"),
    path("aliases/<domain:name>/edit/", alias_domains.AliasDomainEdit.as_view(), name="alias_edit"),
    path("aliases/<domain:name>/on/", alias_domains.AliasDomainOn.as_view(), name="alias_on"),
    path("aliases/<domain:name>/off/", alias_domains.AliasDomainOff.as_view(), name="alias_off"),
    path("aliases/<domain:name>/delete/", alias_domains.AliasDomainDelete.as_view(), name="alias_delete"),
    path("<domain:name>/", lists.DomainDetail.as_view(), name="detail"),
    path("<domain:name>/edit/", acts.DomainEdit.as_view(), name="edit"),
    path("<domain:name>/on/", acts.DomainOn.as_view(), name="on"),
    path("<domain:name>/off/", acts.DomainOff.as_view(), name="off"),
    path("<domain:name>/delete/", acts.DomainDelete.as_view(), name="delete"),
]
