from importlib import import_module

from django.db import migrations

from mailadmin.resume import AddField
from mailadmin.uids import uid_field

# SQLite makes the table anew for the column, which it refuses to do below a view; made again it is as it was.
make_view = import_module("mailboxes.migrations.0005_sogo_users_expiry").make_view


class Migration(migrations.Migration):
    dependencies = [("mailboxes", "0005_sogo_users_expiry")]
    operations = [
        migrations.RunSQL("DROP VIEW IF EXISTS sogo_users", migrations.RunSQL.noop),
        # Each row gets its own from the database's default.
        AddField(model_name="mailbox", name="uid", field=uid_field()),
        migrations.RunPython(make_view, migrations.RunPython.noop, atomic=False),
    ]
