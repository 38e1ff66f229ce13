from django.apps import AppConfig
from django.db.models.signals import pre_migrate

from mailadmin.resume import drop_unrecorded_tables


class DomainsConfig(AppConfig):
    name = "domains"

    def ready(self) -> None:
        pre_migrate.connect(drop_unrecorded_tables, sender=self)
