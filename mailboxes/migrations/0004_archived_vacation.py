from django.db import migrations, models

from mailadmin.resume import AddField


class Migration(migrations.Migration):

    dependencies = [
        ("mailboxes", "0003_app_passwords_only"),
    ]

    operations = [
        AddField(
            model_name="archivedmailbox",
            name="vacation_row",
            field=models.JSONField(null=True),
        ),
    ]
