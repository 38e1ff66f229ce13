from django.urls import path

from bulk.models import Kind

from .exports import Export
from .imports import ImportApply, ImportCancel, ImportLines, ImportList, ImportOne
from .operations import Operations

urlpatterns = [
    path("imports/", ImportList.as_view(), name="imports_list"),
    path("imports/<int:pk>/", ImportOne.as_view(), name="imports"),
    path("imports/<int:pk>/lines/", ImportLines.as_view(), name="import_lines"),
    path("imports/<int:pk>/apply/", ImportApply.as_view(), name="import_apply"),
    path("imports/<int:pk>/cancel/", ImportCancel.as_view(), name="import_cancel"),
    *(path(f"exports/{kind}/", Export.as_view(scope=kind), name=f"export_{kind}") for kind in Kind.values),
    path("bulk/", Operations.as_view(), name="bulk"),
]
