from django.db import migrations, models

from mailadmin.resume import AddField


class Migration(migrations.Migration):
    dependencies = [("people", "0001_people")]
    operations = [
        AddField(model_name="person", name="emails", field=models.JSONField(null=True, blank=True, default=None)),
    ]
