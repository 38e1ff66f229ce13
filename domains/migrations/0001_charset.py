from django.db import migrations


def set_charset(apps, schema_editor):
    """Tables made from here on are utf8mb4 and compare bytes, Django's own included."""
    connection = schema_editor.connection
    if connection.vendor == "mysql":
        name = connection.ops.quote_name(connection.settings_dict["NAME"])
        schema_editor.execute(f"ALTER DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    atomic = False  # ALTER DATABASE is DDL
    run_before = [("contenttypes", "0001_initial"), ("sessions", "0001_initial")]
    operations = [migrations.RunPython(set_charset, migrations.RunPython.noop)]
