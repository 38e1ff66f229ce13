from django.db import migrations

# An expired password opens the portal alone, where it is replaced: SOGo does not take it, as Dovecot does not.
VIEW = """
CREATE VIEW sogo_users AS
SELECT m.username AS c_uid, m.username AS c_name,
       CASE WHEN m.app_passwords_only = 1
              OR (COALESCE(d.password_expiry, 0) > 0 AND m.password_expiry <= {now}
                  AND m.password_expiry <> '2000-01-01 00:00:00')
            THEN '*' ELSE m.password END AS c_password,
       m.name AS c_cn, m.username AS mail, m.domain AS domain
FROM mailbox m JOIN domain d ON d.domain = m.domain
WHERE m.active = 1 AND d.active = 1
"""
NOW = {"mysql": "UTC_TIMESTAMP()", "sqlite": "datetime('now')"}


def make_view(apps, schema_editor):
    schema_editor.execute("DROP VIEW IF EXISTS sogo_users")
    schema_editor.execute(VIEW.format(now=NOW[schema_editor.connection.vendor]))


class Migration(migrations.Migration):
    dependencies = [("mailboxes", "0004_archived_vacation"), ("domains", "0002_domain")]
    operations = [migrations.RunPython(make_view, migrations.RunPython.noop, atomic=False)]
