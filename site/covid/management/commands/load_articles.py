"""manage.py load_articles: fill the article table from a file, an address, or made-up rows."""

import contextlib
import re
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import Error

from covid.caching import cache
from covid.loading.columns import MAX_ID
from covid.loading.download import Unreachable
from covid.loading.errors import LoadError
from covid.loading.generate import GeneratedRecords
from covid.loading.load import Load
from covid.loading.progress import Meter
from covid.loading.records import Records
from covid.loading.rejects import Rejects
from covid.loading.signals import Interrupted, Interruptible
from covid.loading.sources import SAMPLE, opened, public_name
from covid.loading.staging import Origin, exclusive
from covid.models import Article

GENERATED = 100_000
NO_SUCH_TABLE = 1146


class Command(BaseCommand):
    help = "Replace the articles by those of a file or an address, in one step that readers don't notice."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "source",
            nargs="?",
            help="a csv, zip, gz or zst file, or an http(s) address; "
            f"else $ARTICLES, else the sample's data set, else {GENERATED:,} made-up rows",
        )
        parser.add_argument("--once", action="store_true", help="do nothing when there are rows already")
        parser.add_argument(
            "--generate", nargs="?", const=GENERATED, type=int, metavar="N", help="load N made-up rows"
        )
        parser.add_argument("--seed", type=int, default=1, help="makes other made-up rows")
        parser.add_argument(
            "--max-rejects", type=int, default=1000, metavar="N", help="bad rows to put up with"
        )
        parser.add_argument("--rejects", type=Path, metavar="FILE", help="where bad rows go, as CSV")
        parser.add_argument("--sha256", default="", metavar="HEX", help="what the file must sum up to")

    def handle(self, *, source: str | None, generate: int | None, sha256: str, **options: Any) -> None:
        if generate is not None and (source or sha256):
            raise CommandError("--generate takes neither a source nor --sha256")
        if generate is not None and not 1 <= generate <= MAX_ID:
            raise CommandError(f"--generate takes a number from 1 to {MAX_ID}")
        if sha256 and not re.fullmatch("[0-9a-fA-F]{64}", sha256):
            raise CommandError("--sha256 takes 64 hexadecimal digits")
        if options["max_rejects"] < 0:
            raise CommandError("--max-rejects takes a number from 0")
        try:
            with Interruptible() as signals, self._meter() as meter:
                self._run(source or settings.ARTICLES, generate, sha256, signals, meter, options)
        except Interrupted as interrupted:
            message = f"interrupted by {interrupted}: the old rows stay"
            raise CommandError(message, returncode=128 + interrupted.number) from None
        except LoadError as error:
            raise CommandError(f"{error}; the old rows stay") from None
        except Error as error:
            advice = "run manage.py migrate first" if error.args[0] == NO_SUCH_TABLE else "the old rows stay"
            raise CommandError(f"the database says: {error.args[-1]}; {advice}") from None
        except OSError as error:
            raise CommandError(f"{error.strerror or error}; the old rows stay") from None

    def _run(
        self,
        source: str,
        generate: int | None,
        sha256: str,
        signals: Interruptible,
        meter: Meter,
        options: dict[str, Any],
    ) -> None:
        waiting = partial(meter.tell, "Another load is running: waiting for it.") if options["once"] else None
        with exclusive(waiting) as connection:
            if options["once"] and Article.objects.exists():
                meter.tell("There are rows already: nothing to do.")
                return
            began = time.monotonic()
            with (
                contextlib.closing(Rejects(options["max_rejects"], options["rejects"])) as rejects,
                _records(source, generate, options["seed"], sha256, meter) as (records, origin),
            ):
                load = Load(connection, rejects, partial(meter.show, "Loading"), meter.tell, signals)
                rows = load.run(records, origin)
            seconds = time.monotonic() - began
        pace = f"{rows / seconds:,.0f} rows/s"
        meter.tell(f"Loaded {rows:,} rows from {origin.name} in {seconds:.1f} s ({pace}).")
        if rejects.count:
            examples = "; ".join(rejects.listed)
            meter.tell(f"Left out {rejects.count:,} bad rows ({examples}): see {rejects.path}")
        if not cache.expire():
            meter.tell("The cache is out: pages it holds may show the old rows until they expire.")

    def _meter(self) -> Meter:
        def write(line: str) -> None:
            self.stdout.write(line)
            self.stdout.flush()

        return Meter(write, sys.stdout if self.stdout.isatty() else None)


@contextlib.contextmanager
def _records(
    source: str, generate: int | None, seed: int, sha256: str, meter: Meter
) -> Iterator[tuple[Records, Origin]]:
    """The rows to load. Where nobody named a source, made-up rows stand in for a sample out of reach."""
    with contextlib.ExitStack() as stack:
        if generate is None:
            try:
                opening = opened(source or SAMPLE, partial(meter.show, "Downloading"), sha256)
                yield stack.enter_context(opening), Origin(public_name(source or SAMPLE))
                return
            except Unreachable as error:
                if source:
                    raise
                meter.tell(f"{error}: loading {GENERATED:,} made-up rows instead")
        records = GeneratedRecords(generate or GENERATED, seed)
        yield records, Origin(f"made-up rows (seed {seed})", generated=True)
