"""Lets a `migrate` that was cut off run again.

MariaDB's DDL has no transactions: a process killed between CREATE TABLE and the row in django_migrations leaves a
table behind, and the next run would stop at it. Before each run, a table of a migration that is not recorded is
dropped if it is empty (so no row is ever lost) and refused if it is not. A column that is there already is left as
it is, and so is an index: migrations add them by `AddField` and `AddIndex` of this module.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration, operations
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState

CONTENT_TYPE_NAME = ("contenttypes", "0002_remove_content_type_name")


class AddField(operations.AddField):
    """Adds the column, unless a run that was cut off has added it."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        column = model._meta.get_field(self.name).column
        connection = schema_editor.connection
        with connection.cursor() as cursor:
            present = connection.introspection.get_table_description(cursor, model._meta.db_table)
        if column not in {each.name for each in present}:
            super().database_forwards(app_label, schema_editor, from_state, to_state)


class AddIndex(operations.AddIndex):
    """Adds the index, unless a run that was cut off has added it."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        table = to_state.apps.get_model(app_label, self.model_name)._meta.db_table
        connection = schema_editor.connection
        with connection.cursor() as cursor:
            present = connection.introspection.get_constraints(cursor, table)
        if self.index.name not in present:
            super().database_forwards(app_label, schema_editor, from_state, to_state)


def drop_unrecorded_tables(*, using: str, plan: list[tuple[Migration, bool]], **kwargs: Any) -> None:
    """A receiver of pre_migrate; it does nothing on databases whose DDL is transactional."""
    connection = connections[using]
    if connection.features.can_rollback_ddl:
        return
    with connection.cursor() as cursor:
        present = set(connection.introspection.table_names(cursor))
    forwards = [migration for migration, backwards in plan if not backwards]
    for table in [table for migration in forwards for table in _tables(migration) if table in present]:
        _drop_if_empty(connection, table)
    if _is_content_type_name_gone(connection, forwards, present):
        MigrationRecorder(connection).record_applied(*CONTENT_TYPE_NAME)
        plan[:] = [step for step in plan if (step[0].app_label, step[0].name) != CONTENT_TYPE_NAME]


def _tables(migration: Migration) -> list[str]:
    """The tables that the CreateModel operations of a migration make, many-to-many ones included."""
    tables = []
    for operation in migration.operations:
        if not isinstance(operation, operations.CreateModel):
            continue
        table = operation.options.get("db_table") or f"{migration.app_label}_{operation.name_lower}"
        tables.append(table)
        tables += [
            f"{table}_{name}"
            for name, field in operation.fields
            if field.many_to_many and not getattr(field.remote_field, "through", None)
        ]
    return tables


def _drop_if_empty(connection: BaseDatabaseWrapper, table: str) -> None:
    name = connection.ops.quote_name(table)
    with connection.cursor() as cursor, connection.constraint_checks_disabled():
        cursor.execute(f"SELECT 1 FROM {name} LIMIT 1")  # noqa: S608 a quoted name of ours
        if cursor.fetchone():
            raise CommandError(
                f"The table {table} is there and has rows, but its migration was never recorded. "
                "Nothing was changed. Use an empty database, or record the migration with --fake."
            )
        cursor.execute(f"DROP TABLE {name}")


def _is_content_type_name_gone(connection: BaseDatabaseWrapper, forwards: list[Migration], present: set[str]) -> bool:
    """Whether the one early migration of Django's own that removes a column has done so, and was cut off after it."""
    planned = {(migration.app_label, migration.name) for migration in forwards}
    if "django_content_type" not in present or CONTENT_TYPE_NAME not in planned:
        return False
    if ("contenttypes", "0001_initial") in planned:
        return False
    with connection.cursor() as cursor:
        columns = connection.introspection.get_table_description(cursor, "django_content_type")
    return "name" not in {column.name for column in columns}
