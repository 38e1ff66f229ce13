from django.db import migrations, models

from mailadmin.resume import AddField, AddIndex


class Migration(migrations.Migration):
    dependencies = [("people", "0002_person_emails")]
    operations = [
        AddField(
            model_name="person",
            name="user_name",
            field=models.CharField(max_length=255, blank=True, db_default="", default=""),
        ),
        AddIndex(model_name="person", index=models.Index(fields=["user_name"], name="person_by_user_name")),
    ]
