from django.db import migrations

# SOGo's user source. c_uid is the whole address: with the local part alone, alice@a and alice@b were one user.
CREATE = """
CREATE VIEW sogo_users AS
SELECT m.username AS c_uid, m.username AS c_name, m.password AS c_password,
       m.name AS c_cn, m.username AS mail, m.domain AS domain
FROM mailbox m JOIN domain d ON d.domain = m.domain
WHERE m.active = 1 AND d.active = 1
"""


class Migration(migrations.Migration):
    dependencies = [("mailboxes", "0001_initial"), ("domains", "0002_domain")]
    operations = [
        migrations.RunSQL(["DROP VIEW IF EXISTS sogo_users", CREATE], "DROP VIEW IF EXISTS sogo_users"),
    ]
