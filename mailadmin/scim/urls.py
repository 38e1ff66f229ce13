from django.urls import path, re_path

from .bulk import Bulk
from .discovery import Config, ResourceTypes, Schemas
from .groups import Groups
from .users import Users
from .views import Many, Me, Nothing, One, Search, SearchAll

app_name = "scim"
urlpatterns = [
    path("ServiceProviderConfig", Config.as_view(), name="config"),
    path("ResourceTypes", ResourceTypes.as_view(), name="resource_types"),
    path("ResourceTypes/<str:uid>", ResourceTypes.as_view(), name="resource_type"),
    path("Schemas", Schemas.as_view(), name="schemas"),
    path("Schemas/<str:uid>", Schemas.as_view(), name="schema"),
    path("Users", Many.as_view(directory_class=Users), name="users"),
    path("Users/.search", Search.as_view(directory_class=Users), name="user_search"),
    path("Users/<str:uid>", One.as_view(directory_class=Users), name="user"),
    path("Groups", Many.as_view(directory_class=Groups), name="groups"),
    path("Groups/.search", Search.as_view(directory_class=Groups), name="group_search"),
    path("Groups/<str:uid>", One.as_view(directory_class=Groups), name="group"),
    path(".search", SearchAll.as_view(), name="search"),
    path("Bulk", Bulk.as_view(), name="bulk"),
    path("Me", Me.as_view(), name="me"),
    re_path("", Nothing.as_view(), name="nothing"),
]
