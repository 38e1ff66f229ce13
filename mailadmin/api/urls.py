from django.urls import path

from aliases.api import AliasResource
from app_passwords.api import AppPasswordResource
from domains.api import AliasDomainResource, DomainResource
from mailadmin.accounts.api import AdministratorResource
from mailadmin.api import schema
from mailadmin.api.resources import LIST_METHODS, ROW_METHODS, resource_paths
from mailadmin.audit.api import AuditResource
from mailadmin.mailhost.api import JobResource, JobRetry
from mailadmin.webhooks import api as webhooks
from mailboxes.api import MailboxResource
from people.api.urls import urlpatterns as people_urls
from vacations.api import VacationResource

app_name = "api"
urlpatterns = [
    path("schema/", schema.schema, name="schema"),
    path("docs/", schema.page, name="docs"),
    *resource_paths("domains", DomainResource, "domain"),
    *resource_paths("mailboxes", MailboxResource, "address"),
    *resource_paths("alias-domains", AliasDomainResource, "domain"),
    *resource_paths("aliases", AliasResource, "address"),
    *resource_paths("administrators", AdministratorResource, "address"),
    *resource_paths("audit", AuditResource, "int"),
    *resource_paths("jobs", JobResource, "int"),
    path("jobs/<int:key>/retry/", JobRetry.as_view(), name="job_retry"),
    path(
        "mailboxes/<address:key>/vacation/",
        VacationResource.as_view(http_method_names=ROW_METHODS),
        name="vacation",
    ),
    path(
        "mailboxes/<address:address>/app-passwords/",
        AppPasswordResource.as_view(http_method_names=LIST_METHODS),
        name="app-passwords_list",
    ),
    path(
        "mailboxes/<address:address>/app-passwords/<int:key>/",
        AppPasswordResource.as_view(http_method_names=["get", "head", "options", "delete"]),
        name="app-passwords",
    ),
    *people_urls,
    *webhooks.PATHS,
]
