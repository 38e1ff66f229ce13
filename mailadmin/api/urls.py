from django.urls import path

from domains.api import DomainResource
from mailadmin.api.resources import resource_paths
from mailadmin.api.schema import SchemaPage, SchemaView

app_name = "api"
urlpatterns = [
    path("schema/", SchemaView.as_view(), name="schema"),
    path("docs/", SchemaPage.as_view(), name="docs"),
    *resource_paths("domains", DomainResource, "domain"),
]
