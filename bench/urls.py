from django.urls import include, path

from bench import views

urlpatterns = [
    path("bench/bare/", views.bare),
    path("bench/bare-json/", views.bare_json),
    path("bench/add-without-hash/", views.CreateWithoutHash.as_view()),
    path("", include("mailadmin.urls")),
]
