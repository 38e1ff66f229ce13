from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LettersConfig(AppConfig):
    name = "mailadmin.letters"
    verbose_name = _("letters")

    def ready(self) -> None:
        from mailadmin.letters import checks  # noqa: F401  # registers itself
