from django.urls import path

from aliases.api import AliasResource
from app_passwords import api as app_passwords
from bulk.api.urls import urlpatterns as bulk_urls
from domains.api import AliasDomainResource, DomainResource
from mailadmin.accounts.api import AdministratorResource
from mailadmin.api import schema
from mailadmin.api.resources import resource_paths
from mailadmin.audit.api import AuditResource
from mailadmin.mailhost import api as jobs
from mailadmin.webhooks import api as webhooks
from mailboxes.api import MailboxResource
from people.api.urls import urlpatterns as people_urls
from vacations import api as vacations

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
    *jobs.PATHS,
    *vacations.PATHS,
    *app_passwords.PATHS,
    *people_urls,
    *bulk_urls,
    *webhooks.PATHS,
]
