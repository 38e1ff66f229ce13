from django.urls import path

from . import views

app_name = "webhooks"
urlpatterns = [
    path("", views.EndpointList.as_view(), name="list"),
    path("add/", views.EndpointAdd.as_view(), name="add"),
    path("<int:pk>/", views.EndpointDetail.as_view(), name="detail"),
    path("<int:pk>/edit/", views.EndpointEdit.as_view(), name="edit"),
    path("<int:pk>/rotate/", views.Rotate.as_view(), name="rotate"),
    path("<int:pk>/test/", views.Ping.as_view(), name="test"),
    path("<int:pk>/delete/", views.EndpointDelete.as_view(), name="delete"),
    path("deliveries/<int:pk>/", views.DeliveryDetail.as_view(), name="delivery"),
    path("deliveries/<int:pk>/redeliver/", views.Redeliver.as_view(), name="redeliver"),
]
