from django.urls import path

from .views import administrators, own, sign_in

app_name = "accounts"
urlpatterns = [
    path("sign-in/", sign_in.SignIn.as_view(), name="sign_in"),
    path("sign-out/", sign_in.SignOut.as_view(), name="sign_out"),
    path("language/", sign_in.switch_language, name="language"),
    path("account/", own.OwnAccount.as_view(), name="own"),
    path("account/password/", own.OwnPassword.as_view(), name="password"),
    path("administrators/", administrators.AdministratorList.as_view(), name="administrator_list"),
    path("administrators/export.csv", administrators.AdministratorExport.as_view(), name="administrator_export"),
    path("administrators/add/", administrators.AdministratorAdd.as_view(), name="administrator_add"),
    path("administrators/<int:pk>/", administrators.AdministratorEdit.as_view(), name="administrator"),
    path(
        "administrators/<int:pk>/password/",
        administrators.AdministratorPassword.as_view(),
        name="administrator_password",
    ),
    path("administrators/<int:pk>/on/", administrators.AdministratorOn.as_view(), name="administrator_on"),
    path("administrators/<int:pk>/off/", administrators.AdministratorOff.as_view(), name="administrator_off"),
    path("administrators/<int:pk>/delete/", administrators.AdministratorDelete.as_view(), name="administrator_delete"),
]
