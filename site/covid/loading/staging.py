"""Tables filled aside and swapped in by one statement: readers see the old rows or the new ones."""

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db import DEFAULT_DB_ALIAS, Error, OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from covid.loading.errors import LoadError
from covid.models import Article, DataSet

ARTICLES = Article._meta.db_table
DATA_SETS = DataSet._meta.db_table
STAGING = "_staging"
RETIRED = "_retired"

_INDEX = re.compile(r"^ +((?:\w+ )?KEY `([^`]+)` .+?),?$", re.MULTILINE)

LOCK_WAIT_TIMEOUT = 1205
SWAP_ATTEMPTS = 60  # of two seconds each: between them, the readers that wait behind the swap get through
IDLE_TIMEOUT = 86_400  # seconds; the lock is the connection's, and a long load leaves it idle


@dataclass(frozen=True)
class Origin:
    """Where rows come from, as the site's pages tell it."""

    name: str
    generated: bool = False


@contextlib.contextmanager
def exclusive(waiting: Callable[[], None] | None = None) -> Iterator[BaseDatabaseWrapper]:
    """A connection of its own that holds the loader's lock, with the leftovers of a killed loader dropped.

    While another loader is at work: waits, after telling `waiting`; without it, raises LoadError.
    """
    connection = connections[DEFAULT_DB_ALIAS].copy()
    connection.settings_dict["OPTIONS"] = {**connection.settings_dict["OPTIONS"], "local_infile": True}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION wait_timeout = %s, lock_wait_timeout = 2", [IDLE_TIMEOUT])
            if not _locked(cursor, seconds=0):
                if not waiting:
                    raise LoadError("another load is running: wait until it has ended, and try again")
                waiting()
                while not _locked(cursor, seconds=1):
                    pass  # each try waits for the lock itself, and lets a signal through afterwards
        drop_leftovers(connection)
        yield connection
    finally:
        connection.close()  # frees the lock


def create(connection: BaseDatabaseWrapper) -> str:
    """Make an empty copy of the article table, without its indexes; returns its name."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {_q(ARTICLES + STAGING)} LIKE {_q(ARTICLES)}")
        drops = [f"DROP INDEX {_q(name)}" for name in _indexes(cursor)]
        cursor.execute(f"ALTER TABLE {_q(ARTICLES + STAGING)} {', '.join(drops)}")
    return ARTICLES + STAGING


def index(connection: BaseDatabaseWrapper) -> None:
    """Make the indexes of the article table: at once it takes a fraction of what it takes row by row."""
    with connection.cursor() as cursor:
        additions = [f"ADD {definition}" for definition in _indexes(cursor).values()]
        cursor.execute(f"ALTER TABLE {_q(ARTICLES + STAGING)} {', '.join(additions)}")


def swap(connection: BaseDatabaseWrapper, origin: Origin, rows: int, rejected: int) -> None:
    """Put the staged rows, and the note of where they came from, in place of the old ones at one moment.

    LoadError when readers hold the old table for two minutes; the old rows then stay.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE TABLE {_q(ARTICLES + STAGING)}")
        cursor.fetchall()
        cursor.execute(f"CREATE TABLE {_q(DATA_SETS + STAGING)} LIKE {_q(DATA_SETS)}")
        cursor.execute(f"INSERT INTO {_q(DATA_SETS + STAGING)} SELECT * FROM {_q(DATA_SETS)}")
        cursor.execute(
            f"INSERT INTO {_q(DATA_SETS + STAGING)} (source, generated, `rows`, rejected, loaded_at)"
            " VALUES (%s, %s, %s, %s, %s)",
            [origin.name[:1024], origin.generated, rows, rejected, timezone.now()],
        )
        moves = [
            f"{_q(table)} TO {_q(table + RETIRED)}, {_q(table + STAGING)} TO {_q(table)}"
            for table in (ARTICLES, DATA_SETS)
        ]
        _rename(cursor, ", ".join(moves))
    with contextlib.suppress(Error):  # the swap is done; what stays is dropped by the next load
        drop_leftovers(connection)


def drop_leftovers(connection: BaseDatabaseWrapper) -> None:
    """Drop what a load staged, and what a swap retired."""
    tables = [_q(table + suffix) for table in (ARTICLES, DATA_SETS) for suffix in (STAGING, RETIRED)]
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {', '.join(tables)}")


def _indexes(cursor) -> dict[str, str]:
    """The article table's indexes beside the primary key: their names, and how SQL defines them."""
    cursor.execute(f"SHOW CREATE TABLE {_q(ARTICLES)}")
    [(_, definition)] = cursor.fetchall()
    return {name: whole for whole, name in _INDEX.findall(definition)}


def _rename(cursor, moves: str) -> None:
    """RENAME TABLE: it waits for transactions that read the tables, and holds up new ones meanwhile."""
    for _ in range(SWAP_ATTEMPTS):
        try:
            cursor.execute(f"RENAME TABLE {moves}")
        except OperationalError as error:
            if error.args[0] != LOCK_WAIT_TIMEOUT:
                raise
        else:
            return
    raise LoadError("a transaction keeps reading the old rows: the new ones can't be swapped in")


def _locked(cursor, seconds: int) -> bool:
    """Ask for the lock; it is the server's, so the database's name is part of the lock's."""
    cursor.execute("SELECT GET_LOCK(SHA1(CONCAT(DATABASE(), %s)), %s)", [f".{ARTICLES}", seconds])
    return cursor.fetchone()[0] == 1


def _q(name: str) -> str:
    return f"`{name}`"
