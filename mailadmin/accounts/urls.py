from django.urls import path

from . import views

app_name = "accounts"
urlpatterns = [
    path("sign-in/", views.SignIn.as_view(), name="sign_in"),
    path("sign-out/", views.SignOut.as_view(), name="sign_out"),
    path("language/", views.switch_language, name="language"),
    path("account/", views.OwnAccount.as_view(), name="own"),
    path("account/password/", views.OwnPassword.as_view(), name="password"),
]
