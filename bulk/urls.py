from django.urls import path

from . import views

app_name = "bulk"
urlpatterns = [
    path("imports/", views.ImportList.as_view(), name="list"),
    path("imports/add/", views.ImportAdd.as_view(), name="add"),
    path("imports/<int:pk>/", views.ImportDetail.as_view(), name="detail"),
    path("imports/<int:pk>/progress/", views.ImportProgress.as_view(), name="progress"),
    path("imports/<int:pk>/apply/", views.ImportApply.as_view(), name="apply"),
    path("imports/<int:pk>/cancel/", views.ImportCancel.as_view(), name="cancel"),
    path("imports/<int:pk>/report/", views.ImportReport.as_view(), name="report"),
    path("exports/<str:kind>/", views.Export.as_view(), name="export"),
]
