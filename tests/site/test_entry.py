"""What goes into Redis comes out again, or counts as missing."""

import time
from dataclasses import replace

import pytest

from covid.entry import Entry, Header

NOW = time.time()
ENTRY = Entry(Header("5", NOW - 10, NOW + 920, 84.2, 9, {"rows": 2}), b"<table>\n\xff")


def test_an_entry_survives_its_packing() -> None:
    assert Entry.unpack(ENTRY.pack()) == ENTRY
    assert ENTRY.ttl() + ENTRY.age() == pytest.approx(930, abs=0.1)
    assert ENTRY.age() >= 10
    assert not ENTRY.expired
    assert replace(ENTRY, header=replace(ENTRY.header, expires=NOW - 1)).expired


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n",
        b"{}\nbody",
        b"[1]\nbody",
        b"\x80\x04pickle\n",
        ENTRY.pack()[:-1],
        ENTRY.pack() + b"x",
        b"null\n",
    ],
)
def test_what_is_damaged_counts_as_missing(raw: bytes, caplog: pytest.LogCaptureFixture) -> None:
    assert Entry.unpack(raw) is None
    assert "damaged" in caplog.text


def test_only_the_current_generation_counts() -> None:
    assert Entry.of_generation(b"5", ENTRY.pack()) == (ENTRY, "5")
    assert Entry.of_generation(b"6", ENTRY.pack()) == (None, "6")
    assert Entry.of_generation(None, ENTRY.pack()) == (None, "")
    assert Entry.of_generation(b"5", None) == (None, "5")
