from django.conf import settings
from django.db import migrations


def register(apps, schema_editor):
    """The first mail host, so that work is queued from the first change on."""
    apps.get_model("mailhost", "MailHost").objects.get_or_create(name=settings.MAIL_HOST)


class Migration(migrations.Migration):
    dependencies = [("mailhost", "0001_initial")]
    operations = [migrations.RunPython(register, migrations.RunPython.noop)]
