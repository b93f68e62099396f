"""manage.py bench_cache: a question answered uncached and cached in turns, without a network."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import pygal
from django.core.management.base import BaseCommand, CommandError
from django.db import Error

from covid import race
from covid.race import RaceForm


class Command(BaseCommand):
    """Prints a table, or with --json an object; --svg FILE draws p50 and p95."""

    help = "Time a question uncached and cached, in turns; milliseconds, the network left out."

    def add_arguments(self, parser: ArgumentParser) -> None:
        for name, field in RaceForm.base_fields.items():
            choices = [str(value) for value, _ in getattr(field, "choices", [])]
            parser.add_argument(f"--{name}", default="", choices=choices or None, help=field.label)
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--svg", type=Path, metavar="FILE", help="draw the result into this file")

    def handle(self, **options: Any) -> None:
        form = RaceForm({name: options[name] for name in RaceForm.base_fields})
        if not form.is_valid():
            raise CommandError("; ".join(f"--{name}: {errors[0]}" for name, errors in form.errors.items()))
        asked, chosen = form.asked(), form.cleaned_data
        try:
            result = race.run(asked, chosen["repetitions"], chosen["concurrency"])
        except Error as error:
            raise CommandError(f"the database says: {error.args[-1]}") from None
        if options["svg"]:
            self._draw(result, asked.question.title, options["svg"])
        if options["json"]:
            self.stdout.write(json.dumps({"query": asked.question.name} | result.as_json()))
            return
        self.stdout.write(f"{asked.question.title} {asked.word}".strip())
        self.stdout.write(f"{'ms':10}{'p50':>10}{'p95':>10}{'database':>10}{'cache':>10}{'render':>10}")
        for name, lane in result.lanes.items():
            values = (lane.p50, lane.p95, *(lane.spent[kind] for kind in ("db", "cache", "render")))
            self.stdout.write(f"{name:10}" + "".join(f"{value:10.2f}" for value in values))
        self.stdout.write(
            f"The cached page came {result.words}; the first, cold one cost {result.cold:.1f} ms."
        )

    def _draw(self, result: race.Result, title: str, file: Path) -> None:
        chart = pygal.HorizontalBar(title=title, x_title="milliseconds", js=[], no_prefix=True)
        chart.x_labels = list(result.lanes)
        for name in ("p50", "p95"):
            chart.add(name, [round(getattr(lane, name), 3) for lane in result.lanes.values()])
        try:
            chart.render_to_file(str(file))
        except OSError as error:
            raise CommandError(f"--svg {file}: {error.strerror}") from None
