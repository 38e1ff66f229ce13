from django.urls import path

from aliases.api import AliasResource
from domains.api import DomainResource
from mailadmin.api.resources import resource_paths
from mailadmin.api.schema import SchemaPage, SchemaView
from mailadmin.webhooks import api as webhooks
from mailboxes.api import MailboxResource
from people.api.urls import urlpatterns as people_urls

app_name = "api"
urlpatterns = [
    path("schema/", SchemaView.as_view(), name="schema"),
    path("docs/", SchemaPage.as_view(), name="docs"),
    *resource_paths("domains", DomainResource, "domain"),
    *resource_paths("mailboxes", MailboxResource, "address"),
    *resource_paths("aliases", AliasResource, "address"),
    *people_urls,
    *webhooks.PATHS,
]
