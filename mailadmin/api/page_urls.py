from django.urls import path

from . import pages

app_name = "tokens"
urlpatterns = [
    path("", pages.TokenList.as_view(), name="list"),
    path("add/", pages.TokenAdd.as_view(), name="add"),
    path("<int:pk>/", pages.TokenDetail.as_view(), name="detail"),
    path("<int:pk>/edit/", pages.TokenEdit.as_view(), name="edit"),
    path("<int:pk>/rotate/", pages.TokenRotate.as_view(), name="rotate"),
    path("<int:pk>/delete/", pages.TokenDelete.as_view(), name="delete"),
]
