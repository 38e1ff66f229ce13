from django.urls import path

from . import views

app_name = "mailhost"
urlpatterns = [
    path("", views.MailHostIndex.as_view(), name="index"),
    path("trace/", views.Trace.as_view(), name="trace"),
]
