"""Ids that a row keeps whatever it is called. The database makes one itself for a row that another program inserts."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models

# RFC 4122, 4.4, but for its version number: whatever a database makes at random is as good.
SQLITE = "LOWER(" + " || '-' || ".join(f"HEX(RANDOMBLOB({length}))" for length in (4, 2, 2, 2, 6)) + ")"


class DatabaseUid(models.Func):
    """A new one for each row."""

    arity = 0
    template = "UUID()"
    output_field = models.CharField(max_length=36)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        return super().as_sql(compiler, connection, template=SQLITE, **context)


def new_uid() -> str:
    return str(uuid.uuid4())


def uid_field() -> models.CharField[str, str]:
    return models.CharField(max_length=36, unique=True, editable=False, default=new_uid, db_default=DatabaseUid())
