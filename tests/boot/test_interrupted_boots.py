"""A machine that loses its power in the middle of any step, and boots again, ends as one that did not."""

from collections.abc import Callable

from tests.boot.conftest import ROWS
from tests.boot.host import Boot, Host
from tests.boot.image import ROOT


def test_cut_off_in_each_step_it_ends_the_same(first_boot: Boot, new_host: Callable[[], Host]) -> None:
    assert first_boot.status == 0, first_boot.log[-2000:]
    host = new_host()
    script, _ = host.around.user_data(ROOT)
    for step, seconds in first_boot.steps.items():
        if step == "done":
            continue
        cut = host.boot(script, cut_off_in=step, after=seconds / 2)
        assert f"boot: {step}\n" in cut.log
        if step == "migrate":
            # The worst moment, between a migration's tables and its record, is too short to be hit.
            host.sql("DELETE FROM django_migrations")
        host.machine.start()
    last = host.boot(script)
    assert last.log.endswith("boot: done\n"), last.log[-2000:]
    assert last.files == first_boot.files
    assert host.health()["rows"] == ROWS
    assert len(host.loads()) == 1
