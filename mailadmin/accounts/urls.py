from django.urls import path

from .views import own, sign_in

app_name = "accounts"
urlpatterns = [
    path("sign-in/", sign_in.SignIn.as_view(), name="sign_in"),
    path("sign-out/", sign_in.SignOut.as_view(), name="sign_out"),
    path("language/", sign_in.switch_language, name="language"),
    path("account/", own.OwnAccount.as_view(), name="own"),
    path("account/password/", own.OwnPassword.as_view(), name="password"),
]
