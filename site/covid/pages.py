"""Pages around a table: a template gives the frame, once for a cached table, and each hit fills it in.

What is live in it (times, age, time to live) stands in the frame as a stand-in, and is put in last.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from django.contrib.messages import get_messages
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.http import parse_etags

from covid import deflate
from covid.caching import Answer, Outcome
from covid.entry import Entry, Header
from covid.levels import LEVELS, Level, Table
from covid.queries import WORD
from covid.results import DEFLATE

# Private characters of Unicode, which no text around the table holds.
STAND_IN = re.compile("\ue000(\\w+)\ue001")
LIVE = {name: f"\ue000{name}\ue001" for name in ("age", "ttl", "db", "cache", "render", "wait", "total")}
TABLE = "\ue000table\ue001"


@dataclass(frozen=True)
class Frame:
    """What stands before and after a table; `head` takes the live values by name."""

    head: str
    tail: bytes

    @classmethod
    def of(cls, template: str, context: dict[str, Any]) -> "Frame":
        """The frame that a template gives, with stand-ins in place of what is live and of the table."""
        html = render_to_string(template, context | {"live": LIVE, "table": TABLE})
        head, _, tail = html.partition(TABLE)
        return cls(STAND_IN.sub(r"%(\1)s", head.replace("%", "%%")), tail.encode())


def live(request: HttpRequest, level: Level, table: Table) -> HttpResponse:
    """The page of a level, with times taken as late as a page can still tell them."""
    timings = request.timings
    with timings.measure("render"):
        frame = _frame(request, level, table)
    total = timings.freeze()
    values = {kind: f"{timings.ms(kind):.1f}" for kind in ("db", "cache", "render", "wait")}
    values["total"] = f"{total:.1f}"
    if table.answer:
        values["age"] = f"{table.answer.entry.age():.0f}"
        values["ttl"] = f"{max(0, table.answer.entry.ttl()):.0f}"
    response = _response(table, (frame.head % values).encode(), frame.tail)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def stable(table: Table) -> HttpResponse:
    """The table in a page that stays the same, byte by byte, as long as the table does, with an ETag."""
    header = table.answer.entry.header
    frame, _ = _stable_frame(header)
    response = _response(table, frame.head.encode(), frame.tail)
    return _revalidated(response, etag(header, _compressed(table)))


def not_modified(answer: Answer, tag: str) -> HttpResponse:
    """304: the client has it; what is live travels in the headers."""
    response = HttpResponse(status=304)
    del response.headers["Content-Type"]
    _tell(response, answer)
    return _revalidated(response, tag)


def etag(header: Header, compressed: bool) -> str:
    """The ETag of the stable page around this table; '' where the table was not made to be kept."""
    digest = header.facts.get("digest")
    return f'"{digest}-{_stable_frame(header)[1]}{"-gzip" * compressed}"' if digest else ""


def bars(spent: dict[str, float], whole: float) -> list[tuple[str, float, float]]:
    """Kinds of work end to end, each with its start and length in percent of the whole."""
    shown, start = [], 0.0
    for kind, milliseconds in spent.items():
        length = 100 * milliseconds / whole
        shown.append((kind, start, length))
        start += length
    return shown


def accepts_gzip(request: HttpRequest) -> bool:
    """Does the client take gzip?"""
    return _takes_gzip(request.META.get("HTTP_ACCEPT_ENCODING", ""))


def has(request: HttpRequest, tag: str) -> bool:
    """Does the client say that it has what this ETag names?"""
    known = parse_etags(request.META.get("HTTP_IF_NONE_MATCH", ""))
    return bool(tag) and (tag in known or f"W/{tag}" in known or known == ["*"])


@lru_cache(maxsize=64)
def _takes_gzip(accepted: str) -> bool:
    weights: dict[str, str] = {}
    for choice in accepted.lower().split(","):
        coding, _, parameter = choice.partition(";")
        weights[coding.strip()] = parameter.replace(" ", "").removeprefix("q=") or "1"
    weight = weights.get("gzip", weights.get("*", "0"))
    return bool(re.fullmatch(r"1(\.0*)?|0\.0*[1-9]\d*", weight))


def _frame(request: HttpRequest, level: Level, table: Table) -> Frame:
    """The frame of this request's page; the one of an earlier request where it would be the same."""
    waited = request.timings.ms("wait") > 0
    messages = get_messages(request)
    # Counted, not iterated: an empty storage that was read deletes its cookie at each response.
    if table.outcome is Outcome.HIT and not len(messages):
        return _hit_frame(level, table.answer.entry.header, waited)
    return _live_frame(level, table.outcome, table.facts, table.answer, waited, messages)


@lru_cache(maxsize=16)
def _hit_frame(level: Level, header: Header, waited: bool) -> Frame:
    answer = Answer(Entry(header), Outcome.HIT)
    return _live_frame(level, Outcome.HIT, header.facts, answer, waited, ())


def _live_frame(
    level: Level,
    outcome: Outcome,
    facts: dict[str, Any],
    answer: Answer | None,
    waited: bool,
    messages: Iterable[Message],
) -> Frame:
    context = {
        "active": level.name,
        "answer": answer,
        "facts": facts,
        "generated": facts["generated"],
        "level": level,
        "levels": LEVELS,
        "messages": messages,
        "outcome": outcome,
        "waited": waited,
        "word": WORD,
    }
    return Frame.of("covid/query.html", context)


@lru_cache(maxsize=16)
def _stable_frame(header: Header) -> tuple[Frame, str]:
    """The frame of the page with nothing live in it, and a digest of it."""
    context = {"facts": header.facts, "generated": header.facts["generated"], "word": WORD}
    frame = Frame.of("covid/table.html", context)
    frame = Frame(frame.head % {}, frame.tail)
    return frame, blake2b(frame.head.encode() + frame.tail, digest_size=6).hexdigest()


def _compressed(table: Table) -> bool:
    return bool(table.answer) and table.answer.entry.part == DEFLATE


def _response(table: Table, head: bytes, tail: bytes) -> HttpResponse:
    """The page put together; nothing of the table is touched."""
    if _compressed(table):
        body = deflate.join(head, table.body, deflate.Seal(**table.facts["seal"]), tail)
        response = HttpResponse(body)
        response.headers["Content-Encoding"] = "gzip"
    else:
        response = HttpResponse(b"".join((head, table.body, tail)))
    response.headers["X-Cache"] = table.outcome
    if table.answer:
        _tell(response, table.answer)
    return response


def _tell(response: HttpResponse, answer: Answer) -> None:
    """Say in headers what the page says of the cache."""
    response.headers["X-Cache"] = answer.outcome
    response.headers["X-Cache-TTL"] = f"{max(0, answer.entry.ttl()):.0f}"
    response.headers["Vary"] = "Accept-Encoding"


def _revalidated(response: HttpResponse, tag: str) -> HttpResponse:
    """Let browsers keep the response, and ask each time whether it is still the same."""
    response.headers["Cache-Control"] = "private, no-cache"
    if tag:
        response.headers["ETag"] = tag
    return response
