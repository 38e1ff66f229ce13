from django.urls import path

from . import health, views

app_name = "pages"
urlpatterns = [
    path("", views.Home.as_view(), name="home"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
