import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailadmin.settings")
app = Celery("mailadmin")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(
    [
        "mailadmin.accounts",
        "mailadmin.api",
        "mailadmin.letters",
        "mailadmin.mailhost",
        "mailadmin.webhooks",
        "domains",
        "mailboxes",
        "vacations",
        "app_passwords",
        "people",
        "bulk",
    ]
)
