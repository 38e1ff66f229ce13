from django.db import migrations, models

from mailadmin.resume import AddField

# SOGo knows one password for each mailbox. Where mail programs need an app password, SOGo must not take that one
# either: the second factor would be asked for in the portal alone.
CREATE = """
CREATE VIEW sogo_users AS
SELECT m.username AS c_uid, m.username AS c_name,
       CASE WHEN m.app_passwords_only = 1 THEN '*' ELSE m.password END AS c_password,
       m.name AS c_cn, m.username AS mail, m.domain AS domain
FROM mailbox m JOIN domain d ON d.domain = m.domain
WHERE m.active = 1 AND d.active = 1
"""
# SQLite makes the table anew for the column, which it refuses to do below a view.
DROP = "DROP VIEW IF EXISTS sogo_users"


class Migration(migrations.Migration):
    dependencies = [("mailboxes", "0002_sogo_users")]
    operations = [
        migrations.RunSQL(DROP, migrations.RunSQL.noop),
        AddField(
            model_name="mailbox",
            name="app_passwords_only",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.RunSQL([DROP, CREATE], DROP),
    ]
