"""Pages around a table: a template gives the frame, once for a cached table, and each hit fills it in.

What is live in it (times, age, time to live) stands in the frame as a stand-in, and is put in last.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from django.contrib.messages.storage.base import Message
from django.template.loader import render_to_string
from django.utils.http import parse_etags

from covid import deflate
from covid.answers import Answer, Outcome
from covid.entry import Entry, Header
from covid.levels import LEVELS, Level, Table
from covid.questions import Asked, AskForm
from covid.timing import Timings

# Private characters of Unicode, which no text around the table holds.
STAND_IN = re.compile("\ue000(\\w+)\ue001")
LIVE = {name: f"\ue000{name}\ue001" for name in ("age", "ttl", "db", "cache", "render", "wait", "total")}
TABLE = "\ue000table\ue001"

HTML_TYPE = "text/html; charset=utf-8"
FRAMES = 64  # that a process keeps


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


@dataclass(frozen=True)
class Page:
    """An answer: its status, headers and body in bytes."""

    status: int
    headers: dict[str, str]
    body: bytes = b""


def live(
    level: Level, asked: Asked, table: Table, timings: Timings, messages: Collection[Message] = ()
) -> Page:
    """The page of a level, with times taken as late as a page can still tell them."""
    with timings.measure("render"):
        frame = _frame(level, asked, table, timings.ms("wait") > 0, messages)
    total = timings.freeze()
    values = {kind: f"{timings.ms(kind):.1f}" for kind in ("db", "cache", "render", "wait")}
    values["total"] = f"{total:.1f}"
    if table.answer:
        values["age"] = f"{table.answer.entry.age():.0f}"
        values["ttl"] = f"{max(0, table.answer.entry.ttl()):.0f}"
    return _page(table, (frame.head % values).encode(), frame.tail, {"Cache-Control": "private, no-store"})


def stable(asked: Asked, table: Table) -> Page:
    """The table in a page that stays the same, byte by byte, as long as the table does, with an ETag."""
    frame = _stable_frame(asked, table.answer.entry.header)
    tag = etag(asked, table.answer.entry.header, table.compressed)
    return _page(table, frame.head.encode(), frame.tail, _revalidated(tag))


def not_modified(answer: Answer, tag: str) -> Page:
    """304: the client has it; what is live travels in the headers."""
    return Page(304, _told(answer) | _revalidated(tag))


def etag(asked: Asked, header: Header, compressed: bool) -> str:
    """The ETag of the stable page around this table; '' where the table was not made to be kept."""
    digest = header.facts.get("digest")
    return f'"{digest}-{_stable_digest(asked, header)}{"-gzip" * compressed}"' if digest else ""


def named(if_none_match: str, tag: str) -> bool:
    """Does this If-None-Match header name the ETag?"""
    known = parse_etags(if_none_match)
    return bool(tag) and (tag in known or f"W/{tag}" in known or known == ["*"])


@lru_cache(maxsize=64)
def takes_gzip(accepted: str) -> bool:
    """Does this Accept-Encoding header accept gzip?"""
    weights: dict[str, str] = {}
    for choice in accepted.lower().split(","):
        coding, _, parameter = choice.partition(";")
        weights[coding.strip()] = parameter.replace(" ", "").removeprefix("q=") or "1"
    weight = weights.get("gzip", weights.get("*", "0"))
    return bool(re.fullmatch(r"1(\.0*)?|0\.0*[1-9]\d*", weight))


def _frame(level: Level, asked: Asked, table: Table, waited: bool, messages: Collection[Message]) -> Frame:
    """The frame of a page; the one of an earlier page where it is the same."""
    if table.outcome is Outcome.HIT and not messages:
        return _hit_frame(level, asked, table.answer.entry.header, waited)
    return _live_frame(level, asked, table.outcome, table.facts, table.answer, waited, messages)


@lru_cache(maxsize=FRAMES)
def _hit_frame(level: Level, asked: Asked, header: Header, waited: bool) -> Frame:
    answer = Answer(Entry(header), Outcome.HIT)
    return _live_frame(level, asked, Outcome.HIT, header.facts, answer, waited, ())


def _live_frame(
    level: Level,
    asked: Asked,
    outcome: Outcome,
    facts: dict[str, Any],
    answer: Answer | None,
    waited: bool,
    messages: Collection[Message],
) -> Frame:
    context = {
        "active": level.name,
        "answer": answer,
        "asked": asked,
        "form": AskForm.showing(asked),
        "facts": facts,
        "generated": facts["generated"],
        "level": level,
        "levels": LEVELS,
        "messages": messages,
        "outcome": outcome,
        "waited": waited,
    }
    return Frame.of("covid/query.html", context)


@lru_cache(maxsize=FRAMES)
def _stable_frame(asked: Asked, header: Header) -> Frame:
    """The frame of the page with nothing live in it."""
    context = {"facts": header.facts, "generated": header.facts["generated"], "asked": asked}
    frame = Frame.of("covid/table.html", context)
    return Frame(frame.head % {}, frame.tail)


@lru_cache(maxsize=FRAMES)
def _stable_digest(asked: Asked, header: Header) -> str:
    frame = _stable_frame(asked, header)
    return blake2b(frame.head.encode() + frame.tail, digest_size=6).hexdigest()


def _page(table: Table, head: bytes, tail: bytes, headers: dict[str, str]) -> Page:
    """The page put together; nothing of the table is touched."""
    headers |= {"Content-Type": HTML_TYPE, "X-Cache": table.outcome.value, "Vary": "Accept-Encoding"}
    if table.answer:
        headers |= _told(table.answer)
    if not table.compressed:
        return Page(200, headers, b"".join((head, table.body, tail)))
    headers["Content-Encoding"] = "gzip"
    return Page(200, headers, deflate.join(head, table.body, deflate.Seal(**table.facts["seal"]), tail))


def _told(answer: Answer) -> dict[str, str]:
    """Headers that say of the cache what the page says."""
    ttl, cost = f"{max(0, answer.entry.ttl()):.0f}", f"{answer.entry.header.cost:.1f}"
    return {
        "X-Cache": answer.outcome.value,
        "X-Cache-TTL": ttl,
        "X-Cache-Cost": cost,
        "Vary": "Accept-Encoding",
    }


def _revalidated(tag: str) -> dict[str, str]:
    """Headers that let browsers keep the answer, and ask each time whether it is still the same."""
    return {"Cache-Control": "private, no-cache"} | ({"ETag": tag} if tag else {})
