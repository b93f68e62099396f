"""What anybody can cause to be logged comes once a minute, on one line, in characters that only show."""

import logging

from config.logs import PAUSE, Seldom


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def line(text: str, *args: object, name: str = "django.security", error: bool = False) -> logging.LogRecord:
    failure = (ValueError, ValueError("x"), None) if error else None
    return logging.LogRecord(name, logging.ERROR, "", 0, text, args, failure)


def test_one_line_a_minute_says_how_many_it_stands_for() -> None:
    clock = Clock()
    seldom = Seldom(clock=clock)
    assert seldom.filter(line("first"))
    for _ in range(1000):
        assert not seldom.filter(line("again"))
    assert seldom.filter(line("another", name="covid.throttle"))
    clock.now += PAUSE
    later = line("%s came", "evil")
    assert seldom.filter(later)
    assert later.getMessage() == "evil came (and 1000 more)"
    clock.now += PAUSE
    last = line("last")
    assert seldom.filter(last)
    assert last.getMessage() == "last"


def test_no_traceback_no_control_characters_and_no_end() -> None:
    record = line("a\nb\x1b[31m %s" + "c" * 5000, "\r", error=True)
    assert Seldom().filter(record)
    text = logging.Formatter().format(record)
    assert text.startswith("a\\nb\\x1b[31m \\rccc")
    assert len(text) < 400
    assert "ValueError" not in text


def test_other_lines_pass_as_they_are() -> None:
    seldom = Seldom("Invalid request")
    for _ in range(3):
        record = line("Worker failed\n", error=True)
        assert seldom.filter(record)
        assert record.exc_info
    assert seldom.filter(line("Invalid request from ip=1"))
    assert not seldom.filter(line("Invalid request from ip=2"))
