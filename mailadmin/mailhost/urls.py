from django.urls import path

from . import views

app_name = "mailhost"
urlpatterns = [
    path("", views.MailHostIndex.as_view(), name="index"),
    path("work/retry/", views.RetryAll.as_view(), name="retry_all"),
    path("work/<int:pk>/retry/", views.Retry.as_view(), name="retry"),
    path("verify/", views.Verify.as_view(), name="verify"),
    path("repair/", views.Repair.as_view(), name="repair"),
    path("live/", views.Live.as_view(), name="live"),
    path("trace/", views.Trace.as_view(), name="trace"),
]
