"""What goes into Redis comes out again, or counts as missing or damaged."""

import time

import pytest

from covid import entry
from covid.entry import Computed, Damaged, Entry, Header, Unpacking

NAME = "a name"
COMPUTED = Computed({"html": b"<table>", "json": b"[]"}, {"rows": 2})


@pytest.fixture
def header() -> Header:
    return Header.of(NAME, "5.17", COMPUTED, ttl=60, cost=84.2)


def test_a_header_survives_its_packing(header: Header) -> None:
    found = Header.parse(header.pack())
    assert vars(found) == vars(header)
    assert Header.parse(header.pack()) is found  # parsed once


def test_age_and_time_to_live(header: Header) -> None:
    fresh = Entry(header)
    assert fresh.ttl() + fresh.age() == pytest.approx(60, abs=0.1)
    assert 0 <= fresh.age() < 10
    assert not fresh.expired
    assert Entry(Header.of(NAME, "5.17", COMPUTED, ttl=-0.1, cost=1.0)).expired


def test_a_part_comes_with_its_header(header: Header) -> None:
    found = Unpacking().unpack(NAME, "html", header.pack(), b"<table>")
    assert (found.part, found.body, vars(found.header)) == ("html", b"<table>", vars(header))
    assert Unpacking().unpack(NAME, "", header.pack()).body == b""


def test_what_is_missing_is_none(header: Header) -> None:
    assert Unpacking().unpack(NAME, "html", None, None) is None
    assert Unpacking().unpack(NAME, "html", None, b"<table>") is None
    assert Unpacking().unpack(NAME, "html", header.pack(), None) is None
    assert Unpacking().unpack(NAME, "unknown", header.pack(), b"<table>") is None


@pytest.mark.parametrize("body", [b"<tablE>", b"<table", b"<table>>", b"", b"[]"])
def test_a_part_that_was_changed_is_damaged(header: Header, body: bytes) -> None:
    unpacking = Unpacking()
    for _ in range(2):
        with pytest.raises(Damaged):
            unpacking.unpack(NAME, "html", header.pack(), body)
        assert unpacking.unpack(NAME, "html", header.pack(), b"<table>").body == b"<table>"


@pytest.mark.parametrize("line", [b"", b"\n", b"{}", b"[1]", b"\x80pickle", b"\xff", b"0" * 8, b"a3a6bf43{}"])
def test_a_line_that_is_no_header_is_damaged(line: bytes) -> None:
    with pytest.raises(Damaged):
        Unpacking().unpack(NAME, "html", line, b"<table>")


def test_a_header_with_any_byte_changed_is_damaged(header: Header) -> None:
    line = header.pack()
    for place in range(len(line)):
        changed = bytearray(line)
        changed[place] ^= 1
        with pytest.raises(Damaged):
            Unpacking().unpack(NAME, "html", bytes(changed), b"<table>")


def test_another_names_entry_is_damage(header: Header) -> None:
    with pytest.raises(Damaged):
        Unpacking().unpack("another", "html", header.pack(), b"<table>")


def test_a_whole_part_is_summed_once(header: Header, monkeypatch: pytest.MonkeyPatch) -> None:
    line = header.pack()
    summed = []
    sum_up = entry.zlib.crc32
    monkeypatch.setattr(entry.zlib, "crc32", lambda body: summed.append(body) or sum_up(body))
    unpacking = Unpacking()
    for _ in range(5):
        assert unpacking.unpack(NAME, "html", line, bytes(bytearray(b"<table>"))).body == b"<table>"
    assert summed.count(b"<table>") == 1


def test_what_is_too_large_has_a_header_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entry, "MAX_BYTES", 8)
    header = Header.of(NAME, "5.17", COMPUTED, ttl=60, cost=84.2)
    assert not header.stored
    found = Unpacking().unpack(NAME, "html", header.pack(), None)
    assert (found.body, found.header.stored) == (b"", False)


def test_keys_are_short_and_tell_names_apart() -> None:
    names = ["", "a", "b", "a" * 999, "a\r\n", "\ud800", "covid:2:a"]
    assert len({entry.keys(name, "html") for name in names}) == len(names)
    for key, part in (entry.keys(name, "html") for name in names):
        assert part == f"{key}:html"
        assert key.startswith(f"covid:{entry.SCHEMA}:")
        assert len(part) < 40


def test_times_are_the_clocks(header: Header) -> None:
    assert header.made == pytest.approx(time.time(), abs=5)
    assert header.expires - header.made == pytest.approx(60)
