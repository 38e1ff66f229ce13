from django.urls import URLPattern

app_name = "mailhost"
urlpatterns: list[URLPattern] = []
