"""Lines as the journal and the console give them, and what was on the console before."""

import json

import pytest

from provisioner.logs import LONG, Line, _entry, _overlap, plain

JOURNAL = """\
{"__REALTIME_TIMESTAMP":"1795643170941575","__CURSOR":"s=82b3;i=187","MESSAGE":"hello 1"}
{"__CURSOR":"s=82b3;i=18a","__REALTIME_TIMESTAMP":"1795643171044195","MESSAGE":[27,91,51,49,109,114,101,100,255]}
{"MESSAGE":null,"__REALTIME_TIMESTAMP":"1795643171044483","__CURSOR":"s=82b3;i=18b"}
{"MESSAGE":"zwei\\nZeilen ü","__CURSOR":"s=82b3;i=18c"}
"""
"""What journalctl of systemd 252 writes, which is Amazon Linux 2023's: for words, bytes, and 5,000 bytes."""


def test_entries_of_the_journal_are_lines():
    lines = [_entry(json.loads(each)) for each in JOURNAL.splitlines()]
    assert [line.text for line in lines] == ["hello 1", "red\ufffd", LONG, "zwei\nZeilen ü"]
    assert lines[0].time.isoformat() == "2026-11-25T21:46:10.941575+00:00"
    assert lines[3] == Line("zwei\nZeilen ü")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("boot: done\r", "boot: done"),
        ("[\x1b[0;32m  OK  \x1b[0m] Started", "[  OK  ] Started"),
        ("\x1b]0;a title\x07words", "words"),
        ("\x1b[2J\x9b2Jgone\x08\x08", "2Jgone"),
        ("a\ttab, ein Ümlaut", "a\ttab, ein Ümlaut"),
    ],
)
def test_nothing_is_left_that_a_terminal_would_obey(text, shown):
    assert plain(text) == shown


@pytest.mark.parametrize(
    ("before", "now", "new"),
    [
        ("", "ab", "ab"),
        ("abc", "abc", ""),
        ("abc", "abcd", "d"),
        ("abcd", "Xcdef", "ef"),  # the console keeps its end: the first line is what is left of b
        ("aaaa", "Xaaab", "b"),
        ("abc", "xyz", "xyz"),  # it began anew
        ("abc", "a", "a"),
    ],
)
def test_only_what_the_console_did_not_show_before_is_new(before, now, new):
    assert list(now)[_overlap(list(before), list(now)) :] == list(new)
