"""deploy.py bench's measuring, against a live site."""

from pathlib import Path

import pytest

from cli import bench
from covid.models import Article


def test_pages_are_timed_in_turns_and_drawn(
    live_server, articles: list[Article], static_files: None, tmp_path: Path
) -> None:
    timings = bench.measure(live_server.url, 3, 2, {"word": "mekong"})
    assert {name: timing.cache for name, timing in timings.items()} == {
        "uncached": {"bypass": 6},
        "cached": {"hit": 6},
    }
    for timing in timings.values():
        assert len(timing.milliseconds) == len(timing.server) == 6
        assert min(timing.milliseconds) <= timing.median <= timing.p95 <= max(timing.milliseconds)
    assert timings["cached"].cold > 0
    bench.draw(timings, live_server.url, tmp_path / "bench.svg")
    assert "p95" in (tmp_path / "bench.svg").read_text()


def test_what_the_site_does_not_take_is_said(
    live_server, articles: list[Article], static_files: None
) -> None:
    with pytest.raises(bench.NoAnswer, match="--rows"):
        bench.measure(live_server.url, 1, 1, {"rows": "7"})
