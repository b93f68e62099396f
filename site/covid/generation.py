"""The generation: one value in Redis that every entry carries; a new one expires all entries at once.

It is `revision.count`: the revision of the data (revision.py) that the cache was told of, and a count that
starts at the clock, so that after an eviction or a restart no old entry is of the new generation.
"""

import time

from redis import Redis
from redis.exceptions import InvalidResponse

from covid.entry import SCHEMA

KEY = f"covid:{SCHEMA}:generation"

# ARGV: the data's revision, '' where it is not known; the clock; '1' to begin a new one in any case.
ADVANCE = """
local now = redis.call('get', KEYS[1]) or ''
local revision, count = string.match(now, '^(%d+)%.(%d+)$')
if count and ARGV[3] == '' and revision == ARGV[1] then return now end
revision = ARGV[1] ~= '' and ARGV[1] or revision or '0'
count = count and string.format('%.0f', count + 1) or ARGV[2]
redis.call('set', KEYS[1], revision .. '.' .. count)
return revision .. '.' .. count
"""


def catch_up(redis: Redis, revision: int) -> str:
    """The generation, after a new one has begun if this revision is news to the cache."""
    return _advance(redis, str(revision), "")


def advance(redis: Redis, revision: int | None) -> str:
    """A new generation, whatever the revision."""
    return _advance(redis, "" if revision is None else str(revision), "1")


def _advance(redis: Redis, revision: str, always: str) -> str:
    milliseconds = int(time.time() * 1000)
    reply = redis.eval(ADVANCE, 1, KEY, revision, milliseconds, always)
    if not isinstance(reply, bytes):
        raise InvalidResponse("a reply of another type")
    return reply.decode(errors="replace")
