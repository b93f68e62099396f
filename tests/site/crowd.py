"""Readers in other processes, each with threads, that all read the cached table at one moment.

    python -m tests.site.crowd THREADS [HANG]

It says 'ready', waits for a line, reads, and says each thread's outcome and row count. With HANG it says
'computing' as soon as it is the one that computes, and never ends.
"""

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import django
from django.conf import settings


def main(threads: int, hang: bool) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()
    settings.DATABASES["default"]["NAME"] = os.environ["TEST_DATABASE"]

    from covid import levels, results
    from covid.questions import FIRST
    from covid.timing import Timings

    if hang:
        query = results.query

        def hanging(*asked: object) -> None:
            query(*asked)
            say("computing")
            threading.Event().wait()

        results.query = hanging
    together = threading.Barrier(threads)

    def read(_: int) -> str:
        together.wait()
        table = levels.table_cached(FIRST, Timings())
        return f"{table.outcome} {table.body.count(b'<tr><td>')}"

    say("ready")
    sys.stdin.readline()
    with ThreadPoolExecutor(threads) as pool:
        say(*pool.map(read, range(threads)))


def say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), "HANG" in sys.argv)
