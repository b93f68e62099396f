"""How fast the loader is: beside bare LOAD DATA, which checks nothing, and beside bulk_create.

    python bench/load.py [--rows N] [--rounds N]

One run makes the rows, starts a MariaDB of its own under var/, runs the three in turns, and prints medians.
"""

import argparse
import csv
import json
import os
import re
import resource
import secrets
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VAR = ROOT / "var" / "bench" / f"load-{os.getpid()}"
sys.path[:0] = [str(ROOT), str(ROOT / "site")]

from rich.console import Console  # noqa: E402  (the path has to stand first)
from rich.table import Table  # noqa: E402

from local.servers import MariaDB, free_port, running  # noqa: E402

LIMIT = "bare LOAD DATA, nothing checked"
OURS = "load_articles, every row checked"
PEER = "bulk_create, 1,000 a batch"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        measure(options.one, options.file)
        return
    VAR.mkdir(parents=True)
    server = MariaDB(VAR / "mysql", free_port(), password=secrets.token_hex(12))
    # No cache listens there: the loader says so, and the load is none the slower.
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": secrets.token_hex(32),
        "ADMIN_PASSWORD": secrets.token_hex(12),
        "ALLOWED_HOSTS": "127.0.0.1",
        "DATABASE_HOST": "127.0.0.1",
        "DATABASE_PORT": str(server.port),
        "DATABASE_NAME": server.database,
        "DATABASE_USER": server.user,
        "DATABASE_PASSWORD": server.password,
        "CACHE_HOST": "127.0.0.1",
        "CACHE_PORT": str(free_port()),
        "CACHE_PASSWORD": "none",
        "STATIC_ROOT": str(VAR / "static"),
        "TMPDIR": str(VAR),
    }
    try:
        with running(server):
            subprocess.run([sys.executable, ROOT / "manage.py", "migrate", "--verbosity=0"], check=True)
            compare(options.rows, options.rounds)
    finally:
        shutil.rmtree(VAR)


def compare(rows: int, rounds: int) -> None:
    """Run every way in turns, each in a process of its own, and print the table."""
    console = Console(width=100)
    file = VAR / "articles.csv"
    generate(file, rows)
    console.print(f"{rows:,} rows, {file.stat().st_size / 1e6:,.0f} MB, medians of {rounds} rounds")
    results: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    for _ in range(rounds):
        for way, taken in results.items():
            command = [sys.executable, __file__, "--one", way, "--file", file]
            run = subprocess.run(command, check=True, capture_output=True, text=True)
            taken.append(json.loads(run.stdout.splitlines()[-1]))
    table = Table("", "rows/s", "of the limit", "seconds of our CPU", "peak memory, MB")
    rates = {way: rows / statistics.median(one["seconds"] for one in taken) for way, taken in results.items()}
    for way, taken in results.items():
        cpu, memory = (statistics.median(one[key] for one in taken) for key in ("cpu", "memory"))
        table.add_row(
            way, f"{rates[way]:,.0f}", f"{rates[way] / rates[LIMIT]:.2f}", f"{cpu:.1f}", f"{memory:.0f}"
        )
    console.print(table)


def measure(way: str, file: Path) -> None:
    """Load the file one way into an empty table, and print seconds, CPU seconds and MB as JSON."""
    django_ready()
    from covid.models import Article

    Article.objects.all().delete()
    before, began = time.process_time(), time.perf_counter()
    WAYS[way](file)
    seconds, cpu = time.perf_counter() - began, time.process_time() - before
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "cpu": cpu, "memory": memory}))


def bare_load_data(file: Path) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SHOW CREATE TABLE covid_article")
        indexes = re.findall(r"((?:\w+ )?KEY (`\w+`) .+?),?\n", cursor.fetchone()[1])
        drops = ", ".join(f"DROP INDEX {name}" for _, name in indexes)
        cursor.execute(f"ALTER TABLE covid_article {drops}")  # built at once, as we do
        cursor.execute(
            "LOAD DATA LOCAL INFILE %s INTO TABLE covid_article CHARACTER SET utf8mb4"
            " FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"' ESCAPED BY ''"
            " LINES TERMINATED BY '\\n' IGNORE 1 LINES",
            [str(file)],
        )
        cursor.execute(f"ALTER TABLE covid_article {', '.join(f'ADD {index}' for index, _ in indexes)}")


def load_articles(file: Path) -> None:
    from django.core.management import call_command

    call_command("load_articles", str(file))


def bulk_create(file: Path) -> None:
    from covid.models import Article

    fields = [field.attname for field in Article._meta.concrete_fields]

    def articles() -> Iterator[Article]:
        with file.open(encoding="utf-8", newline="") as text:
            rows = csv.reader(text)
            next(rows)
            for row in rows:
                yield Article(**dict(zip(fields, row, strict=True)))

    rest = articles()
    while batch := list(islice(rest, 1000)):
        Article.objects.bulk_create(batch)


def generate(file: Path, rows: int) -> None:
    django_ready()
    from covid.loading.columns import NAMES
    from covid.loading.generate import GeneratedRecords

    with file.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(NAMES)
        writer.writerows(row for row, _ in GeneratedRecords(rows, seed=1))


def django_ready() -> None:
    import django

    django.setup()


WAYS: dict[str, Callable[[Path], None]] = {LIMIT: bare_load_data, OURS: load_articles, PEER: bulk_create}

if __name__ == "__main__":
    main()
