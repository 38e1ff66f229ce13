from django.urls import path

from . import views

app_name = "letters"
urlpatterns = [
    path("", views.LetterList.as_view(), name="list"),
    path("retry/", views.RetryAll.as_view(), name="retry_all"),
]
