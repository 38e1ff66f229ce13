from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "mailadmin.accounts"
    verbose_name = _("accounts")

    def ready(self) -> None:
        from mailadmin.accounts import checks  # noqa: F401  # registers itself
