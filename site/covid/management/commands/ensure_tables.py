"""`manage.py ensure_tables`: migrate, also where a first migration was cut off."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from covid.models import Article, DataSet


class Command(BaseCommand):
    """Applies the migrations that are missing; as long as there is no article, all of them, anew.

    MySQL commits each statement of a migration by itself, and its record comes last: a migration that was cut
    off finds its own tables in the way.
    """

    help = "Apply the migrations that are missing, also after a first try that was cut off."

    def handle(self, *args: Any, **options: Any) -> None:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()) and not _loaded():
            _drop_tables()
        call_command("migrate", interactive=False, verbosity=0)


def _loaded() -> bool:
    there = connection.introspection.table_names()
    return any(model._meta.db_table in there and model.objects.exists() for model in (Article, DataSet))


def _drop_tables() -> None:
    """Only the site's own: there may be others."""
    tables = connection.introspection.django_table_names(only_existing=True)
    with connection.cursor() as cursor, connection.constraint_checks_disabled():
        for table in {*tables, "django_migrations"}:
            cursor.execute(f"DROP TABLE IF EXISTS {connection.ops.quote_name(table)}")
