from django.db import migrations, models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Length
from django.db.models.lookups import GreaterThan

from mailadmin.resume import AddField, AddIndex
from mailadmin.uids import uid_field

ONLY_TARGET = Case(
    When(Q(goto=F("address")) | Q(goto__contains=",") | Q(goto__contains="\n"), then=Value(None)),
    When(GreaterThan(Length("goto"), 255), then=Value(None)),
    default=F("goto"),
)


class Migration(migrations.Migration):
    dependencies = [("aliases", "0001_initial")]
    operations = [
        # Each row gets its own from the database's default.
        AddField(model_name="alias", name="uid", field=uid_field()),
        AddField(model_name="alias", name="external_id", field=models.CharField(max_length=255, null=True, blank=True)),
        AddField(
            model_name="alias",
            name="only_target",
            field=models.GeneratedField(
                expression=ONLY_TARGET, output_field=models.CharField(max_length=255, null=True), db_persist=True
            ),
        ),
        AddIndex(model_name="alias", index=models.Index(fields=["only_target"], name="alias_by_only_target")),
        AddIndex(model_name="alias", index=models.Index(fields=["external_id"], name="alias_by_external_id")),
    ]
